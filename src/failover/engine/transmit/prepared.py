"""What a virtual router will send and apply, as ready bytes, so that a transition only writes them.

Made again when the configuration, the source address, the MAC address or the checksum form changes: not when a
transition needs it.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from ipaddress import IPv6Interface

from failover.engine.port.outgoing import Outgoing
from failover.engine.port.port import Port
from failover.frames import advertisement_datagram, announcement
from failover.linux.faults import mtu_too_small
from failover.linux.netlink.addresses import Batch, prepare_add, prepare_remove
from failover.linux.sockets.outbox import Packets
from failover.vrrp import (
    Address,
    Advertisement,
    ChecksumForm,
    Fault,
    SendAdvertisement,
    VirtualAddress,
    VirtualRouter,
    advertisements,
    encode,
    encode_trial,
)
from failover.vrrp.authentication.trailer import LENGTH as TRAILER_LENGTH
from failover.vrrp.protocol import PRIORITY_RESIGN

ANNOUNCEMENT_REPEAT = 5
"""Rounds of gratuitous ARP at each announcement, keepalived's default: one lost frame must not leave a host behind."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The bytes of one virtual router on one interface."""

    advertise: Packets
    """IP datagrams, for the group or for each peer: one, or one of each version while migrating."""
    resign: Packets
    """The IP datagrams that resign: as `advertise`, with priority 0."""
    install: Batch
    withdraw: Batch
    announcements: Packets
    """Ethernet frames, one for each address."""


def prepare(router: VirtualRouter, checksum: ChecksumForm, at: Port, own: Collection[VirtualAddress]) -> Prepared:
    """Everything for `router` on an interface; the host's `own` addresses are announced but left where they are."""
    ours = managed(router.held_addresses, own)
    return Prepared(
        advertise=at.packets(datagrams(router, SendAdvertisement(router.priority, checksum))),
        resign=at.packets(datagrams(router, SendAdvertisement(PRIORITY_RESIGN, checksum))),
        install=prepare_add(at.ifindex, ours, at.reserve(len(ours)), router.preferred_lifetime),
        withdraw=prepare_remove(at.ifindex, ours, at.reserve(len(ours))),
        announcements=announcements(router.held_addresses, at),
    )


def datagrams(
    router: VirtualRouter,
    action: SendAdvertisement,
    encoded: Callable[[Advertisement, Address, Address], bytes] = encode,
) -> tuple[Outgoing, ...]:
    """The IP datagrams that an action asks for: to the group, or to each peer.

    Where it is signed, there is room for the trailer, which is another one each time.
    """
    source, hop_limit = router.primary_address, router.scope.hop_limit
    room = bytes(TRAILER_LENGTH if router.signs else 0)
    return tuple(
        Outgoing(to, advertisement_datagram(source, encoded(advertisement, source, to) + room, to, hop_limit))
        for to in router.destinations
        for advertisement in advertisements(router, action)
    )


def trial(router: VirtualRouter, at: Port) -> Packets:
    """Datagrams like the router's advertisements, without an effect: see `encode_trial`."""
    action = SendAdvertisement(router.priority, router.initial_checksum)
    return at.packets(datagrams(router, action, encode_trial))


def datagram_bytes(router: VirtualRouter) -> int:
    """The size of a router's largest advertisement in bytes, IP header included: it is not fragmented."""
    action = SendAdvertisement(router.priority, router.initial_checksum)
    return max((len(one.datagram) for one in datagrams(router, action)), default=0)


def mtu_fault(router: VirtualRouter, interface: str, mtu: int) -> Fault | None:
    """The fault of a router whose advertisements do not fit an interface's MTU (bytes), None where they do."""
    needed = datagram_bytes(router)
    return mtu_too_small(interface, needed, mtu) if needed > mtu else None


def announcements(addresses: tuple[VirtualAddress, ...], at: Port) -> Packets:
    """Frames that draw the addresses to the interface's MAC address, one round of them.

    Their Router flag is that of the kernel's own answers. If the two differed, hosts would take the address for a
    router and then remove it again, with each answer (RFC 4861 §7.2.5).
    """
    return Packets([announcement(at.mac, address.ip, is_router=at.forwards_ipv6) for address in addresses])


def managed(addresses: tuple[VirtualAddress, ...], own: Collection[VirtualAddress]) -> tuple[VirtualAddress, ...]:
    """The addresses that are ours to add and remove: all but the host's own.

    An IPv6 address is on an interface once, whatever its prefix length: to add ours would be to take the host's.
    """
    taken = {one.ip for one in own if isinstance(one, IPv6Interface)}
    return tuple(address for address in addresses if address not in own and address.ip not in taken)
