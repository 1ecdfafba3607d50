"""What a virtual router's parameters may be."""

from dataclasses import FrozenInstanceError, replace
from ipaddress import ip_interface
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.vrrp import (
    ChecksumForm,
    ChecksumPolicy,
    Family,
    Instant,
    Master,
    VirtualRouter,
    Wakeup,
    centiseconds,
    seconds,
    step,
)
from tests.rfc.marks import negative, positive
from tests.vrrp.making import ADDRESSES, EACH_FAMILY, OURS, V2, V3, a_master, a_router, hears, quiet, virtual_addresses
from tests.vrrp.strategies import routers

times = st.integers(0, seconds(10_000_000)).map(Instant)


@positive("R-028", "R-033", "R-029")
def test_the_defaults_are_those_of_the_rfc() -> None:
    router = VirtualRouter(vrid=1, addresses=ADDRESSES[Family.IPV4], primary_address=OURS[Family.IPV4])
    assert router.version is V3
    assert router.priority == 100
    assert router.advertisement_interval == seconds(1)
    assert router.preempt_mode is True
    assert not router.is_address_owner


@negative("R-028", "R-033")
def test_what_is_configured_replaces_the_default() -> None:
    router = a_router(priority=7, preempt_mode=False)
    assert (router.priority, router.preempt_mode) == (7, False)


@positive("R-013")
@pytest.mark.parametrize("vrid", [1, 255])
def test_a_vrid_has_eight_bits_without_zero(vrid: int) -> None:
    assert a_router(vrid=vrid).vrid == vrid


@negative("R-013")
@pytest.mark.parametrize("vrid", [-1, 0, 256])
def test_another_vrid_is_refused(vrid: int) -> None:
    with pytest.raises(ValueError, match=f"vrid is {vrid}; allowed: 1 to 255"):
        a_router(vrid=vrid)


@negative("R-013")
def test_a_vrid_has_no_default() -> None:
    settings: dict[str, Any] = {"addresses": ADDRESSES[Family.IPV4], "primary_address": OURS[Family.IPV4]}
    with pytest.raises(TypeError, match="vrid"):
        VirtualRouter(**settings)


@positive("R-015")
@pytest.mark.parametrize("priority", [1, 254])
def test_a_priority_below_255_is_no_owners(priority: int) -> None:
    assert not a_router(priority=priority).is_address_owner


@positive("R-014")
def test_priority_255_is_the_owners() -> None:
    assert a_router(priority=255).is_address_owner


@negative("R-014", "R-015")
@pytest.mark.parametrize("priority", [-1, 0, 256])
def test_another_priority_is_refused(priority: int) -> None:
    with pytest.raises(ValueError, match=f"priority is {priority}; allowed: 1 to 255"):
        a_router(priority=priority)


@positive("R-029")
@pytest.mark.parametrize("count", [1, 100, 4095])
def test_version_3_has_intervals_of_1_to_4095_centiseconds(count: int) -> None:
    assert a_router(advertisement_interval=centiseconds(count)).advertisement_interval == centiseconds(count)


@negative("R-029")
@pytest.mark.parametrize("interval", [0, centiseconds(4096), centiseconds(1) + 1, -centiseconds(1)])
def test_version_3_refuses_another_interval(interval: int) -> None:
    with pytest.raises(ValueError, match=r"advertisement_interval is .* 0.01 to 40.95 s with version 3"):
        a_router(advertisement_interval=interval)


@positive("R-029")
@pytest.mark.parametrize("count", [1, 255])
def test_version_2_has_intervals_of_1_to_255_seconds(count: int) -> None:
    assert a_router(version=V2, advertisement_interval=seconds(count)).advertisement_interval == seconds(count)


@negative("R-029")
@pytest.mark.parametrize("interval", [0, seconds(256), seconds(0.5), seconds(1.5)])
def test_version_2_refuses_another_interval(interval: int) -> None:
    with pytest.raises(ValueError, match=r"advertisement_interval is .* 1 to 255 whole seconds with version 2"):
        a_router(version=V2, advertisement_interval=interval)


