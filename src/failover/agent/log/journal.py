"""Writes events to systemd's journal, with fields that can be searched; the message is that of `text`.

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
    """Whether our standard error goes to the journal: JOURNAL_STREAM has its device and inode (systemd.exec(5))."""
    device, _, inode = environment.get("JOURNAL_STREAM", "").partition(":")
    with suppress(OSError):
        there = os.fstat(_STANDARD_ERROR)
        return (device, inode) == (str(there.st_dev), str(there.st_ino))
    return False


class Journal:
    """Sends entries to the journal by its native protocol, to the socket at `path`."""

    def __init__(self, path: Path = SOCKET) -> None:
        """Open a socket, without connecting it: the journal may be restarted."""
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)

    def write(self, event: Event) -> bool:
        """Send an event as an entry. False where the journal did not take it."""
        try:
            self._socket.sendto(entry(event), self._path)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def entry(event: Event) -> bytes:
    """The datagram of an entry: a line for each field, in binary form where a value has line breaks.

    See "Native Journal Protocol" of systemd.
    """
    kind = KINDS.get(event.kind)
    severity = kind.severity if kind else Severity.WARNING  # unknown: the engine is of another version
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
