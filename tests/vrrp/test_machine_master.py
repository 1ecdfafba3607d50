"""MASTER, RFC 9568 §6.4.3: Shutdown, Adver_Timer, priority 0; and the link. Other MASTERs: `rivals`."""

from dataclasses import replace

import pytest

from failover.vrrp import (
    AnnounceAddresses,
    ChecksumForm,
    Event,
    Faulted,
    Initialize,
    Interval,
    LinkChanged,
    Master,
    PriorityChanged,
    SendAdvertisement,
    ShutDown,
    Shutdown,
    Startup,
    StateChanged,
    Version,
    Wakeup,
    WithdrawAddresses,
    centiseconds,
    deadline,
    seconds,
    step,
)
from tests.rfc.marks import negative, positive
from tests.vrrp.making import (
    EACH_VERSION,
    NO_CARRIER,
    NOW,
    V2,
    V3,
    a_master,
    a_router,
    after,
    hears,
    quiet,
    sent,
    virtual_addresses,
)

# §6.4.3: "If a Shutdown event is received"


@positive("R-066", "R-016")
@EACH_VERSION
def test_shutdown_sends_priority_0_withdraws_and_stops(version: Version) -> None:
    router = a_router(version=version, excluded_addresses=virtual_addresses("203.0.113.1/32"))
    before = a_master(router)
    found = step(router, before, Shutdown(), NOW)
    assert found.state == Initialize(ChecksumForm.MESSAGE)
    assert found.actions == (
        SendAdvertisement(0, ChecksumForm.MESSAGE),
        WithdrawAddresses(router.held_addresses),
        StateChanged(before, found.state, ShutDown()),
    )
    assert router.priority == 100


@negative("R-066", "R-016")
def test_nothing_but_shutdown_sends_priority_0() -> None:
    router = a_router()
    events: list[Event] = [
        Wakeup(),
        Startup(),
        LinkChanged(NO_CARRIER),
        PriorityChanged(200),
        hears(router, priority=0),
        hears(router, priority=200),
    ]
    for event in events:
        actions = step(router, a_master(router), event, after(NOW, seconds(1))).actions
        assert all(action.priority == 100 for action in sent(actions)), event


# §6.4.3: "If the Adver_Timer fires"


@positive("R-067")
@pytest.mark.parametrize(
    ("version", "interval"), [(V3, centiseconds(1)), (V3, seconds(1)), (V3, centiseconds(4095)), (V2, seconds(255))]
)
def test_when_the_timer_fires_it_advertises_and_sets_it_again(version: Version, interval: Interval) -> None:
    router = a_router(version=version, advertisement_interval=interval)
    before = quiet(a_master(router))
    assert deadline(before) == NOW + interval
    found = step(router, before, Wakeup(), after(NOW, interval))
    assert found.actions == (SendAdvertisement(100, ChecksumForm.MESSAGE),)
    assert found.state == replace(before, advertised_at=after(NOW, interval), advertise_at=after(NOW, 2 * interval))


@negative("R-067")
@pytest.mark.parametrize("early", [1, seconds(1)])
def test_a_nanosecond_too_early_is_too_early(early: int) -> None:
    router = a_router()
    before = a_master(router)
    found = step(router, before, Wakeup(), after(NOW, seconds(1) - early))
    assert found.state == before
    assert found.actions == ()


def test_lateness_does_not_add_up() -> None:
    router = a_router()
    state = quiet(a_master(router))
    for beat in range(1, 1000):
        late = 999_999_999 if beat % 2 else 1
        found = step(router, state, Wakeup(), after(NOW, seconds(beat) + late))
        assert len(sent(found.actions)) == 1
        assert isinstance(found.state, Master)
        state = found.state
    assert deadline(state) == NOW + seconds(1000)


