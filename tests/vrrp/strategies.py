"""What Hypothesis draws for the core: routers, advertisements, packets that are nearly right."""

from ipaddress import ip_interface
from typing import Any, Final

from hypothesis import strategies as st

from failover.vrrp import (
    Address,
    Advertisement,
    ChecksumForm,
    ChecksumPolicy,
    Family,
    Interval,
    PreferredLifetime,
    ReceivedFrom,
    Version,
    VirtualAddress,
    VirtualRouter,
    centiseconds,
    seconds,
)
from failover.vrrp.scope import GROUPS
from tests.vrrp.making import GREATER, ODD, ON_LINK, OURS, SMALLER, V2, V3

families: Final = st.sampled_from(Family)


def addresses(family: Family) -> st.SearchStrategy[Address]:
    return st.ip_addresses(v=family.value)


def virtual_addresses(family: Family, count: int = 4) -> st.SearchStrategy[tuple[VirtualAddress, ...]]:
    """Distinct ones; with IPv6 a link-local one first."""
    pattern = "198.51.100.{}/24" if family is Family.IPV4 else "fe80::{}00/64"
    few = [ip_interface(pattern.format(number)) for number in range(1, count + 1)]
    return st.lists(st.sampled_from(few), min_size=1, max_size=count, unique=True).map(tuple)


def intervals(version: Version) -> st.SearchStrategy[Interval]:
    if version is V2:
        return st.integers(1, 255).map(seconds)
    return st.integers(1, 4095).map(centiseconds)


@st.composite
def routers(draw: st.DrawFn, /, **fixed: Any) -> VirtualRouter:
    """Any valid router, seldom one without addresses; `fixed` parameters are as given."""
    family = fixed.pop("family", None) or draw(families)
    version = fixed.pop("version", None) or (V3 if family is Family.IPV6 else draw(st.sampled_from(Version)))
    held = draw(virtual_addresses(family)) if draw(st.integers(0, 7)) else ()
    split = draw(st.integers(min(1, len(held)), len(held)))
    interval = fixed.pop("advertisement_interval", None) or draw(intervals(version))
    settings: dict[str, Any] = {
        "vrid": draw(st.integers(1, 255)),
        "addresses": held[:split],
        "excluded_addresses": held[split:],
        "primary_address": OURS[family],
        "on_link": draw(st.sampled_from([(), ON_LINK[family]])),
        "version": version,
        "priority": draw(st.sampled_from([1, 2, 99, 100, 101, 253, 254, 255])),
        "advertisement_interval": interval,
        "beat_phase": draw(st.none() | st.integers(0, interval - 1).map(Interval)),
        "preempt_mode": draw(st.booleans()),
        "accept_mode": draw(st.booleans()),
        "preferred_lifetime": draw(st.sampled_from(PreferredLifetime)),
        "checksum": draw(st.sampled_from(ChecksumPolicy)),
        "check_address_list": version is V2 and draw(st.booleans()),
        "with_version_2": version is V3 and family is Family.IPV4 and draw(st.booleans()),
        **fixed,
    }
    return VirtualRouter(**settings)


@st.composite
def advertisements(draw: st.DrawFn, family: Family | None = None, version: Version | None = None) -> Advertisement:
    """Any that `encode` takes and a receiver need not refuse; those without addresses are for such routers alone."""
    family = family or draw(families)
    version = version or (V3 if family is Family.IPV6 else draw(st.sampled_from(Version)))
    forms = list(ChecksumForm) if version is V3 and family is Family.IPV4 else [_only_form(family)]
    return Advertisement(
        version=version,
        vrid=draw(st.integers(1, 255)),
        priority=draw(st.integers(0, 255)),
        interval=draw(intervals(version)),
        addresses=tuple(draw(st.lists(addresses(family), max_size=20))),
        checksum=draw(st.sampled_from(forms)),
    )


def _only_form(family: Family) -> ChecksumForm:
    return ChecksumForm.MESSAGE if family is Family.IPV4 else ChecksumForm.PSEUDO_HEADER


def sources(family: Family) -> st.SearchStrategy[Address]:
    return st.sampled_from([SMALLER[family], GREATER[family], ODD[family]])


any_address: Final = st.ip_addresses() | st.sampled_from([*GROUPS.values(), *OURS.values(), *GREATER.values()])
any_meta: Final = st.builds(
    ReceivedFrom, any_address, st.sampled_from(list(GROUPS.values())) | any_address, st.just(255) | st.integers(0, 255)
)
