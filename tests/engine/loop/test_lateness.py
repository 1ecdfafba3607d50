"""How late alarms rang: buckets, pages, and who is told."""

from collections.abc import Callable
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.engine.loop.alarms import AlarmQueue
from failover.engine.loop.lateness import Lateness
from failover.engine.loop.loop import Loop
from failover.linux.clock import now
from failover.messages import LAG_BOUNDS
from failover.vrrp import Instant, seconds

BORN = Instant(10**15)
MINUTE = 60


def at(second: float) -> Instant:
    return Instant(BORN + seconds(second))


@pytest.fixture
def lateness() -> Lateness:
    return Lateness(BORN)


@given(st.integers(0, 2 * LAG_BOUNDS[-1]) | st.sampled_from(LAG_BOUNDS))
def test_each_lateness_is_counted_in_the_first_bucket_that_reaches_it(late: int) -> None:
    lateness = Lateness(BORN)
    lateness.note(late)
    counts = lateness.since_start().counts
    bucket = counts.index(1)
    assert sum(counts) == 1
    assert bucket == len(LAG_BOUNDS) or late <= LAG_BOUNDS[bucket]
    assert bucket == 0 or late > LAG_BOUNDS[bucket - 1]


def test_a_turn_tells_the_worst_since_the_turn_before(lateness: Lateness) -> None:
    lateness.note(5)
    lateness.note(9)
    lateness.note(7)
    assert lateness.turn(at(1)) == 9
    assert lateness.turn(at(2)) == 0
    assert lateness.since_start().max == lateness.last_minute().max == 9


def test_what_is_older_than_a_minute_counts_from_the_start_alone(lateness: Lateness) -> None:
    lateness.note(LAG_BOUNDS[-1] + 1)
    for second in range(MINUTE):
        lateness.turn(at(second))
        assert lateness.last_minute().counts[-1] == 1
    for second in range(MINUTE, MINUTE + 11):
        lateness.turn(at(second))
    assert lateness.last_minute().max == sum(lateness.last_minute().counts) == 0
    assert lateness.since_start().max == LAG_BOUNDS[-1] + 1
    assert lateness.since_start().counts[-1] == 1


def test_after_a_long_pause_nothing_of_before_is_of_the_last_minute(lateness: Lateness) -> None:
    lateness.note(3)
    lateness.turn(at(10 * MINUTE))
    assert sum(lateness.last_minute().counts) == 0
    assert sum(lateness.since_start().counts) == 1


@given(st.lists(st.tuples(st.integers(0, 10**10), st.floats(0, 100)), max_size=30))
def test_nothing_is_lost_or_counted_twice(story: list[tuple[int, float]]) -> None:
    lateness = Lateness(BORN)
    clock = 0.0
    for late, pause in story:
        lateness.note(late)
        clock += pause
        lateness.turn(at(clock))
    assert sum(lateness.since_start().counts) == len(story)
    assert lateness.since_start().max == max((late for late, _ in story), default=0)
    assert sum(lateness.last_minute().counts) <= len(story)


def test_an_alarm_is_as_late_as_it_was_due_before_its_callback_ran() -> None:
    noted: list[int] = []
    queue = AlarmQueue(noted.append, now)
    due = now()
    for early in (3_000, 2_000, 1_000):
        queue.alarm(lambda _: None).set(Instant(due - early))
    queue.ring(due, due)
    late = now() - due
    assert [1_000 <= one <= late + 3_000 for one in noted] == [True] * 3


def test_an_alarm_that_was_moved_or_cleared_is_not_noted() -> None:
    noted: list[int] = []
    queue = AlarmQueue(noted.append, now)
    moved, cleared = queue.alarm(lambda _: None), queue.alarm(lambda _: None)
    for one in (moved, cleared):
        one.set(Instant(5))
    moved.set(Instant(50))
    cleared.set(None)
    queue.ring(Instant(10), Instant(10))
    assert noted == []


def test_a_loop_notes_the_lateness_of_its_alarms() -> None:
    with closing(Loop()) as loop:
        loop.alarm(lambda _: None).set(Instant(now() - seconds(2)))
        loop.dispatch()
        assert loop.lateness.turn(now()) >= seconds(2)
        assert loop.lateness.since_start().counts[-1] == 1


def test_noting_keeps_up_with_any_clock(lateness: Lateness) -> None:
    """A page that is turned to keeps being the one that is written."""
    note: Callable[[int], None] = lateness.note
    for second in range(0, 3 * MINUTE, 10):
        note(1)
        lateness.turn(at(second))
    assert sum(lateness.since_start().counts) == 18