@pytest.mark.parametrize("late", [seconds(1), seconds(2)])
def test_a_whole_interval_late_it_does_not_send_twice(late: int) -> None:
    router = a_router()
    now = after(NOW, seconds(1) + late)
    found = step(router, quiet(a_master(router)), Wakeup(), now)
    assert len(sent(found.actions)) == 1
    assert deadline(found.state) == now + seconds(1)


def test_it_announces_once_more_after_five_seconds() -> None:
    router = a_router(advertisement_interval=seconds(40), excluded_addresses=virtual_addresses("203.0.113.1/32"))
    before = a_master(router)
    assert deadline(before) == NOW + seconds(5)
    found = step(router, before, Wakeup(), after(NOW, seconds(5)))
    assert found.actions == (AnnounceAddresses(router.held_addresses),)
    assert deadline(found.state) == NOW + seconds(40)


def test_both_timers_can_fire_at_once() -> None:
    router = a_router(advertisement_interval=seconds(5))
    found = step(router, a_master(router), Wakeup(), after(NOW, seconds(5)))
    assert found.actions == (
        SendAdvertisement(100, ChecksumForm.MESSAGE),
        AnnounceAddresses(router.held_addresses),
    )
    assert deadline(found.state) == NOW + seconds(10)


# §6.4.3: "If the Priority in the ADVERTISEMENT is 0"


@positive("R-068")
@EACH_VERSION
def test_priority_0_is_answered_at_once_and_sets_the_timer(version: Version) -> None:
    router = a_router(version=version)
    now = after(NOW, seconds(0.7))
    found = step(router, a_master(router), hears(router, priority=0), now)
    assert found.actions == (SendAdvertisement(100, ChecksumForm.MESSAGE),)
    assert isinstance(found.state, Master)
    assert found.state.advertise_at == now + seconds(1)


@negative("R-068")
def test_another_losing_priority_does_not_set_the_timer() -> None:
    router = a_router()
    found = step(router, a_master(router), hears(router, priority=1), after(NOW, seconds(0.7))).state
    assert isinstance(found, Master)
    assert found.advertise_at == NOW + seconds(1)


def test_of_a_flood_of_resignations_two_an_interval_are_answered() -> None:
    router = a_router()
    state, answers = a_master(router), 0
    for tick in range(1000):
        found = step(router, state, hears(router, priority=0), after(NOW, tick * seconds(0.01)))
        assert isinstance(found.state, Master)
        state, answers = found.state, answers + len(sent(found.actions))
    assert answers == 20


def test_a_rival_that_resigns_after_it_was_answered_is_answered_again() -> None:
    router = a_router()
    state = step(router, a_master(router), hears(router, priority=99), after(NOW, 1)).state
    found = step(router, state, hears(router, priority=0), after(NOW, 2))
    assert len(sent(found.actions)) == 1


# Link


def test_a_fault_withdraws_and_leads_to_initialize_with_its_reason() -> None:
    router = a_router(excluded_addresses=virtual_addresses("203.0.113.1/32"))
    before = a_master(router)
    found = step(router, before, LinkChanged(NO_CARRIER), NOW)
    assert found.state == Initialize(ChecksumForm.MESSAGE, NO_CARRIER)
    assert found.actions == (
        WithdrawAddresses(router.held_addresses),
        StateChanged(before, found.state, Faulted(NO_CARRIER)),
    )


def test_a_link_that_is_well_and_a_second_startup_change_nothing() -> None:
    router = a_router()
    before = a_master(router)
    for event in (LinkChanged(None), Startup(), Startup(NO_CARRIER)):
        found = step(router, before, event, after(NOW, 5))
        assert (found.state, found.actions) == (before, ())


def test_a_resignation_is_answered_again_after_half_an_interval() -> None:
    router = a_router()
    first = step(router, a_master(router), hears(router, priority=0), NOW).state
    early = step(router, first, hears(router, priority=0), after(NOW, seconds(0.5) - 1))
    assert (early.state, early.actions) == (first, ())
    assert len(sent(step(router, first, hears(router, priority=0), after(NOW, seconds(0.5))).actions)) == 1
