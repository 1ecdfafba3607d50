"""The raw socket of an interface for announcements: gratuitous ARP, unsolicited neighbour advertisements.

Like that for advertisements it belongs to an interface index, and lives as long as that.
"""

import errno
import socket
from typing import Final

from failover.linux.sockets.options import PRIORITY_CONTROL, SEND_BUFFER, configure, demand_interface, grow, open_raw
from failover.linux.sockets.outbox import Burst

_SEND_BUFFER_BYTES: Final = 1 << 20
"""Frames of 1,000 addresses and more wait for the network card without a refusal."""
_QUEUE_FULL: Final = frozenset({errno.EAGAIN, errno.ENOBUFS})


class AnnouncementSocket:
    """Sends whole Ethernet frames on one interface, and receives none."""

    def __init__(self, interface: str, index: int) -> None:
        """Open it. `OSError` says which step failed; without CAP_NET_RAW it is `PermissionError`."""
        self.interface = interface
        self.index = index
        owner = f"announcement socket on {interface}"
        # Protocol 0 takes no copy of any frame, and a link that goes down leaves no error behind for `send`.
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
        """Send frame `first` and those after it, by one system call at most `AT_ONCE`; how many went.

        None where the transmit queue is full. `OSError` ENETDOWN while the interface is down, ENXIO once it is deleted.
        """
        try:
            return frames.send(self._descriptor, first)
        except OSError as error:
            if error.errno in _QUEUE_FULL:
                return 0
            raise

    def close(self) -> None:
        self._socket.close()
