"""BACKUP hears somebody, RFC 9568 §6.4.2 from "else if" on: whom it follows, and whom it will preempt."""

from dataclasses import replace

import pytest

from failover.vrrp import (
    Address,
    Backup,
    ChecksumForm,
    Family,
    Heard,
    Interval,
    MasterDown,
    Preempted,
    StateChanged,
    Version,
    Wakeup,
    centiseconds,
    deadline,
    seconds,
    step,
)
from tests.rfc.marks import negative, positive
from tests.vrrp.making import (
    DOWN,
    EACH_VERSION,
    GREATER,
    NOW,
    PEER,
    SMALLER,
    V2,
    V3,
    a_backup,
    a_follower,
    a_router,
    after,
    hears,
)

# §6.4.2: "else if Preempt_Mode is False, or if the Priority is greater than or equal to the local Priority"


@positive("R-055")
@pytest.mark.parametrize("priority", [100, 101, 255])
@pytest.mark.parametrize("source", [SMALLER, GREATER], ids=["smaller", "greater"])
def test_an_equal_or_higher_priority_is_followed_from_whatever_address(
    priority: int, source: dict[Family, Address]
) -> None:
    router = a_router()
    later = after(NOW, seconds(3))
    event = hears(router, source[Family.IPV4], priority=priority, interval=seconds(2))
    found = step(router, a_backup(router), event, later).state
    assert found == Backup(
        checksum=ChecksumForm.MESSAGE,
        armed_at=later,
        master_down_at=after(later, 7_218_750_000),
        master_advertisement_interval=seconds(2),
        master=Heard(event.source, priority, V3, later),
    )


@positive("R-055")
def test_a_shorter_interval_is_adopted_too() -> None:
    router = a_router()
    found = step(router, a_follower(router, interval=seconds(40)), hears(router, interval=centiseconds(1)), NOW).state
    assert deadline(found) == NOW + 36_093_750


@positive("R-056")
@pytest.mark.parametrize("priority", [1, 99])
def test_without_preempt_mode_a_lower_priority_is_followed_as_well(priority: int) -> None:
    router = a_router(preempt_mode=False)
    later = after(NOW, seconds(3))
    found = step(router, a_backup(router), hears(router, priority=priority, interval=seconds(2)), later).state
    assert isinstance(found, Backup)
    assert found.master == Heard(PEER, priority, V3, later)
    assert (deadline(found), found.master_advertisement_interval) == (later + 7_218_750_000, seconds(2))


@positive("S-012")
@pytest.mark.parametrize("preempt_mode", [True, False])
def test_version_2_arms_its_own_interval(preempt_mode: bool) -> None:  # noqa: FBT001 - a parameter of the test
    router = a_router(version=V2, advertisement_interval=seconds(2), preempt_mode=preempt_mode)
    later = after(NOW, seconds(3))
    found = step(router, a_backup(router), hears(router, priority=100, interval=seconds(9)), later).state
    assert isinstance(found, Backup)
    assert (deadline(found), found.master_advertisement_interval) == (later + 6_609_375_000, seconds(2))


@negative("S-012")
def test_version_3_does_adopt_the_interval() -> None:
    router = a_router(advertisement_interval=seconds(2))
    found = step(router, a_backup(router), hears(router, interval=seconds(9)), NOW).state
    assert isinstance(found, Backup)
    assert found.master_advertisement_interval == seconds(9)


# §6.4.2: "else: discard the ADVERTISEMENT"


@positive("R-057")
@negative("R-055", "R-056")
@EACH_VERSION
@pytest.mark.parametrize("priority", [1, 99])
def test_with_preempt_mode_a_lower_priority_changes_no_timer(version: Version, priority: int) -> None:
    router = a_router(version=version)
    before = a_follower(router)
    found = step(router, before, hears(router, priority=priority, interval=seconds(2)), after(NOW, seconds(2))).state
    assert isinstance(found, Backup)
    assert replace(found, outranked=None) == before
    assert found.outranked == Heard(PEER, priority, version, after(NOW, seconds(2)))


@negative("R-057")
def test_an_equal_priority_does_change_the_timer() -> None:
    router = a_router()
    found = step(router, a_backup(router), hears(router, priority=100), after(NOW, seconds(2))).state
    assert deadline(found) == NOW + seconds(2) + DOWN


@positive("R-034")
def test_an_owner_preempts_whatever_preempt_mode_says() -> None:
    owner = a_router(priority=255, preempt_mode=False)
    found = step(owner, a_backup(owner), hears(owner, priority=254), after(NOW, seconds(2))).state
    assert isinstance(found, Backup)
    assert found.outranked is not None
    assert found.master is None


@negative("R-034")
def test_nobody_else_preempts_without_preempt_mode() -> None:
    router = a_router(priority=254, preempt_mode=False)
    found = step(router, a_backup(router), hears(router, priority=253), NOW).state
    assert isinstance(found, Backup)
    assert found.outranked is None
    assert found.master is not None


def test_a_preemption_names_the_incumbent() -> None:
    router = a_router()
    heard_at = after(NOW, seconds(3))
    before = step(router, a_backup(router), hears(router, priority=99), heard_at).state
    found = step(router, before, Wakeup(), after(NOW, DOWN))
    assert found.actions[-1] == StateChanged(before, found.state, Preempted(Heard(PEER, 99, V3, heard_at)))


def test_a_resigned_master_that_is_outranked_afterwards_is_preempted() -> None:
    router = a_router()
    resigned = step(router, a_follower(router), hears(router, priority=0), NOW).state
    heard_at = after(NOW, 1)
    before = step(router, resigned, hears(router, priority=99), heard_at).state
    assert deadline(before) == deadline(resigned)
    found = step(router, before, Wakeup(), after(NOW, 609_375_000))
    assert found.actions[-1] == StateChanged(before, found.state, Preempted(Heard(PEER, 99, V3, heard_at)))


def test_a_master_that_is_followed_again_is_not_outranked_any_more() -> None:
    router = a_router()
    before = step(router, a_follower(router), hears(router, priority=99), NOW).state
    found = step(router, before, hears(router, priority=200), after(NOW, seconds(1))).state
    assert isinstance(found, Backup)
    assert found.outranked is None
    taken = step(router, found, Wakeup(), found.master_down_at)
    cause = MasterDown(Heard(PEER, 200, V3, after(NOW, seconds(1))), DOWN)
    assert taken.actions[-1] == StateChanged(found, taken.state, cause)


def test_the_silence_of_a_dead_master_is_measured_from_its_last_advertisement() -> None:
    router = a_router()
    before = a_follower(router)
    now = after(before.master_down_at, 77)
    found = step(router, before, Wakeup(), now)
    cause = MasterDown(Heard(PEER, 200, V3, NOW), Interval(DOWN + 77))
    assert found.actions[-1] == StateChanged(before, found.state, cause)
