"""The receive procedure (RFC 9568 §7.1, RFC 3768 §7.1): bytes to an `Advertisement`, or a `Discard` that says why.

The checks only refuse. What is merely odd (another interval, another address list) is accepted here and reported by
`step()`. A packet that fails a check changes nothing: no state, no timer, no learned interval.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from failover.vrrp.authentication.password import DATA_LENGTH, authentication_data
from failover.vrrp.packet.advertisement import (
    HEADER_LENGTH,
    TYPE_ADVERTISEMENT,
    TYPE_UNDEFINED,
    Advertisement,
    RawHeader,
    checksum_form,
    message_length,
    read_addresses,
    read_header,
)
from failover.vrrp.packet.source import impossible_source, is_on_link
from failover.vrrp.protocol import (
    HOP_LIMIT,
    PRIORITY_OWNER,
    Address,
    ChecksumForm,
    Family,
    Version,
)
from failover.vrrp.router import VirtualRouter
from failover.vrrp.units import NANOSECONDS_PER_SECOND


@dataclass(frozen=True, slots=True)
class ReceivedFrom:
    """What the IP header said of a packet. Both addresses are of the packet's family."""

    source: Address
    destination: Address
    hop_limit: int
    """TTL or Hop Limit as it was in the packet."""


class DiscardReason(Enum):
    """Why a packet is not an advertisement for this virtual router; the value is its label in status and events."""

    HOP_LIMIT = "hop_limit"
    """The TTL or hop limit is not 255: the packet came through a router (RFC 9568 §7.1). For a unicast peer that is not
    on the interface's own networks, it is not between `min_hop_limit` and `max_hop_limit`."""
    DESTINATION = "destination"
    """The packet was not sent to the multicast group of this virtual router, or not to this host if it has peers."""
    NOT_A_PEER = "not_a_peer"
    """The virtual router has unicast peers, and the source is none of them."""
    OWN_SOURCE = "own_source"
    """The source is this host's own address: the packet is our own, or another host has the same address."""
    LENGTH = "length"
    """The packet is shorter than its header says."""
    VERSION = "version"
    """The version is neither 2 nor 3, or not that of this virtual router."""
    TYPE = "type"
    """The type is not 1 (advertisement), the only one that exists."""
    ADDRESS_COUNT = "address_count"
    """The packet lists no address, although this virtual router has some."""
    TRAILING_BYTES = "trailing_bytes"
    """The packet is longer than its header says."""
    CHECKSUM = "checksum"
    """The checksum is wrong. With version 3 and IPv4, it is wrong in both forms."""
    VRID = "vrid"
    """The VRID is not that of this virtual router."""
    IMPOSSIBLE_SOURCE = "impossible_source"
    """The source is an address that no host on this LAN can have: unspecified, loopback, multicast, broadcast,
    reserved, the one that all IPv6 routers share, or a virtual address whose owner would have priority 255."""
    ADDRESS_OWNER = "address_owner"
    """This host is the address owner. In version 2 the owner discards the advertisements of others (RFC 3768 §7.1)."""
    AUTHENTICATION_TYPE = "authentication_type"
    """In version 2, the packet has a password and this virtual router has none, or the other way round."""
    PASSWORD = "password"  # noqa: S105 - a label
    """In version 2, the password is not ours."""
    INTERVAL = "interval"
    """In version 2, the interval is not ours (RFC 3768 §7.1). In version 3, the interval is 0."""
    ADDRESS_LIST = "address_list"
    """The packet does not list our addresses, and `check_address_list` is set."""
    LINK_LOCAL = "link_local"
    """The first IPv6 address is not link-local, and `require_link_local` is set."""
    NOT_SIGNED = "not_signed"
    """The packet has no HMAC trailer, and `mode` is `enforce`."""
    TRAILER = "trailer"
    """What follows the message is no HMAC trailer."""
    KEY = "unknown_key"
    """The packet is signed with a key that this virtual router does not have."""
    TIME = "time"
    """The time in the packet is outside `time_window`: it is old, or the clock of a host is wrong."""
    REPLAYED = "replayed"
    """The packet, or a newer one, was received before."""
    SIGNATURE = "signature"
    """The HMAC is wrong: the key is not ours, or the packet was changed or forged."""


