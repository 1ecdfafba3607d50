"""`WakeupSocket`: a second socket beside an advertisement socket. It is readable when a packet should be read at once.

Every packet goes to the advertisement socket and waits there, in order. A copy goes to the wake-up socket, whose filter
may refuse packets that can wait. So few packets wake the engine, which then reads all of them. A wake-up that failed to
come would make the engine late; no packet would be lost.

It joins no group: the advertisement socket's membership is enough, because it is the interface that joins.
"""

import socket
from typing import Final

from failover.linux.sockets.options import DOMAINS, bind_to, configure, open_raw
from failover.vrrp.protocol import PROTOCOL_NUMBER, Family

_BUFFER_BYTES: Final = 3072
"""The receive buffer, which the kernel doubles: room for at most eight packets. The first one wakes; more are not
needed."""
_ENOUGH: Final = 8
"""The most packets that fit into the buffer."""


class WakeupSocket:
    """The wake-up socket of one family on one interface. It wakes for every packet until `socket` gets a filter."""

    def __init__(self, owner: str, index: int, family: Family) -> None:
        """Open the socket. `OSError` says which step failed; `owner` is what its text calls the socket."""
        self.socket = open_raw(owner, DOMAINS[family], PROTOCOL_NUMBER)
        try:
            configure(self.socket, owner, bind_to(index))
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
            self.acknowledge()
        except BaseException:
            self.close()
            raise

    def acknowledge(self) -> int:
        """Empty the socket, so that it is not readable until the next packet.

        Returns how many packets woke it since the last call, at most 8. Call it before the packets are read: then what
        comes in between wakes again.
        """
        for count in range(_ENOUGH):
            try:
                self.socket.recv(1)
            except BlockingIOError:
                return count
        return _ENOUGH

    def fileno(self) -> int:
        """The descriptor, for epoll."""
        return self.socket.fileno()

    def close(self) -> None:
        self.socket.close()
