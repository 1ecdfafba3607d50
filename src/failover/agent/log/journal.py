"""Events as entries of systemd's journal, with fields that can be searched: a rendering beside `text`, which it uses.

journalctl -u failover FAILOVER_KIND=state_changed FAILOVER_CURRENT=MASTER
"""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from failover.agent.log import text
from failover.events import KINDS, Severity
from failover.messages import Event

SOCKET: Final = Path("/run/systemd/journal/socket")
_STANDARD_ERROR: Final = 2


def is_standard_error(environment: Mapping[str, str]) -> bool:
    """Whether our standard error goes to the journal, as JOURNAL_STREAM tells (systemd.exec(5))."""
    device, _, inode = environment.get("JOURNAL_STREAM", "").partition(":")
    with suppress(OSError):
        there = os.fstat(_STANDARD_ERROR)
        return (device, inode) == (str(there.st_dev), str(there.st_ino))
    return False


class Journal:
    """Sends entries by the journal's own protocol."""

    def __init__(self, path: Path = SOCKET) -> None:
        """Connect to nothing yet: a journal may be restarted."""
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)

    def write(self, event: Event) -> bool:
        """Send an entry; False where it was not taken."""
        try:
            self._socket.sendto(entry(event), self._path)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Release the socket."""
        self._socket.close()


def entry(event: Event) -> bytes:
    """A datagram: a field a line, one with line breaks in binary (systemd's "Native Journal Protocol")."""
    kind = KINDS.get(event.kind)
    severity = kind.severity if kind else Severity.WARNING  # of an engine that is newer than we are
    about = {"NAME": event.name, "FAMILY": event.family} | event.fields
    fields = {
        "MESSAGE": text.message(event),
        "PRIORITY": str(int(severity)),
        "SYSLOG_IDENTIFIER": "failover",
        "FAILOVER_KIND": event.kind,
        "FAILOVER_AT": str(event.at),
    } | {f"FAILOVER_{name.upper()}": str(value) for name, value in about.items() if value is not None}
    return b"".join(_field(name.encode(), value.encode(errors="backslashreplace")) for name, value in fields.items())


def _field(name: bytes, value: bytes) -> bytes:
    if b"\n" not in value:
        return b"%b=%b\n" % (name, value)
    return b"%b\n%b%b\n" % (name, len(value).to_bytes(8, "little"), value)