@dataclass(frozen=True, slots=True)
class Discard:
    """The outcome for a packet that is not accepted. `found` and `allowed` are for the sentence in the log."""

    reason: DiscardReason
    found: object = None
    allowed: object = None

    def __str__(self) -> str:
        text = self.reason.value.replace("_", " ")
        if self.found is not None:
            text += f" {self.found}"
        return text if self.allowed is None else f"{text}, must be {self.allowed}"


TRIAL: Final = Discard(DiscardReason.TYPE, TYPE_UNDEFINED, TYPE_ADVERTISEMENT)
"""What becomes of a trial of another router (`encode_trial`): it is discarded, and nothing is wrong."""


def receive(payload: bytes, meta: ReceivedFrom, router: VirtualRouter, trailer: bytes = b"") -> Advertisement | Discard:
    """Check a VRRP message that arrived on the router's interface.

    The order follows RFC 9568 §7.1: IP header, form, checksum, VRID, then what depends on the version. `payload` may
    be any bytes: nothing is raised. `trailer` is what followed it and was checked before (`packet.authenticated`); over
    IPv6 the checksum covers it.
    """
    return check_network(meta, router) or check_message(payload, meta, router, trailer)


def check_network(meta: ReceivedFrom, router: VirtualRouter) -> Discard | None:
    """The checks of the IP header, which come first."""
    if router.scope.is_unicast:
        return _check_peer(meta, router)
    # "MUST verify that the IPv4 TTL / IPv6 Hop Limit is 255" (RFC 9568 §7.1)
    if meta.hop_limit != HOP_LIMIT:
        return Discard(DiscardReason.HOP_LIMIT, meta.hop_limit, HOP_LIMIT)
    if meta.destination != (group := router.scope.group_of(router.family)):
        return Discard(DiscardReason.DESTINATION, meta.destination, group)
    # Our own frame, brought back by a loop in the network, or another host with our address.
    if meta.source == router.primary_address:
        return Discard(DiscardReason.OWN_SOURCE, meta.source)
    return None


def _check_peer(meta: ReceivedFrom, router: VirtualRouter) -> Discard | None:
    """The same for a router with unicast peers. Only a peer on our own link cannot have come through a router."""
    if meta.source == router.primary_address:
        return Discard(DiscardReason.OWN_SOURCE, meta.source)
    peer = router.scope.peer(meta.source)
    if peer is None:
        return Discard(DiscardReason.NOT_A_PEER, meta.source)
    if meta.destination.is_multicast:
        return Discard(DiscardReason.DESTINATION, meta.destination, router.primary_address)
    least = HOP_LIMIT if is_on_link(meta.source, router) else peer.min_hop_limit
    most = HOP_LIMIT if least == HOP_LIMIT else peer.max_hop_limit
    if not least <= meta.hop_limit <= most:
        return Discard(DiscardReason.HOP_LIMIT, meta.hop_limit, HOP_LIMIT if least == most else f"{least} to {most}")
    return None


def check_message(payload: bytes, meta: ReceivedFrom, router: VirtualRouter, trailer: bytes) -> Advertisement | Discard:
    """The other checks of `receive()`."""
    if len(payload) < HEADER_LENGTH:
        return Discard(DiscardReason.LENGTH, len(payload), f"at least {HEADER_LENGTH}")
    header = read_header(payload)
    version = _accepted_version(header.version, router)
    if version is None:
        return Discard(DiscardReason.VERSION, header.version, int(router.version))
    form = _check_form(payload, header, version, meta, router, trailer)
    if isinstance(form, Discard):
        return form
    if header.vrid != router.vrid:
        return Discard(DiscardReason.VRID, header.vrid, router.vrid)
    advertisement = Advertisement(
        version=version,
        vrid=header.vrid,
        priority=header.priority,
        interval=header.interval,
        addresses=read_addresses(payload, router.family, header.count),
        checksum=form,
    )
    impossible = impossible_source(meta.source, advertisement, router)
    if impossible is not None:
        return Discard(DiscardReason.IMPOSSIBLE_SOURCE, f"{meta.source} ({impossible})")
    if version is Version.V2:
        return _check_version_2(advertisement, header, payload, router) or advertisement
    return _check_version_3(advertisement, router) or advertisement


