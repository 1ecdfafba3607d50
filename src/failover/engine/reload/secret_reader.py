"""A process that reads files with secrets for the one that takes the configuration apart.

That one has given up the right to read files before it looks at what the configuration says, and only then the names
of these files are known. So this process is forked off before. It reads small files that no other user may read, and
nothing else can be asked of it.
"""

import os
import socket
from contextlib import suppress
from typing import Final

import msgspec

from failover.config import Complaint, Source, read_secret
from failover.linux.confinement import system_calls
from failover.linux.process import capabilities
from failover.vrrp import Secret

_LONGEST_REQUEST: Final = 1 << 16
_ANSWER: Final = msgspec.msgpack.Decoder(bytes | Complaint)


class SecretReader:
    """Asks the process that reads."""

    def __init__(self, pid: int, asked: socket.socket) -> None:
        self.pid = pid
        """Its process number."""
        self._asked = asked

    def read(self, source: Source) -> Secret | Complaint:
        """As `config.read_secret`."""
        with suppress(OSError):  # a name that is too long for a message, or a process that has died
            self._asked.send(msgspec.msgpack.encode(source))
            answer = self._asked.recv(_LONGEST_REQUEST)
            if answer:
                found = _ANSWER.decode(answer)
                return Secret(found) if isinstance(found, bytes) else found
        return Complaint("cannot be read")

    def close(self) -> None:
        """Let it end, and wait for that: where there is no init process, nobody else would."""
        self._asked.close()
        os.waitpid(self.pid, 0)


def fork_off(*closed: socket.socket) -> SecretReader:
    """Fork off the process that reads; it closes these sockets, which are the caller's."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        try:
            for one in (ours, *closed):
                one.close()
            capabilities.give_up_all(but=capabilities.READ_ALL if capabilities.has(capabilities.READ_ALL) else None)
            with suppress(OSError):  # where there is no such filter
                system_calls.restrict_self()
            _serve(theirs)
        finally:
            os._exit(0)
    theirs.close()
    return SecretReader(pid, ours)


def _serve(client: socket.socket) -> None:
    decode = msgspec.msgpack.Decoder(Source).decode
    while request := client.recv(_LONGEST_REQUEST):
        found = read_secret(decode(request))
        client.send(msgspec.msgpack.encode(found, enc_hook=Secret.reveal))
