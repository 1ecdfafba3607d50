"""`AnnouncementSocket`: the packet socket of an interface for gratuitous ARP and Neighbour Advertisements.

It is bound to an interface, and usable for as long as that exists: a new one with the same index is another one.
"""

import errno
import socket
from typing import Final

from failover.linux.sockets.options import PRIORITY_CONTROL, SEND_BUFFER, configure, demand_interface, grow, open_raw
from failover.linux.sockets.outbox import Burst

_SEND_BUFFER_BYTES: Final = 1 << 20
"""Enough for the frames of 1,000 addresses and more to wait for the network card without ENOBUFS."""
_QUEUE_FULL: Final = frozenset({errno.EAGAIN, errno.ENOBUFS})


class AnnouncementSocket:
    """Sends whole Ethernet frames on one interface, and receives none."""

    def __init__(self, interface: str, index: int) -> None:
        """Open the socket. Raises `OSError`, whose text says which step failed.

        `PermissionError` without CAP_NET_RAW, ENXIO where no interface has this index.
        """
        self.interface = interface
        self.index = index
        owner = f"announcement socket on {interface}"
        # With protocol 0 it receives no frames, and a link that goes down leaves no pending error for the next `send`.
        self._socket = open_raw(owner, socket.AF_PACKET, 0)
        self._descriptor = self._socket.fileno()
        try:
            configure(self._socket, owner, PRIORITY_CONTROL)
            grow(self._socket, SEND_BUFFER, _SEND_BUFFER_BYTES)
            self._socket.bind((demand_interface(owner, index), 0))
        except BaseException:
            self.close()
            raise

    def send(self, frames: Burst, first: int = 0) -> int:
        """Send frame `first` and those after it, at most `outbox.AT_ONCE`, by one system call.

        Returns how many were sent: 0 where the transmit queue is full. `OSError` ENETDOWN while the interface is down,
        ENXIO once it is deleted.
        """
        try:
            return frames.send(self._descriptor, first)
        except OSError as error:
            if error.errno in _QUEUE_FULL:
                return 0
            raise

    def send_all(self, frames: Burst) -> dict[int, OSError]:
        """Send all frames; the errors, by the place of the burst's member."""
        return frames.send_all(self._descriptor)

    @property
    def is_current(self) -> bool:
        """Whether the interface exists that it was opened on: the kernel unbinds the socket of one that goes."""
        return bool(self._socket.getsockname()[0])

    def close(self) -> None:
        self._socket.close()
