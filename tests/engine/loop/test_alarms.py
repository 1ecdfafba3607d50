"""Alarms, compared with the obvious model: a time for each, or none."""

from collections.abc import Callable
from typing import Never

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from failover.engine.loop.alarms import Alarm, AlarmQueue
from failover.vrrp import Instant, Interval, seconds
from tests.engine.simulated import first_of

ALARMS = 4
TIMES = st.none() | st.integers(0, 50).map(Instant)
SETTINGS = st.tuples(st.integers(0, ALARMS - 1), TIMES)
RINGS = st.integers(0, 50).map(Instant)
NOW = Instant(1000)
AT_ONCE = Interval(0)
PACES = st.sampled_from([AT_ONCE, seconds(0.0004), seconds(0.002)])


def _never(_: Instant) -> Never:
    pytest.fail("too early")


class Model:
    """The queue beside what it must be equal to; `reactions` are what the next callbacks set.

    Each callback takes as long as `pace` says.
    """

    def __init__(self, reactions: list[list[tuple[int, Instant | None]]], pace: Interval = AT_ONCE) -> None:
        self.clock, self.pace = NOW, pace
        self.began = NOW
        self.queue = AlarmQueue(lambda _: None, lambda: self.clock)
        self.at: list[Instant | None] = [None] * ALARMS
        self.rung: list[Instant] = []
        self.reactions = reactions
        self.due = Instant(0)
        self.alarms = [self.queue.alarm(self.callback(number)) for number in range(ALARMS)]

    def callback(self, number: int) -> Callable[[Instant], None]:
        def called(now: Instant) -> None:
            assert now == self.began
            self.clock = Instant(self.clock + self.pace)
            at = self.at[number]
            assert at is not None, "rang without being set, or twice"
            assert at <= self.due, "rang early"
            self.rung.append(at)
            self.at[number] = None
            for setting in self.reactions.pop() if self.reactions else ():
                self.set(*setting)

        return called

    def set(self, number: int, at: Instant | None) -> None:
        self.at[number] = at
        self.alarms[number].set(at)

    def ring(self, due: Instant) -> None:
        """As many turns as it takes."""
        self.due = due
        self.rung.clear()
        more = True
        while more:
            self.began = self.clock
            more = self.queue.ring(due, self.began)

    def check(self) -> None:
        assert [alarm.at for alarm in self.alarms] == self.at
        waiting = [at for at in self.at if at is not None]
        for now in (0, self.due, self.due + 7):
            bound, certain = self.queue.upcoming(Instant(now), within=5) or (None, None)
            earliest = min(waiting, default=None)
            if bound != earliest:
                assert bound is not None, "an alarm is forgotten"
                assert earliest is None or now < bound < earliest, "too late to wake up, or for ever too early"
            assert certain is None or certain.at == bound == earliest
        first = first_of(self.queue)
        assert (first.at if first else None) == min(waiting, default=None)


@given(
    steps=st.lists(SETTINGS | RINGS, max_size=40),
    reactions=st.lists(st.lists(SETTINGS, max_size=3), max_size=10),
    pace=PACES,
)
def test_every_alarm_rings_once_when_it_is_due_whatever_was_set_in_between(
    steps: list[tuple[int, Instant | None] | Instant], reactions: list[list[tuple[int, Instant | None]]], pace: Interval
) -> None:
    model = Model(reactions, pace)
    for step in steps:
        if isinstance(step, tuple):
            model.set(*step)
        else:
            model.ring(step)
            assert not [at for at in model.at if at is not None and at <= step], "did not ring"
        model.check()


@given(steps=st.lists(SETTINGS, max_size=40), due=RINGS, pace=PACES)
@example(steps=[(0, Instant(10)), (0, Instant(12)), (1, Instant(11))], due=Instant(20), pace=AT_ONCE)
def test_alarms_ring_in_the_order_of_their_times(
    steps: list[tuple[int, Instant | None]], due: Instant, pace: Interval
) -> None:
    model = Model([], pace)
    for step in steps:
        model.set(*step)
    model.ring(due)
    assert model.rung == sorted(model.rung)


def test_a_turn_ends_when_a_millisecond_is_over_and_the_next_goes_on_where_it_ended() -> None:
    clock = NOW

    def take(interval: float) -> Callable[[Instant], None]:
        def callback(_: Instant) -> None:
            nonlocal clock
            clock = Instant(clock + seconds(interval))
            rung[-1] += 1

        return callback

    queue, rung = AlarmQueue(lambda _: None, lambda: clock), list[int]()
    for at in range(10):
        queue.alarm(take(0.0004)).set(Instant(at))
    queue.alarm(take(0)).set(Instant(11))
    told = []
    for _ in range(4):
        rung.append(0)
        told.append(queue.ring(Instant(10), clock))
    assert rung == [4, 4, 2, 0]
    assert told == [True, True, False, False]


