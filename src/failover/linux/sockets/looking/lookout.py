"""`Lookout`: a packet socket that sees advertisements which no raw socket may be given.

The kernel drops an IPv4 packet that comes from an address of its own before any raw socket gets it, and so does the
host's firewall with what it is told to drop. A packet socket is before all that.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple

from failover.frames import ethernet, ipv4, ipv6
from failover.linux.filter.bpf import (
    JUMP_IF_EQUAL,
    LOAD_BYTE,
    LOAD_BYTE_INDEXED,
    LOAD_HEADER_LENGTH,
    REFUSE,
    Instruction,
    Program,
    demand,
)
from failover.linux.filter.claims import accept, refuse_sender
from failover.linux.filter.program import test_membership
from failover.linux.sockets.looking.frame_socket import FrameSocket
from failover.vrrp.packet.advertisement import PRIORITY_AT, TYPE_ADVERTISEMENT, VRID_AT
from failover.vrrp.protocol import GROUPS, PRIORITY_RESIGN, PROTOCOL_NUMBER, Address, Family

_ETHER_TYPE: Final = {Family.IPV4: 0x0800, Family.IPV6: int(ethernet.EtherType.IPV6)}
_PROTOCOL_AT: Final = {Family.IPV4: 9, Family.IPV6: ipv6.NEXT_HEADER_AT}
_SOURCE_AT: Final = {Family.IPV4: ipv4.SOURCE_AT, Family.IPV6: ipv6.SOURCE_AT}
_DESTINATION_AT: Final = {Family.IPV4: ipv4.DESTINATION_AT, Family.IPV6: ipv6.DESTINATION_AT}
_BUFFER_BYTES: Final = 64 * 1024
"""More than a hundred frames."""
_MOST: Final = 64
"""Frames that are read: a flood must not take long."""


class Sighting(NamedTuple):
    """An advertisement of another host, as far as it matters here."""

    mac: bytes
    source: Address
    vrid: int
    priority: int


def program(family: Family, source: Address, vrids: frozenset[int], mac: bytes) -> Program:
    """The filter: advertisements from `source` or with one of `vrids`, in frames that do not come from `mac`."""
    start = ethernet.HEADER_LENGTH
    return (
        Instruction(LOAD_BYTE, start + _PROTOCOL_AT[family]),
        Instruction(JUMP_IF_EQUAL, PROTOCOL_NUMBER, jump_true=1),
        REFUSE,
        *demand(start + _DESTINATION_AT[family], GROUPS[family].packed),
        *refuse_sender(mac),
        *accept(start + _SOURCE_AT[family], source.packed),
        *(
            (Instruction(LOAD_HEADER_LENGTH, start), Instruction(LOAD_BYTE_INDEXED, start + VRID_AT))
            if family is Family.IPV4
            else (Instruction(LOAD_BYTE, start + ipv6.HEADER_LENGTH + VRID_AT),)
        ),
        *test_membership(vrids),
    )


class Lookout(FrameSocket):
    """Looks on one interface, from its making to `close`."""

    def __init__(
        self, interface: str, index: int, family: Family, source: Address, vrids: frozenset[int], mac: bytes
    ) -> None:
        """For `source`, and for all of `vrids`. `mac` is our own: what comes from there is an echo.

        `OSError`, whose text says which step failed.
        """
        self._family = family
        filtering = program(family, source, vrids, mac)
        super().__init__(f"lookout on {interface}", index, _ETHER_TYPE[family], filtering, _BUFFER_BYTES)

    def sightings(self) -> Iterator[Sighting]:
        """The advertisements of MASTERs that were seen so far. `OSError` where the interface is down."""
        for _ in range(_MOST):
            frame = self.receive()
            if frame is None:
                return
            if sighting := sighted(self._family, frame):
                yield sighting


def sighted(family: Family, frame: bytes) -> Sighting | None:
    """The advertisement in a frame that the filter has passed; None where it resigns, is none, or is cut off."""
    packet = frame[ethernet.HEADER_LENGTH :]
    source: Address
    if family is Family.IPV4:
        source = IPv4Address(packet[ipv4.SOURCE_AT : ipv4.DESTINATION_AT])
        message = packet[(packet[0] & 0xF) * 4 :]
    else:
        source = IPv6Address(packet[ipv6.SOURCE_AT : ipv6.DESTINATION_AT])
        message = packet[ipv6.HEADER_LENGTH :]
    if len(message) <= PRIORITY_AT or message[0] & 0xF != TYPE_ADVERTISEMENT or message[PRIORITY_AT] == PRIORITY_RESIGN:
        return None
    mac = frame[ethernet.MAC_LENGTH : 2 * ethernet.MAC_LENGTH]
    return Sighting(mac, source, message[VRID_AT], message[PRIORITY_AT])
