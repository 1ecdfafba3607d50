"""Routers, advertisements and states for the tests of the core. Nothing is asserted here.

Ours is 192.0.2.2, peers are 192.0.2.1 (smaller) and 192.0.2.3 (greater); likewise fe80::1, ::2, ::3.
"""

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_interface, ip_network
from typing import Any, Final

import pytest

from failover.vrrp import (
    Action,
    Address,
    Advertisement,
    AdvertisementReceived,
    Backup,
    ChecksumForm,
    Family,
    Fault,
    Instant,
    Interval,
    Master,
    SendAdvertisement,
    Startup,
    Version,
    VirtualAddress,
    VirtualRouter,
    Wakeup,
    initial_state,
    step,
)
from failover.vrrp.protocol import Network

V2: Final = Version.V2
V3: Final = Version.V3

EACH_FAMILY = pytest.mark.parametrize("family", Family)
EACH_VERSION = pytest.mark.parametrize("version", [V2, V3])

NOW: Final = Instant(1_000_000_000_000)
DOWN: Final = Interval(3_609_375_000)
"""Master_Down_Interval of priority 100 at 1 s."""

NO_CARRIER: Final = Fault("no_carrier", "eth0 has no carrier")

SMALLER: Final[dict[Family, Address]] = {Family.IPV4: IPv4Address("192.0.2.1"), Family.IPV6: IPv6Address("fe80::1")}
OURS: Final[dict[Family, Address]] = {Family.IPV4: IPv4Address("192.0.2.2"), Family.IPV6: IPv6Address("fe80::2")}
GREATER: Final[dict[Family, Address]] = {Family.IPV4: IPv4Address("192.0.2.3"), Family.IPV6: IPv6Address("fe80::3")}
ON_LINK: Final[dict[Family, tuple[Network, ...]]] = {
    Family.IPV4: (ip_network("192.0.2.0/24"),),
    Family.IPV6: (ip_network("fe80::/64"),),
}
ODD: Final[dict[Family, Address]] = {Family.IPV4: IPv4Address("203.0.113.9"), Family.IPV6: IPv6Address("2001:db8::9")}
"""Off the subnet, and not link-local."""

PEER: Final = GREATER[Family.IPV4]


def after(instant: Instant, interval: int) -> Instant:
    return Instant(instant + interval)


def virtual_addresses(*texts: str) -> tuple[VirtualAddress, ...]:
    return tuple(ip_interface(text) for text in texts)


ADDRESSES: Final[dict[Family, tuple[VirtualAddress, ...]]] = {
    Family.IPV4: virtual_addresses("198.51.100.1/24", "198.51.100.2/24"),
    Family.IPV6: virtual_addresses("fe80::100/64", "2001:db8::1/64"),
}


def a_router(family: Family = Family.IPV4, **changes: Any) -> VirtualRouter:
    """A router with priority 100 at 1 s and two addresses."""
    settings: dict[str, Any] = {
        "vrid": 51,
        "addresses": ADDRESSES[family],
        "primary_address": OURS[family],
        **changes,
    }
    return VirtualRouter(**settings)


def an_advertisement(router: VirtualRouter, **changes: Any) -> Advertisement:
    """What a peer with the same configuration sends."""
    settings: dict[str, Any] = {
        "version": router.version,
        "vrid": router.vrid,
        "priority": router.priority,
        "interval": router.advertisement_interval,
        "addresses": router.advertised,
        "checksum": ChecksumForm.PSEUDO_HEADER if router.family is Family.IPV6 else ChecksumForm.MESSAGE,
        **changes,
    }
    return Advertisement(**settings)


def hears(router: VirtualRouter, source: Address | None = None, **changes: Any) -> AdvertisementReceived:
    """That advertisement as an event, from the peer with the greater address unless said otherwise."""
    return AdvertisementReceived(an_advertisement(router, **changes), source or GREATER[router.family])


def a_backup(router: VirtualRouter, now: Instant = NOW) -> Backup:
    """Just started."""
    state = step(replace(router, priority=min(router.priority, 254)), initial_state(router), Startup(), now).state
    assert isinstance(state, Backup)
    return state


def a_master(router: VirtualRouter, now: Instant = NOW) -> Master:
    """MASTER since `now`."""
    state = step(router, replace(a_backup(router), master_down_at=now), Wakeup(), now).state
    assert isinstance(state, Master)
    return state


def a_follower(router: VirtualRouter, now: Instant = NOW, **heard: Any) -> Backup:
    """BACKUP of the peer with priority 200, which was heard at `now`."""
    state = step(router, a_backup(router, now), hears(router, **{"priority": 200, **heard}), now).state
    assert isinstance(state, Backup)
    assert state.master is not None
    return state


def quiet(state: Master) -> Master:
    """The same without the second round of announcements."""
    return replace(state, repeat_announcements_at=None)


def sent(actions: tuple[Action, ...]) -> list[SendAdvertisement]:
    """The advertisements among the actions."""
    return [action for action in actions if isinstance(action, SendAdvertisement)]
