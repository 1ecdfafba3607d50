"""The socket to nf_tables. The kernel carries out a transaction inside the system call that sends it."""

import os
from collections.abc import Sequence
from typing import Final

from failover.linux.netlink.codec import Refused, frames
from failover.linux.netlink.connection import open_socket, receive
from failover.linux.nftables.codec import transaction

_NETLINK_NETFILTER: Final = 12


class NftablesSocket:
    """Changes tables, and owns those that it has made: they go with it, also when the process is killed."""

    def __init__(self) -> None:
        """Open it in this thread's network namespace; `OSError` where the kernel refuses."""
        self._socket = open_socket(protocol=_NETLINK_NETFILTER)
        self.number: int = self._socket.getsockname()[0]
        """Its own among all such sockets of the namespace."""

    def carry_out(self, requests: Sequence[bytes]) -> None:
        """Carry out all of these, or none; `OSError` says why."""
        self._socket.send(transaction(requests))
        refused: list[Refused] = []
        while True:
            try:
                answers = frames(receive(self._socket))
            except BlockingIOError:
                break
            refused += (one for one in answers if isinstance(one, Refused))
        if refused:
            raise OSError(refused[0].errno, refused[0].text or os.strerror(refused[0].errno))

    def close(self) -> None:
        """Have its tables removed."""
        self._socket.close()
