"""`Lookout`: a packet socket that sees advertisements which no raw socket may be given.

The kernel drops an IPv4 packet that comes from an address of its own before any raw socket gets it, and so does the
host's firewall with what it is told to drop. A packet socket is before all that, and sees what this host sends as well.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple

from failover.frames import ethernet, ipv4, ipv6
from failover.linux.filter.bpf import (
    JUMP_IF_EQUAL,
    LOAD_BYTE,
    LOAD_BYTE_INDEXED,
    LOAD_HALF,
    LOAD_HEADER_LENGTH,
    LOAD_WORD,
    PACKET_TYPE,
    REFUSE,
    VLAN_TAG_PRESENT,
    Instruction,
    Program,
)
from failover.linux.filter.claims import accept
from failover.linux.filter.membership import demand_member
from failover.linux.filter.reach import demand_any
from failover.linux.sockets.looking.frame_socket import ALL_FRAMES, FrameSocket
from failover.vrrp.packet.advertisement import PRIORITY_AT, TYPE_ADVERTISEMENT, VRID_AT
from failover.vrrp.protocol import PRIORITY_RESIGN, PROTOCOL_NUMBER, Address, Family
from failover.vrrp.scope import MULTICAST

_ETHER_TYPE: Final = {Family.IPV4: 0x0800, Family.IPV6: int(ethernet.EtherType.IPV6)}
_PROTOCOL_AT: Final = {Family.IPV4: 9, Family.IPV6: ipv6.NEXT_HEADER_AT}
_SOURCE_AT: Final = {Family.IPV4: ipv4.SOURCE_AT, Family.IPV6: ipv6.SOURCE_AT}
_DESTINATION_AT: Final = {Family.IPV4: ipv4.DESTINATION_AT, Family.IPV6: ipv6.DESTINATION_AT}
_BUFFER_BYTES: Final = 128 * 1024
"""More than two hundred frames."""
_MOST: Final = 192
"""Frames that are read: a flood must not take long."""
_OUTGOING: Final = 4
"""PACKET_OUTGOING of packet(7)."""


class Sought(NamedTuple):
    """What a look is for."""

    source: Address
    """Our own address: who else advertises from it."""
    mac: bytes
    """Our own MAC address (6 bytes)."""
    vrids: frozenset[int]
    """Those of our MASTERs: who else advertises them."""
    own: frozenset[int]
    """Of these, what this host itself sends is looked at, and what comes back from our own MAC address."""
    groups: frozenset[Address] = frozenset()
    """The groups that our MASTERs advertise to; where none is named, that of VRRP."""


class Sighting(NamedTuple):
    """An advertisement, as far as it matters here."""

    mac: bytes
    source: Address
    vrid: int
    priority: int
    packet: bytes
    """Its beginning, from the IP header on."""
    is_outgoing: bool
    """Whether this host has sent it."""


def program(family: Family, sought: Sought) -> Program:
    """The filter: advertisements of others from our address or with our VRIDs, and the `own` ones of this host.

    Those in frames with a VLAN tag belong to another interface.
    """
    start = ethernet.HEADER_LENGTH
    load_vrid = (
        (Instruction(LOAD_HEADER_LENGTH, start), Instruction(LOAD_BYTE_INDEXED, start + VRID_AT))
        if family is Family.IPV4
        else (Instruction(LOAD_BYTE, start + ipv6.HEADER_LENGTH + VRID_AT),)
    )
    of_this_host = (*load_vrid, *demand_member(sought.own))
    mac = sought.mac
    return (
        Instruction(LOAD_WORD, VLAN_TAG_PRESENT),
        Instruction(JUMP_IF_EQUAL, 0, jump_true=1),
        REFUSE,
        *_demand_value(LOAD_HALF, 2 * ethernet.MAC_LENGTH, _ETHER_TYPE[family]),
        *_demand_value(LOAD_BYTE, start + _PROTOCOL_AT[family], PROTOCOL_NUMBER),
        *demand_any(start + _DESTINATION_AT[family], sought.groups or {MULTICAST.group_of(family)}),
        Instruction(LOAD_WORD, PACKET_TYPE),
        Instruction(JUMP_IF_EQUAL, _OUTGOING, jump_true=4),
        Instruction(LOAD_WORD, ethernet.MAC_LENGTH),
        Instruction(JUMP_IF_EQUAL, int.from_bytes(mac[:4]), jump_false=2 + len(of_this_host)),
        Instruction(LOAD_HALF, ethernet.MAC_LENGTH + 4),
        Instruction(JUMP_IF_EQUAL, int.from_bytes(mac[4:]), jump_false=len(of_this_host)),
        *of_this_host,
        *accept(start + _SOURCE_AT[family], sought.source.packed),
        *load_vrid,
        *demand_member(sought.vrids),
    )


def _demand_value(load: int, offset: int, value: int) -> Program:
    return Instruction(load, offset), Instruction(JUMP_IF_EQUAL, value, jump_true=1), REFUSE


class Lookout(FrameSocket):
    """Looks on one interface, from its making to `close`."""

    def __init__(self, interface: str, index: int, family: Family, sought: Sought) -> None:
        """`OSError`, whose text says which step failed."""
        self._family = family
        filtering = program(family, sought)
        super().__init__(f"lookout on {interface}", index, ALL_FRAMES, filtering, _BUFFER_BYTES)

    def sightings(self) -> Iterator[Sighting]:
        """The first advertisements of MASTERs that were seen so far. `OSError` where the interface is down."""
        for _ in range(_MOST):
            received = self.receive_directed()
            if received is None:
                return
            if sighting := sighted(self._family, *received):
                yield sighting


def sighted(family: Family, frame: bytes, is_outgoing: bool) -> Sighting | None:  # noqa: FBT001 - as received
    """The advertisement in a frame that the filter has passed; None where it resigns, is none, or is cut off."""
    packet = frame[ethernet.HEADER_LENGTH :]
    source: Address
    if family is Family.IPV4:
        packet = packet[: int.from_bytes(packet[2:4])]  # without what fills up a short frame
        source = IPv4Address(packet[ipv4.SOURCE_AT : ipv4.DESTINATION_AT])
        message = packet[(packet[0] & 0xF) * 4 :]
    else:
        packet = packet[: ipv6.HEADER_LENGTH + int.from_bytes(packet[4:6])]
        source = IPv6Address(packet[ipv6.SOURCE_AT : ipv6.DESTINATION_AT])
        message = packet[ipv6.HEADER_LENGTH :]
    if len(message) <= PRIORITY_AT or message[0] & 0xF != TYPE_ADVERTISEMENT or message[PRIORITY_AT] == PRIORITY_RESIGN:
        return None
    mac = frame[ethernet.MAC_LENGTH : 2 * ethernet.MAC_LENGTH]
    return Sighting(mac, source, message[VRID_AT], message[PRIORITY_AT], packet, is_outgoing)
