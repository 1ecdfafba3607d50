"""Packets with faults: every field of a message can be wrong while the rest, checksum included, is right."""

from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any, Final

from failover.vrrp import (
    Address,
    Advertisement,
    Discard,
    DiscardReason,
    Family,
    ReceivedFrom,
    Secret,
    VirtualRouter,
    family_of,
    receive,
    seconds,
)
from failover.vrrp.packet.checksum import checksum, pseudo_header
from failover.vrrp.scope import GROUPS
from tests.vrrp.making import GREATER, OURS, V2, V3, a_router


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """A message as it arrives, field by field."""

    source: Address
    destination: Address
    addresses: tuple[Address, ...]
    hop_limit: int = 255
    version: int = 3
    type: int = 1
    vrid: int = 51
    priority: int = 100
    count: int | None = None
    """What the count field says, when that is not how many there are."""
    fifth: int = 0
    """Reserve nibble and interval's first nibble (version 3), or Auth Type (version 2)."""
    sixth: int = 100
    trailer: bytes = b""
    checksum_error: int = 0
    length: int | None = None
    """Cut the message there."""
    form_is_pseudo_header: bool = False

    def payload(self) -> bytes:
        count = len(self.addresses) if self.count is None else self.count
        first = (self.version << 4 | self.type, self.vrid, self.priority, count, self.fifth, self.sixth, 0, 0)
        message = bytes(first) + b"".join(address.packed for address in self.addresses) + self.trailer
        message = message[: self.length]
        pseudo = b""
        if self.form_is_pseudo_header or family_of(self.source) is Family.IPV6:
            pseudo = pseudo_header(self.source, self.destination, len(message))
        right = checksum(message, pseudo)
        field = (right + self.checksum_error) % 0xFFFF
        return (message[:6] + field.to_bytes(2) + message[8:])[: self.length]

    def meta(self) -> ReceivedFrom:
        return ReceivedFrom(self.source, self.destination, self.hop_limit)


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a packet, or its being heard by this router, is wrong."""

    reason: DiscardReason
    packet: dict[str, Any]
    router: dict[str, Any]

    def apply(self, packet: Packet, router: VirtualRouter) -> tuple[Packet, VirtualRouter]:
        return replace(packet, **self.packet), replace(router, **self.router)


def _fault(reason: DiscardReason, router: dict[str, Any] | None = None, **packet: Any) -> Fault:
    return Fault(reason, packet, router or {})


def _sound(family: Family, router: VirtualRouter, **fields: Any) -> Packet:
    return Packet(source=GREATER[family], destination=GROUPS[family], addresses=router.advertised, **fields)


IPV4_ROUTER: Final = a_router()
IPV6_ROUTER: Final = a_router(Family.IPV6)
V2_ROUTER: Final = a_router(version=V2, advertisement_interval=seconds(1), check_address_list=True)

IPV4: Final = _sound(Family.IPV4, IPV4_ROUTER)
IPV6: Final = _sound(Family.IPV6, IPV6_ROUTER)
VERSION_2: Final = _sound(Family.IPV4, V2_ROUTER, version=2, sixth=1, trailer=bytes(8))

SOUND: Final = ((IPV4, IPV4_ROUTER), (IPV6, IPV6_ROUTER), (VERSION_2, V2_ROUTER))


IMPOSSIBLE: Final = {Family.IPV4: ip_address("240.0.0.1"), Family.IPV6: ip_address("::")}


def ladder(packet: Packet, router: VirtualRouter) -> tuple[Fault, ...]:
    """Every fault of a sound packet, in the order in which `receive` must find them."""
    family, version_2 = router.family, router.version is V2
    whole = len(packet.payload())
    common = (
        _fault(DiscardReason.HOP_LIMIT, hop_limit=254),
        _fault(DiscardReason.DESTINATION, destination=OURS[family]),
        _fault(DiscardReason.OWN_SOURCE, source=OURS[family]),
        _fault(DiscardReason.LENGTH, length=7),
        _fault(DiscardReason.VERSION, version=V3 if version_2 else 4),
        _fault(DiscardReason.TYPE, type=2),
        _fault(DiscardReason.ADDRESS_COUNT, count=0),
        _fault(DiscardReason.LENGTH, length=whole - 1),
        _fault(DiscardReason.TRAILING_BYTES, trailer=packet.trailer + b"\0"),
        _fault(DiscardReason.CHECKSUM, checksum_error=1),
        _fault(DiscardReason.VRID, vrid=52),
        _fault(DiscardReason.IMPOSSIBLE_SOURCE, source=IMPOSSIBLE[family]),
    )
    if version_2:
        return (
            *common,
            _fault(DiscardReason.ADDRESS_OWNER, router={"priority": 255}),
            _fault(DiscardReason.AUTHENTICATION_TYPE, fifth=1),
            _fault(DiscardReason.PASSWORD, {"password": Secret(b"secret")}, fifth=1),
            _fault(DiscardReason.INTERVAL, sixth=2),
            _fault(DiscardReason.ADDRESS_LIST, addresses=(packet.addresses[0], ip_address("198.51.100.9"))),
        )
    version_3 = (*common, _fault(DiscardReason.INTERVAL, sixth=0))
    if family is Family.IPV4:
        return version_3
    return (*version_3, _fault(DiscardReason.LINK_LOCAL, addresses=packet.addresses[::-1]))


def outcome(packet: Packet, router: VirtualRouter) -> Advertisement | DiscardReason:
    found = receive(packet.payload(), packet.meta(), router)
    return found.reason if isinstance(found, Discard) else found


def accepts(packet: Packet, router: VirtualRouter) -> bool:
    return isinstance(outcome(packet, router), Advertisement)
