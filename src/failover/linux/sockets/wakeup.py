"""A second socket beside one that receives: it becomes readable where a packet should be read at once.

All that arrives goes to the first socket and waits there, in its order. A copy goes to the wake-up socket, whose
filter may refuse what can wait. So whoever sleeps is woken by few packets and reads all; and a wake-up that should have
come and did not makes him late, never deaf.

It joins no group: the first socket's membership is the interface's.
"""

import socket
from typing import Final

from failover.linux.sockets.options import DOMAINS, bind_to, configure, open_raw
from failover.vrrp.protocol import PROTOCOL_NUMBER, Family

_BUFFER_BYTES: Final = 3072
"""Which the kernel doubles: room for eight packets or fewer. More of them would wake nobody more."""
_ENOUGH: Final = 8


class WakeupSocket:
    """Of one family on one interface; it wakes for everything until its `socket` is given a filter."""

    def __init__(self, owner: str, index: int, family: Family) -> None:
        """Open it. `OSError` says which step failed; `owner` is for messages."""
        self.socket = open_raw(owner, DOMAINS[family], PROTOCOL_NUMBER)
        try:
            configure(self.socket, owner, bind_to(index))
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
            self.acknowledge()
        except BaseException:
            self.close()
            raise

    def acknowledge(self) -> int:
        """Be readable no more; how many packets have come since the last time, as far as it can tell.

        To be called before the packets are read: what comes in between wakes again.
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
