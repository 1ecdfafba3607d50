"""The daemon did not run when it was due: it listens before it believes what it knew."""

from dataclasses import replace

import pytest

from failover.vrrp import (
    Backup,
    ChecksumForm,
    ConfigChanged,
    Interval,
    Master,
    Overslept,
    PriorityChanged,
    StateChanged,
    Wakeup,
    WithdrawAddresses,
    deadline,
    seconds,
    step,
)
from tests.vrrp.making import (
    DOWN,
    NOW,
    a_backup,
    a_follower,
    a_master,
    a_router,
    after,
    hears,
    sent,
    virtual_addresses,
)

# BACKUP


@pytest.mark.parametrize("late", [seconds(1) + 1, seconds(3600)])
def test_a_backup_that_did_not_run_for_an_interval_after_its_deadline_listens_again(late: int) -> None:
    router = a_router()
    before = a_follower(router)
    now = after(before.master_down_at, late)
    found = step(router, before, Wakeup(), now)
    assert found.state == a_backup(router, now)
    assert found.actions == (StateChanged(before, found.state, Overslept(Interval(late))),)


@pytest.mark.parametrize("late", [0, 1, seconds(1)])
def test_a_backup_that_is_a_little_late_takes_over(late: int) -> None:
    router = a_router()
    before = a_follower(router)
    assert isinstance(step(router, before, Wakeup(), after(before.master_down_at, late)).state, Master)


def test_how_late_is_too_late_depends_on_the_masters_interval() -> None:
    router = a_router()
    before = a_follower(router, interval=seconds(5))
    assert isinstance(step(router, before, Wakeup(), after(before.master_down_at, seconds(5))).state, Master)
    assert isinstance(step(router, before, Wakeup(), after(before.master_down_at, seconds(5) + 1)).state, Backup)


def test_an_advertisement_that_waited_while_it_slept_is_obeyed() -> None:
    router = a_router()
    before = a_follower(router)
    now = after(before.master_down_at, seconds(60))
    found = step(router, before, hears(router, priority=200), now).state
    assert isinstance(found, Backup)
    assert deadline(found) == now + DOWN


@pytest.mark.parametrize("priority", [100, 255])
def test_a_change_of_configuration_does_not_hide_that_a_backup_overslept(priority: int) -> None:
    router = a_router(priority=priority)
    before = a_follower(a_router(priority=50))
    now = after(before.master_down_at, seconds(60))
    for event in (PriorityChanged(50), ConfigChanged(a_router(priority=50))):
        found = step(router, before, event, now)
        assert found.actions == (StateChanged(before, found.state, Overslept(seconds(60))),)
        assert deadline(found.state) == now + router.master_down_interval(seconds(1))


# MASTER


@pytest.mark.parametrize("silence", [DOWN + 1, seconds(3600)])
def test_a_master_that_was_silent_for_its_master_down_interval_listens_first(silence: int) -> None:
    router = a_router()
    before = a_master(router)
    now = after(NOW, silence)
    found = step(router, before, Wakeup(), now)
    assert found.state == Backup(
        checksum=ChecksumForm.MESSAGE,
        armed_at=now,
        master_down_at=after(now, DOWN),
        master_advertisement_interval=seconds(1),
    )
    assert found.actions == (
        WithdrawAddresses(router.held_addresses),
        StateChanged(before, found.state, Overslept(Interval(silence - seconds(1)))),
    )


def test_a_master_that_was_silent_for_less_goes_on() -> None:
    router = a_router()
    now = after(NOW, DOWN)
    found = step(router, a_master(router), Wakeup(), now)
    assert isinstance(found.state, Master)
    assert len(sent(found.actions)) == 1


@pytest.mark.parametrize("priority", [0, 99, 100, 200])
def test_what_waited_while_it_slept_is_taken_as_a_backup_takes_it(priority: int) -> None:
    router = a_router()
    before = a_master(router)
    now = after(NOW, seconds(60))
    event = hears(router, priority=priority, interval=seconds(2))
    listening = step(router, before, Wakeup(), now).state
    then = step(router, listening, event, now)
    found = step(router, before, event, now)
    assert found.state == then.state
    assert found.actions == (
        WithdrawAddresses(router.held_addresses),
        *then.actions,
        StateChanged(before, then.state, Overslept(seconds(59))),
    )


@pytest.mark.parametrize("priority", [50, 200, 255])
def test_a_change_of_configuration_does_not_hide_that_a_master_overslept(priority: int) -> None:
    old = a_router()
    new = a_router(priority=priority, addresses=virtual_addresses("198.51.100.7/24"))
    before = a_master(old)
    now = after(NOW, seconds(60))
    found = step(new, before, ConfigChanged(old), now)
    assert found.actions == (
        WithdrawAddresses(old.held_addresses),
        StateChanged(before, found.state, Overslept(seconds(59))),
    )
    assert deadline(found.state) == now + new.master_down_interval(seconds(1))
    tracked = step(replace(old, priority=priority), before, PriorityChanged(100), now)
    assert tracked.actions == (
        WithdrawAddresses(old.held_addresses),
        StateChanged(before, tracked.state, Overslept(seconds(59))),
    )


def test_whether_a_master_overslept_is_judged_by_what_it_was_configured_to() -> None:
    """Silent for a nanosecond more than the Master_Down_Interval of priority 254, less than that of priority 1."""
    now = after(NOW, 3_007_812_501)
    low, high = a_router(priority=1), a_router(priority=254)
    for event in (PriorityChanged(254), ConfigChanged(high)):
        assert isinstance(step(low, a_master(high), event, now).state, Backup)
    for event in (PriorityChanged(1), ConfigChanged(low)):
        assert isinstance(step(high, a_master(low), event, now).state, Master)


def test_silence_is_counted_from_the_last_advertisement_of_whatever_kind() -> None:
    router = a_router()
    before = a_master(router)
    spoke_at = after(NOW, seconds(1.9))
    resignation, rival = hears(router, priority=0), hears(router, priority=99)
    for event in (Wakeup(), resignation, rival, PriorityChanged(100), ConfigChanged(router)):
        spoke = step(router, before, event, spoke_at).state
        assert isinstance(step(router, spoke, Wakeup(), after(spoke_at, DOWN)).state, Master)
        assert isinstance(step(router, spoke, Wakeup(), after(spoke_at, DOWN + 1)).state, Backup)
