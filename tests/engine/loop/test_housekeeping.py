"""Chores: in a wake-up that happens anyway, or in one of their own when there is none."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from failover.engine.loop.housekeeping import _PATIENCE, PERIOD
from failover.engine.loop.loop import Loop
from failover.linux.clock import now
from failover.vrrp import Instant, seconds
from tests.engine.simulated import first_of


@pytest.fixture
def loop() -> Iterator[Loop]:
    with closing(Loop()) as made:
        yield made


def wakes_at(loop: Loop) -> Instant | None:
    alarm = first_of(loop._alarms)
    return alarm.at if alarm else None


def test_they_are_done_in_the_first_round_after_they_are_due_and_then_not_before_the_next_time(loop: Loop) -> None:
    done: list[Instant] = []
    loop.housekeeping.add(done.append)
    for _ in range(3):
        loop.dispatch()
    assert len(done) == 1
    loop.housekeeping.due = now()
    loop.dispatch()
    assert len(done) == 2
    assert loop.housekeeping.due == done[-1] + PERIOD


def test_without_another_wake_up_they_have_one_of_their_own_a_little_later(loop: Loop) -> None:
    done: list[Instant] = []
    loop.housekeeping.add(done.append)
    loop.dispatch()
    assert wakes_at(loop) == done[0] + PERIOD + _PATIENCE


def test_wake_ups_that_come_every_second_need_no_other(loop: Loop) -> None:
    at, done = Instant(10**15), list[Instant]()
    loop.housekeeping.add(done.append)
    for second in range(100):
        moment = Instant(at + seconds(second) - second % 3 * 1_000_000)  # a little early at times
        if moment >= loop.housekeeping.due:
            loop.housekeeping.do(moment)
        wake_at = wakes_at(loop)
        assert wake_at is not None
        assert wake_at > moment + seconds(1.001) or moment + seconds(1.1) >= loop.housekeeping.due
    assert len(done) == 10


def test_what_was_removed_is_not_done_and_with_no_chore_left_nobody_is_woken(loop: Loop) -> None:
    done: list[Instant] = []
    loop.housekeeping.add(done.append)
    loop.dispatch()
    loop.housekeeping.remove(done.append)
    loop.housekeeping.remove(done.append)  # as an engine does that never started
    loop.housekeeping.do(now())
    assert len(done) == 1
    assert wakes_at(loop) is None
