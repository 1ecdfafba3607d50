"""`Inquiry`: asks on a link who has some addresses, and waits for answers, and for what others say unasked."""

import errno
import fcntl
import os
import struct
from collections.abc import Iterator, Sequence
from typing import Final

from failover.frames import arp, ethernet, neighbour
from failover.frames.question import question
from failover.linux.filter.claims import MESSAGE_AT, MOST, program
from failover.linux.sockets.looking.frame_socket import FrameSocket
from failover.linux.sockets.options import failed
from failover.linux.sockets.outbox import Packets
from failover.vrrp.protocol import Address, Family

_ETHER_TYPE: Final = {Family.IPV4: ethernet.EtherType.ARP, Family.IPV6: ethernet.EtherType.IPV6}
_BUFFER_BYTES: Final = 64 * 1024
"""More than a hundred claims: whoever sends as many hides others, and is seen himself."""
_MOST_CLAIMS: Final = 256
_SIOCGIFFLAGS: Final = 0x8913
_IFF_NOARP: Final = 0x80
_QUEUE_FULL: Final = frozenset({errno.EAGAIN, errno.ENOBUFS})


class Inquiry(FrameSocket):
    """On one interface, for addresses of one family."""

    def __init__(
        self, interface: str, index: int, family: Family, source: Address, mac: bytes, addresses: Sequence[Address]
    ) -> None:
        """Ask for these, at most `claims.MOST`. `source` and `mac` are our own: what comes from there is an echo.

        `OSError`, whose text says which step failed; EOPNOTSUPP where the interface has no ARP.
        """
        owner = f"inquiry on {interface}"
        self._family = family
        asked = addresses[:MOST]
        super().__init__(owner, index, _ETHER_TYPE[family], program(family, asked, mac), _BUFFER_BYTES)
        try:
            self._demand_arp(interface)
            self.asked = tuple(asked[: self._ask([question(mac, source, address) for address in asked])])
            """Those that were asked for: the transmit queue may have no room."""
        except OSError as error:
            self.close()
            raise failed(owner, "asking", error) from error

    def claims(self) -> Iterator[tuple[Address, bytes]]:
        """Who has said so far that he has which address: his MAC address. `OSError` where the interface is down."""
        for _ in range(_MOST_CLAIMS):
            frame = self.receive()
            if frame is None:
                return
            yield claim(self._family, frame)

    def _ask(self, frames: Sequence[bytes]) -> int:
        """How many could be sent."""
        try:
            return Packets(frames).send(self.fileno())
        except OSError as error:
            if error.errno in _QUEUE_FULL:
                return 0
            raise

    def _demand_arp(self, interface: str) -> None:
        request = struct.pack("16sh14x", interface.encode(), 0)
        flags: int = struct.unpack_from("H", fcntl.ioctl(self.fileno(), _SIOCGIFFLAGS, request), 16)[0]
        if flags & _IFF_NOARP:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))


def claim(family: Family, frame: bytes) -> tuple[Address, bytes]:
    """The address that a frame is about, and the MAC address that it is said to be at. The filter has passed it."""
    if family is Family.IPV4:
        return arp.sender(frame[ethernet.HEADER_LENGTH :])
    address, mac = neighbour.advertised(frame[MESSAGE_AT:])
    return address, mac or frame[ethernet.MAC_LENGTH : 2 * ethernet.MAC_LENGTH]