@positive("R-026")
@EACH_FAMILY
def test_all_addresses_are_of_one_family(family: Family) -> None:
    router = a_router(family, excluded_addresses=ADDRESSES[family][:1])
    assert router.family is family


@negative("R-026")
@EACH_FAMILY
@pytest.mark.parametrize("name", ["addresses", "excluded_addresses"])
def test_mixed_families_are_refused(family: Family, name: str) -> None:
    mixed = (*ADDRESSES[Family.IPV6], *ADDRESSES[Family.IPV4])
    with pytest.raises(ValueError, match="allowed: one family, that of primary_address"):
        a_router(family, **{name: mixed})


@negative("R-026")
def test_a_primary_address_of_another_family_is_refused() -> None:
    with pytest.raises(ValueError, match="allowed: one family, that of primary_address"):
        a_router(primary_address=OURS[Family.IPV6])


@positive("S-014", "M-013")
def test_version_2_takes_ipv4_addresses_and_version_3_both() -> None:
    assert a_router(version=V2).family is Family.IPV4
    assert a_router(Family.IPV6).version is V3


@negative("S-014", "M-013")
def test_version_2_refuses_ipv6_addresses() -> None:
    with pytest.raises(ValueError, match="addresses is IPv6; allowed: IPv4 only with version 2"):
        a_router(Family.IPV6, version=V2)


@positive("R-024")
def test_the_first_ipv6_address_is_link_local() -> None:
    assert a_router(Family.IPV6).advertised[0].is_link_local


@negative("R-024")
def test_another_first_ipv6_address_is_refused_unless_that_is_switched_off() -> None:
    addresses = ADDRESSES[Family.IPV6][::-1]
    with pytest.raises(ValueError, match="addresses is 2001:db8::1/64; allowed: a link-local address first"):
        a_router(Family.IPV6, addresses=addresses)
    assert a_router(Family.IPV6, addresses=addresses, require_link_local=False).addresses == addresses


def test_the_addresses_must_fit_the_count_field() -> None:
    addresses = tuple(ip_interface(f"10.0.{i // 200}.{i % 200}/16") for i in range(256))
    with pytest.raises(ValueError, match="addresses is 256 of them; allowed: 255 at most"):
        a_router(addresses=addresses)


@EACH_FAMILY
def test_a_router_without_addresses_has_no_excluded_ones_either(family: Family) -> None:
    router = a_router(family, addresses=())
    assert (router.family, router.advertised, router.held_addresses) == (family, (), ())
    with pytest.raises(ValueError, match="excluded_addresses is some; allowed: none without addresses"):
        a_router(family, addresses=(), excluded_addresses=ADDRESSES[family])


@positive("R-112")
def test_a_flag_makes_an_ipv4_router_of_version_3_speak_version_2_too() -> None:
    assert a_router(with_version_2=True).with_version_2


@negative("R-112")
def test_the_flag_is_refused_where_there_is_no_version_2_to_add() -> None:
    with pytest.raises(ValueError, match="with_version_2 is True; allowed: version 3 only"):
        a_router(version=V2, with_version_2=True)
    with pytest.raises(ValueError, match="with_version_2 is True; allowed: IPv4 only"):
        a_router(Family.IPV6, with_version_2=True)


def test_only_version_2_may_drop_another_address_list() -> None:
    assert a_router(version=V2, check_address_list=True).check_address_list
    with pytest.raises(ValueError, match="check_address_list is True; allowed: version 2 only"):
        a_router(check_address_list=True)


def test_excluded_addresses_are_held_but_not_advertised() -> None:
    extra = virtual_addresses("203.0.113.1/32")
    router = a_router(excluded_addresses=extra)
    assert router.held_addresses == (*router.addresses, *extra)
    assert [str(address) for address in router.advertised] == ["198.51.100.1", "198.51.100.2"]


