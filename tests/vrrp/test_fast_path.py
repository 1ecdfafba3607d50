"""`failover.vrrp.machine.fast_path`: what it answers is what `receive()` and `step()` would."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import event as note
from hypothesis import given
from hypothesis import strategies as st

from failover.vrrp import (
    AdvertisementReceived,
    Backup,
    Family,
    Heard,
    Instant,
    Master,
    ReportOddity,
    Secret,
    SendAdvertisement,
    State,
    Step,
    Version,
    VirtualRouter,
    Wakeup,
    deadline,
    initial_state,
    seconds,
    step,
)
from failover.vrrp.authentication.keys import AuthenticationMode, KeyedAuthentication
from failover.vrrp.machine.actions import OF_THE_SENDER
from failover.vrrp.machine.fast_path import advertised_again, beats, heard_again, may_repeat, settled_for
from tests.rfc.marks import negative, positive
from tests.vrrp.making import (
    EACH_FAMILY,
    GREATER,
    NOW,
    ODD,
    ON_LINK,
    SMALLER,
    V2,
    a_backup,
    a_follower,
    a_master,
    a_router,
    after,
    hears,
)
from tests.vrrp.strategies import routers, sources

delays = st.one_of(st.just(0), st.integers(0, seconds(100)))


@st.composite
def heard(draw: st.DrawFn, router: VirtualRouter) -> AdvertisementReceived:
    """What most often settles, and what nearly does."""
    changes: dict[str, Any] = {"priority": draw(st.sampled_from([0, 1, 100, router.priority, 254, 255]))}
    if draw(st.integers(0, 3)) == 0:
        changes["interval"] = seconds(2)
    if router.with_version_2 and draw(st.booleans()):
        changes["version"] = V2
    return hears(router, draw(sources(router.family)), **changes)


@st.composite
def states(draw: st.DrawFn, router: VirtualRouter) -> State:
    """Where a few events lead, from any of the three."""
    starts: list[State] = [initial_state(router), a_backup(router), a_master(router)]
    state = draw(st.sampled_from(starts))
    for heard_before in draw(st.lists(heard(router), max_size=3)):
        state = step(router, state, heard_before, NOW).state
    return state


@given(st.data(), routers(), st.lists(delays, min_size=1, max_size=5), delays)
def test_a_settled_advertisement_does_what_the_long_way_does(
    data: st.DataObject, router: VirtualRouter, passing: list[int], delay: int
) -> None:
    state, event = data.draw(states(router)), data.draw(heard(router))
    now = after(NOW, delay)
    outcome = step(router, state, event, now)
    held_off = settled_for(event, outcome, now)
    note(f"settled: {held_off is not None}")
    if held_off is None:
        return
    long, told = outcome.state, outcome.actions
    assert isinstance(long, Backup)
    assert all(isinstance(one, ReportOddity) and one.oddity in OF_THE_SENDER for one in told)
    note(f"odd: {bool(told)}")
    settled = long
    for interval in passing:
        now = after(now, interval)
        outcome = step(router, long, event, now)
        long = outcome.state
        assert outcome == Step(heard_again(settled, now), told), "the state after several is that after the last"
        assert isinstance(long, Backup)
        assert long.master_down_at == now + held_off


def settles(state: State, event: AdvertisementReceived, router: VirtualRouter) -> bool:
    return settled_for(event, step(router, state, event, NOW), NOW) is not None


def test_the_masters_advertisement_settles() -> None:
    router = a_router()
    assert settles(a_follower(router), hears(router, priority=200), router)
    assert settles(a_backup(router), hears(router, priority=200), router)


@pytest.mark.parametrize(
    "changes",
    [{"priority": 0}, {"priority": 99}, {"priority": 100}, {"interval": seconds(2)}],
    ids=["a resignation", "outranked", "an equal priority is reported", "another interval is reported"],
)
def test_an_advertisement_that_does_or_tells_more_does_not_settle(changes: dict[str, Any]) -> None:
    router = a_router()
    assert not settles(a_follower(router), hears(router, **{"priority": 200, **changes}), router)


@EACH_FAMILY
def test_a_master_with_an_odd_address_settles_and_each_of_its_advertisements_is_as_odd(family: Family) -> None:
    router = a_router(family, on_link=ON_LINK[family])
    event = hears(router, ODD[family], priority=200)
    assert settles(a_backup(router), event, router)
    followed = step(router, a_backup(router), event, NOW)
    assert [type(action) for action in followed.actions] == [ReportOddity]
    assert step(router, followed.state, event, NOW).actions == followed.actions


def test_an_odd_address_does_not_hide_what_else_is_odd() -> None:
    router = a_router(on_link=ON_LINK[Family.IPV4])
    assert not settles(a_backup(router), hears(router, ODD[Family.IPV4], priority=100), router)


def test_a_master_that_gives_way_settles_with_the_next_advertisement() -> None:
    router = a_router()
    event = hears(router, priority=200)
    first = step(router, a_master(router), event, NOW)
    assert settled_for(event, first, NOW) is None
    assert settles(first.state, event, router)


def test_the_echo_in_version_2_does_not_settle_even_within_the_same_nanosecond() -> None:
    router = a_router(with_version_2=True)
    follower = a_follower(router)
    assert not settles(follower, hears(router, priority=200, version=Version.V2), router)
    assert settles(follower, hears(router, priority=200), router)


def test_it_does_not_settle_on_a_state_that_another_sender_has_made() -> None:
    router = a_router()
    made = Step(a_follower(router))
    peer = GREATER[router.family]
    assert made.state.checksum is router.initial_checksum
    assert settled_for(hears(router, peer, priority=200), made, NOW) is not None
    assert settled_for(hears(router, SMALLER[router.family], priority=200), made, NOW) is None
    assert settled_for(hears(router, peer, priority=200), made, after(NOW, 1)) is None


def test_only_the_times_move() -> None:
    follower = a_follower(a_router())
    assert isinstance(follower.master, Heard)
    moved = heard_again(follower, after(NOW, 7))
    assert moved == replace(
        follower,
        armed_at=after(NOW, 7),
        master_down_at=after(follower.master_down_at, 7),
        master=replace(follower.master, at=after(NOW, 7)),
    )


def test_what_was_followed_and_is_outranked_since_does_not_settle_even_within_the_same_nanosecond() -> None:
    now_better = a_router(priority=254)
    assert not settles(a_follower(a_router()), hears(now_better, priority=200), now_better)


@st.composite
def masters(draw: st.DrawFn, router: VirtualRouter) -> tuple[Master, Instant]:
    """A MASTER after some wake-ups and losing rivals, punctual or not; and the time."""
    state, now = a_master(router), NOW
    priorities = st.sampled_from([None, 0, 1])
    for priority in draw(st.lists(priorities, max_size=4)):
        now = after(now, draw(st.integers(0, 2 * router.advertisement_interval)))
        losing = hears(router, SMALLER[router.family], priority=priority, **changed_checksum(draw, router))
        found = step(router, state, Wakeup() if priority is None else losing, now).state
        if isinstance(found, Master):
            state = found
    return state, max(now, state.advertised_at)


def changed_checksum(draw: st.DrawFn, router: VirtualRouter) -> dict[str, Any]:
    """What a MASTER learns from a rival."""
    return {"version": V2} if router.with_version_2 and draw(st.booleans()) else {}


@positive("R-067")
@given(st.data(), routers())
def test_a_beat_does_what_the_long_way_does(data: st.DataObject, router: VirtualRouter) -> None:
    state, now = data.draw(masters(router))
    interval = router.advertisement_interval
    now = max(now, Instant(state.advertise_at + data.draw(st.integers(-1, interval) | st.integers(0, 4 * interval))))
    silent_since = Instant(state.advertised_at - data.draw(st.sampled_from([0, 0, 1, interval])))
    beating = beats(interval, state.advertise_at, silent_since, now)
    note(f"a beat: {beating}")
    if not beating:
        return
    outcome = step(router, state, Wakeup(), now)
    again = advertised_again(state, now, Instant(state.advertise_at + interval))
    rest = step(router, again, Wakeup(), now)
    assert outcome == Step(rest.state, (SendAdvertisement(router.priority, state.checksum), *rest.actions))


@positive("R-067")
@given(routers(), st.data())
def test_a_wake_up_that_is_less_than_an_interval_late_is_a_beat(router: VirtualRouter, data: st.DataObject) -> None:
    state, interval = a_master(router), router.advertisement_interval
    late = data.draw(st.integers(0, interval - 1))
    assert beats(interval, state.advertise_at, state.advertised_at, after(state.advertise_at, late))


@negative("R-067")
@given(routers())
def test_no_beat_is_early_or_an_interval_late_or_after_a_silence_that_may_have_cost_the_mastership(
    router: VirtualRouter,
) -> None:
    state, interval = a_master(router), router.advertisement_interval
    due = state.advertise_at
    assert deadline(replace(state, repeat_announcements_at=None)) == due
    assert not beats(interval, due, state.advertised_at, after(due, -1))
    assert not beats(interval, due, state.advertised_at, after(due, interval))
    assert not beats(interval, due, after(due, -3 * interval - 1), due)


def test_a_beat_moves_its_two_times_alone() -> None:
    state = a_master(a_router())
    moved = advertised_again(state, after(NOW, 7), after(NOW, 9))
    assert moved == replace(state, advertised_at=after(NOW, 7), advertise_at=after(NOW, 9))


@given(router=routers(), data=st.data())
def test_only_who_may_repeat_settles_or_beats(router: VirtualRouter, data: st.DataObject) -> None:
    state = data.draw(states(router))
    event, now = data.draw(heard(router)), after(NOW, data.draw(delays))
    outcome = step(router, state, event, now)
    if settled_for(event, outcome, now) is not None:
        assert may_repeat(router, outcome.state)


def test_who_may_repeat() -> None:
    router = a_router()
    assert not may_repeat(router, initial_state(router))
    assert not may_repeat(router, a_backup(router)), "it has heard nobody yet"
    assert may_repeat(router, a_follower(router))
    assert may_repeat(router, a_master(router))


def test_who_signs_or_checks_signatures_may_not_whatever_the_state() -> None:
    """What is signed differs each time: it is never known by its bytes, nor sent as it was prepared."""
    for mode in AuthenticationMode:
        keyed = KeyedAuthentication(keys=((1, Secret(bytes(32))),), active_key=1, mode=mode)
        router = a_router(keyed=keyed)
        for state in (initial_state(router), a_backup(router), a_follower(router), a_master(router)):
            assert not may_repeat(router, state)
