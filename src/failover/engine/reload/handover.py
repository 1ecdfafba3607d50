"""How the process that reads the configuration hands over what is intended: packets of msgpack, each small enough."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Interface, IPv6Interface, ip_address
from typing import Final

import msgspec

from failover.config import Configuration, DaemonSettings, Tracker
from failover.config.protocol_instances import UNKNOWN_SOURCE
from failover.engine.intended import Intended, Track, intended
from failover.messages import MAX_MESSAGE_BYTES
from failover.messages import UNREADABLE as UNDECODABLE
from failover.vrrp import ChecksumPolicy, Family, Interval, Version, VirtualAddress, VirtualRouter
from failover.vrrp.authentication.keys import AuthenticationMode, KeyedAuthentication
from failover.vrrp.authentication.secret import Secret
from failover.vrrp.protocol import HOP_LIMIT, PreferredLifetime
from failover.vrrp.scope import Peer, Scope

HANDOVER_FD: Final = 3
"""Where the process that reads finds its end of the SOCK_SEQPACKET pair."""

_INSTANCES_AT_ONCE: Final = 16
_ADDRESSES_AT_ONCE: Final = 250
"""How many addresses a packet has, about: the engine reads it in less than a millisecond."""
_LONGEST_REPORT: Final = MAX_MESSAGE_BYTES // 8
"""Characters of a report; JSON and msgpack make at most six bytes of each."""

_Address = tuple[bytes, int]
"""An address as it travels: packed, and the length of its prefix."""


_MAKE: Final[Mapping[int, Callable[[_Address], VirtualAddress]]] = {4: IPv4Interface, 16: IPv6Interface}
"""The type of an address, by the length of its packed form."""


class _Scope(msgspec.Struct, frozen=True, kw_only=True):
    """A `Scope` as it travels: addresses are packed."""

    group: bytes | None = None
    peers: list[tuple[bytes, int, int]] = []
    source: bytes | None = None
    hop_limit: int = HOP_LIMIT


class _Keyed(msgspec.Struct, frozen=True, kw_only=True):
    """A `KeyedAuthentication` as it travels."""

    keys: tuple[tuple[int, Secret], ...]
    active_key: int
    mode: AuthenticationMode
    window: int | None


class _Instance(msgspec.Struct, frozen=True, kw_only=True):
    """An `Intended` as it travels."""

    name: str
    interface: str
    family: Family
    vrid: int
    addresses: list[_Address]
    excluded_addresses: list[_Address]
    preferred_lifetime: int | str
    version: Version
    priority: int
    advertisement_interval: int
    preempt_mode: bool
    accept_mode: bool
    checksum: ChecksumPolicy
    require_link_local: bool
    check_address_list: bool
    with_version_2: bool
    password: Secret | None
    keyed: _Keyed | None
    scope: _Scope = _Scope()
    tracks: list[tuple[Tracker, int | None]] = []


class Instances(msgspec.Struct, frozen=True, tag="instances"):
    """Some of the instances that the file asks for; more may follow."""

    some: list[_Instance]

    def unpacked(self, excluded: Sequence[VirtualAddress] = ()) -> Iterator[Intended]:
        """The instances as the engine has them; `excluded` came before them and belongs to the first one."""
        for number, one in enumerate(self.some):
            yield _unpacked(one, () if number else tuple(excluded))


class Excluded(msgspec.Struct, frozen=True, tag="excluded"):
    """Addresses that the next instance excludes, besides those that come with it; more may follow.

    There is no limit to how many an instance has: with all of them it may fit no packet.
    """

    addresses: list[_Address]

    def unpacked(self) -> tuple[VirtualAddress, ...]:
        """The addresses as the engine has them."""
        return _addresses(self.addresses)


class Complete(msgspec.Struct, frozen=True, tag="complete"):
    """That was all, and the file is good."""

    daemon: DaemonSettings
    digest: str
    """Of the configuration."""


class Bad(msgspec.Struct, frozen=True, tag="bad"):
    """The file cannot be used, and why."""

    report: str


Handover = Instances | Excluded | Complete | Bad

encode: Final = msgspec.msgpack.Encoder(enc_hook=Secret.reveal).encode
decode: Final = msgspec.msgpack.Decoder(Handover, dec_hook=lambda kind, content: kind(content)).decode
UNREADABLE: Final = (*UNDECODABLE, LookupError, ValueError)
"""What `decode` and `unpacked` raise where a packet is none that `handover` makes."""


def handover(configuration: Configuration) -> Iterator[Handover]:
    """A good configuration as packets, each small enough."""
    some: list[_Instance] = []
    addresses = 0
    for one in intended(configuration):
        *parts, rest = _parts(one.router.excluded_addresses)
        if parts and some:
            yield Instances(some)
            some, addresses = [], 0
        yield from (Excluded(_bytes(part)) for part in parts)
        some.append(_packed(one, rest))
        addresses += len(one.router.addresses) + len(rest)
        if len(some) == _INSTANCES_AT_ONCE or addresses >= _ADDRESSES_AT_ONCE:
            yield Instances(some)
            some, addresses = [], 0
    if some:
        yield Instances(some)
    yield Complete(configuration.daemon, configuration.digest)


def bad(report: str) -> Bad:
    """A report, cut where it is too long for a packet."""
    return Bad(report if len(report) <= _LONGEST_REPORT else f"{report[:_LONGEST_REPORT]}\n  ...")


def _parts(addresses: Sequence[VirtualAddress]) -> list[Sequence[VirtualAddress]]:
    """The addresses in parts that fit a packet; one part at least."""
    return [addresses[at : at + _ADDRESSES_AT_ONCE] for at in range(0, len(addresses) or 1, _ADDRESSES_AT_ONCE)]


def _packed(one: Intended, excluded: Iterable[VirtualAddress]) -> _Instance:
    router = one.router
    return _Instance(
        name=one.name,
        interface=one.interface,
        family=router.family,
        vrid=router.vrid,
        addresses=_bytes(router.addresses),
        excluded_addresses=_bytes(excluded),
        preferred_lifetime=router.preferred_lifetime.value,
        version=router.version,
        priority=router.priority,
        advertisement_interval=router.advertisement_interval,
        preempt_mode=router.preempt_mode,
        accept_mode=router.accept_mode,
        checksum=router.checksum,
        require_link_local=router.require_link_local,
        check_address_list=router.check_address_list,
        with_version_2=router.with_version_2,
        password=router.password,
        keyed=_packed_keys(router.keyed),
        scope=_packed_scope(router.scope),
        tracks=list(one.tracks),
    )


def _packed_scope(scope: Scope) -> _Scope:
    return _Scope(
        group=None if scope.group is None else scope.group.packed,
        peers=[(one.address.packed, one.min_hop_limit, one.max_hop_limit) for one in scope.peers],
        source=None if scope.source is None else scope.source.packed,
        hop_limit=scope.hop_limit,
    )


def _unpacked_scope(one: _Scope) -> Scope:
    return Scope(
        group=None if one.group is None else ip_address(one.group),
        peers=tuple(Peer(ip_address(packed), least, most) for packed, least, most in one.peers),
        source=None if one.source is None else ip_address(one.source),
        hop_limit=one.hop_limit,
    )


def _unpacked(one: _Instance, excluded: tuple[VirtualAddress, ...]) -> Intended:
    router = VirtualRouter(
        vrid=one.vrid,
        addresses=_addresses(one.addresses),
        excluded_addresses=excluded + _addresses(one.excluded_addresses),
        preferred_lifetime=PreferredLifetime(one.preferred_lifetime),
        primary_address=UNKNOWN_SOURCE[one.family],
        version=one.version,
        priority=one.priority,
        advertisement_interval=Interval(one.advertisement_interval),
        preempt_mode=one.preempt_mode,
        accept_mode=one.accept_mode,
        checksum=one.checksum,
        require_link_local=one.require_link_local,
        check_address_list=one.check_address_list,
        with_version_2=one.with_version_2,
        password=one.password,
        scope=_unpacked_scope(one.scope),
        keyed=_unpacked_keys(one.keyed),
    )
    return Intended(one.name, one.interface, router, tuple(Track(*track) for track in one.tracks))


def _packed_keys(one: KeyedAuthentication | None) -> _Keyed | None:
    if one is None:
        return None
    return _Keyed(keys=one.keys, active_key=one.active_key, mode=one.mode, window=one.window)


def _unpacked_keys(one: _Keyed | None) -> KeyedAuthentication | None:
    if one is None:
        return None
    window = None if one.window is None else Interval(one.window)
    return KeyedAuthentication(keys=one.keys, active_key=one.active_key, mode=one.mode, window=window)


def _bytes(addresses: Iterable[VirtualAddress]) -> list[_Address]:
    return [(address.packed, address.network.prefixlen) for address in addresses]


def _addresses(packed: Iterable[_Address]) -> tuple[VirtualAddress, ...]:
    return tuple(_MAKE[len(address)]((address, length)) for address, length in packed)