def test_what_goes_first_does_not_wait_for_what_was_due_before() -> None:
    clock, story = NOW, list[str]()

    def slow(_: Instant) -> None:
        nonlocal clock
        clock = Instant(clock + seconds(0.0004))
        story.append("slow")

    queue = AlarmQueue(lambda _: None, lambda: clock)
    for at in range(6):
        queue.alarm(slow).set(Instant(at))
    first = queue.alarm(lambda _: story.append("first"), goes_first=True)
    first.set(Instant(6))
    while queue.ring(Instant(10), clock):
        first.set(Instant(7))
    assert story == ["first", *["slow"] * 4, "first", *["slow"] * 2]


def test_an_alarm_that_is_moved_or_cleared_while_it_waits_for_its_turn_does_not_ring_in_it() -> None:
    clock = NOW

    def slow(_: Instant) -> None:
        nonlocal clock
        clock = Instant(clock + seconds(0.002))

    queue, rung = AlarmQueue(lambda _: None, lambda: clock), list[str]()
    queue.alarm(slow).set(Instant(1))
    queue.alarm(slow).set(Instant(2))
    moved, cleared = queue.alarm(lambda _: rung.append("moved")), queue.alarm(lambda _: rung.append("cleared"))
    moved.set(Instant(3))
    cleared.set(Instant(4))
    assert queue.ring(Instant(10), clock)
    moved.set(Instant(20))
    cleared.set(None)
    while queue.ring(Instant(10), clock):
        pass
    assert rung == []
    assert first_of(queue) is moved
    queue.ring(Instant(20), clock)
    assert rung == ["moved"]


def alarm_of(queue: AlarmQueue) -> Alarm:
    return queue.alarm(lambda _: None)


def test_moving_an_alarm_later_puts_nothing_in_the_heap() -> None:
    queue = AlarmQueue(lambda _: None, lambda: NOW)
    alarm = alarm_of(queue)
    for at in range(10_000):
        alarm.set(Instant(at))
    assert len(queue._heap) == 1


def test_entries_of_alarms_that_moved_earlier_are_gone_once_their_time_has_come() -> None:
    queue = AlarmQueue(lambda _: None, lambda: NOW)
    alarm = alarm_of(queue)
    for at in range(100, 0, -1):
        alarm.set(Instant(at))
    alarm.set(None)
    queue.ring(Instant(100), Instant(100))
    assert first_of(queue) is None


def test_entries_of_an_alarm_do_not_multiply() -> None:
    queue = AlarmQueue(lambda _: None, lambda: NOW)
    alarm = alarm_of(queue)
    for at in range(100, 0, -1):
        alarm.set(Instant(at))
    alarm.set(Instant(200))
    queue.ring(Instant(100), Instant(100))
    assert len(queue._heap) == 1


@given(first=st.integers(0, 50), put_off=st.lists(st.integers(0, 50), min_size=1, max_size=5))
def test_an_alarm_that_is_put_off_rings_when_that_is_over(first: int, put_off: list[int]) -> None:
    rung, until = list[int](), Instant(0)
    queue = AlarmQueue(lambda _: None, lambda: NOW)
    alarm = queue.alarm(rung.append, put_off=lambda: until)
    alarm.set(Instant(first))
    for at in sorted(put_off):
        queue.upcoming(Instant(0), within=at)  # asked for while it is near, or not
        until = Instant(at)
    last = Instant(max(first, until))
    queue.ring(Instant(last - 1), NOW)
    assert rung == []
    assert first_of(queue) is alarm
    assert alarm.at == last
    queue.ring(last, NOW)
    assert rung == [NOW]


def test_an_alarm_that_is_put_off_again_and_again_is_asked_when_it_comes_near() -> None:
    """As that of BACKUPs is by each advertisement."""
    asked, until = list[Instant](), Instant(0)

    def put_off() -> Instant:
        asked.append(until)
        return until

    queue = AlarmQueue(lambda _: None, lambda: NOW)
    queue.alarm(_never, put_off=put_off).set(Instant(360))
    for now in range(100, 2000, 100):
        until = Instant(now + 360)
        upcoming = queue.upcoming(Instant(now), within=150)
        assert upcoming is not None
        assert upcoming[0] > now + 150, "it would be looked at again before that"
    assert len(asked) < 2 * 18 / 3


def test_an_alarm_that_is_not_set_is_not_asked() -> None:
    queue = AlarmQueue(lambda _: None, lambda: NOW)
    alarm = queue.alarm(_never, put_off=lambda: _never(NOW))
    alarm.set(Instant(10))
    alarm.set(None)
    assert not queue.ring(Instant(20), NOW)
    assert first_of(queue) is None


def test_nothing_is_to_wake_up_for_without_an_alarm() -> None:
    queue = AlarmQueue(lambda _: None, lambda: NOW)
    alarm_of(queue)
    assert first_of(queue) is None