def _accepted_version(version: int, router: VirtualRouter) -> Version | None:
    """The version if the router accepts it, else None: its own, and 2 as well while migrating (RFC 9568 §8.4)."""
    if version == router.version:
        return router.version
    return Version.V2 if version == Version.V2 and router.with_version_2 else None


def _check_form(
    payload: bytes, header: RawHeader, version: Version, meta: ReceivedFrom, router: VirtualRouter, trailer: bytes
) -> ChecksumForm | Discard:
    """Check type, count, length and checksum; the form of the checksum where these bytes are a whole, valid message."""
    if header.type != TYPE_ADVERTISEMENT:
        return Discard(DiscardReason.TYPE, header.type, TYPE_ADVERTISEMENT)
    if header.count == 0 and router.addresses:  # erratum 8299
        return Discard(DiscardReason.ADDRESS_COUNT, 0, "1 to 255")
    expected = message_length(version, router.family, header.count)
    if len(payload) < expected:
        return Discard(DiscardReason.LENGTH, len(payload), expected)
    if len(payload) > expected:
        return Discard(DiscardReason.TRAILING_BYTES, len(payload) - expected, 0)
    summed = payload + trailer if router.family is Family.IPV6 else payload
    return checksum_form(summed, version, meta.source, meta.destination) or Discard(DiscardReason.CHECKSUM)


def _check_version_3(advertisement: Advertisement, router: VirtualRouter) -> Discard | None:
    if advertisement.interval == 0:  # erratum 8301
        return Discard(DiscardReason.INTERVAL, "0 s", "0.01 to 40.95 s")
    if router.family is Family.IPV6 and router.require_link_local:
        for first in advertisement.addresses[:1]:
            if not first.is_link_local:
                return Discard(DiscardReason.LINK_LOCAL, first, "a link-local address first")  # erratum 8300
    return None


def _check_version_2(
    advertisement: Advertisement, header: RawHeader, payload: bytes, router: VirtualRouter
) -> Discard | None:
    """The checks of RFC 3768 §7.1. A migrating version 3 router accepts any interval but 0 (RFC 9568 §8.4.2)."""
    if router.version is Version.V2 and router.is_address_owner:
        return Discard(DiscardReason.ADDRESS_OWNER, f"here, sender's priority {advertisement.priority}")
    if header.authentication_type != router.authentication_type:
        return Discard(DiscardReason.AUTHENTICATION_TYPE, header.authentication_type, int(router.authentication_type))
    if router.password is not None and payload[-DATA_LENGTH:] != authentication_data(router.password):
        return Discard(DiscardReason.PASSWORD, "that is not ours")
    if router.version is Version.V3:
        return Discard(DiscardReason.INTERVAL, "0 s", "1 to 255 s") if advertisement.interval == 0 else None
    if advertisement.interval != router.advertisement_interval:
        found = advertisement.interval // NANOSECONDS_PER_SECOND
        allowed = router.advertisement_interval // NANOSECONDS_PER_SECOND
        return Discard(DiscardReason.INTERVAL, f"{found} s", f"{allowed} s")
    if (
        router.check_address_list
        and advertisement.priority != PRIORITY_OWNER
        and not router.lists(advertisement.addresses)
    ):
        return Discard(DiscardReason.ADDRESS_LIST, ", ".join(map(str, advertisement.addresses)))
    return None