def test_a_list_of_addresses_is_ours_in_whatever_order() -> None:
    router = a_router()
    assert router.lists(router.advertised)
    assert router.lists(router.advertised[::-1])
    assert not router.lists(router.advertised[:1])


def test_one_address_of_ours_in_a_list_is_enough_to_serve_ours_in_part() -> None:
    router = a_router(addresses=virtual_addresses("192.0.2.1/24", "192.0.2.2/24"))
    stranger = ip_interface("192.0.2.77/24").ip
    assert router.lists_any((stranger, router.advertised[1]))
    assert not router.lists_any((stranger,))


@pytest.mark.parametrize(
    ("family", "policy", "form"),
    [
        (Family.IPV4, ChecksumPolicy.AUTO, ChecksumForm.MESSAGE),
        (Family.IPV4, ChecksumPolicy.MESSAGE, ChecksumForm.MESSAGE),
        (Family.IPV4, ChecksumPolicy.PSEUDO_HEADER, ChecksumForm.PSEUDO_HEADER),
        (Family.IPV6, ChecksumPolicy.AUTO, ChecksumForm.PSEUDO_HEADER),
        (Family.IPV6, ChecksumPolicy.MESSAGE, ChecksumForm.PSEUDO_HEADER),
    ],
)
def test_the_first_checksum_form_is_that_of_the_family_and_the_policy(
    family: Family, policy: ChecksumPolicy, form: ChecksumForm
) -> None:
    assert a_router(family, checksum=policy).initial_checksum is form


def test_a_router_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        a_router().priority = 1  # type: ignore[misc]
    assert replace(a_router(), priority=1).priority == 1


@positive("R-067", "R-068")
@given(routers(), times)
def test_the_next_beat_is_at_most_an_interval_away_and_on_its_phase(router: VirtualRouter, now: Instant) -> None:
    interval, phase = router.advertisement_interval, router.beat_phase
    beat = router.next_beat(now)
    assert now < beat <= now + interval
    assert beat == now + interval if phase is None else beat % interval == phase


@positive("R-067")
@given(routers(), times, st.data())
def test_beats_are_an_interval_apart_on_average_however_late_each_is(
    router: VirtualRouter, now: Instant, data: st.DataObject
) -> None:
    interval = router.advertisement_interval
    state = quiet(a_master(router, now))
    first, advertised = state.advertise_at, []
    lateness = data.draw(st.lists(st.integers(0, interval - 1), min_size=1, max_size=50))
    for late in lateness:
        at = Instant(state.advertise_at + late)
        found = step(router, state, Wakeup(), at)
        assert len(found.actions) == 1
        assert isinstance(found.state, Master)
        state = found.state
        advertised.append(at)
    assert advertised == [first + beat * interval + late for beat, late in enumerate(lateness)]
    assert state.advertise_at == first + len(lateness) * interval


@given(routers(), times, st.data())
def test_who_slept_through_a_beat_comes_back_to_the_phase(
    router: VirtualRouter, now: Instant, data: st.DataObject
) -> None:
    interval = router.advertisement_interval
    state = quiet(a_master(router, now))
    at = Instant(state.advertise_at + data.draw(st.integers(interval, 2 * interval)))
    found = step(router, state, Wakeup(), at)
    assert isinstance(found.state, Master)
    assert found.state.advertise_at == router.next_beat(at)


@positive("R-068")
@given(routers(), times, st.data())
def test_the_answer_to_a_resignation_sets_the_timer_to_the_next_beat(
    router: VirtualRouter, now: Instant, data: st.DataObject
) -> None:
    state = a_master(router, now)
    at = Instant(now + data.draw(st.integers(0, router.advertisement_interval)))
    found = step(router, state, hears(router, priority=0), at)
    assert len(found.actions) == 1
    assert isinstance(found.state, Master)
    assert found.state.advertised_at == at
    assert found.state.advertise_at == router.next_beat(at)
