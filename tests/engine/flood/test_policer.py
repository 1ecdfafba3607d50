"""When the filter is narrowed, to what, and when it is not."""

import errno
from typing import cast

import pytest

from failover.engine.flood.policer import (
    ENOUGH_LOSING,
    ENOUGH_REFUSED,
    ENOUGH_UNTOLD,
    OPEN,
    PERIOD,
    Narrowing,
    Policer,
)
from failover.engine.loop.alarms import AlarmQueue
from failover.engine.loop.loop import Loop
from failover.linux.filter.sample import MOST_STREAMS, Stream
from failover.vrrp import Instant, seconds
from tests.vrrp.making import NOW, after

UNSOUND = Narrowing(unsound=True)
QUIET = Narrowing(unsound=True, quiet=True)
HALF = PERIOD // 2


STREAMS = [Stream(0x31, 51, bytes((240, 0, 0, number)), None) for number in range(30)]


def losing(*vrids: int, unsound: bool = False) -> Narrowing:
    return Narrowing(unsound, frozenset(vrids))


class Gate:
    """A gate, and what it has done."""

    def __init__(self) -> None:
        self.alarms, self.done, self.fails = AlarmQueue(lambda _: None, lambda: NOW), list[Narrowing](), False
        self.policer = Policer(cast(Loop, self.alarms), self.narrow)

    def narrow(self, narrowing: Narrowing) -> None:
        if self.fails:
            raise OSError(errno.ENOMEM, "no memory")
        self.done.append(narrowing)

    def refuse(self, times: int, at: Instant = NOW) -> None:
        for _ in range(times):
            self.policer.refused(at)

    def lose(self, vrid: int, times: int, at: Instant = NOW) -> None:
        for _ in range(times):
            self.policer.lost(vrid, at)

    def wait(self, until: Instant) -> None:
        self.alarms.ring(until, until)


@pytest.fixture
def policer() -> Gate:
    return Gate()


def test_enough_within_a_period_narrow_it_once_for_a_period(policer: Gate) -> None:
    policer.refuse(ENOUGH_REFUSED - 1)
    assert policer.done == []
    policer.refuse(1)
    policer.refuse(3 * ENOUGH_REFUSED)
    assert policer.done == [UNSOUND]
    policer.wait(after(NOW, PERIOD - 1))
    assert policer.done == [UNSOUND]
    policer.wait(after(NOW, PERIOD))
    assert policer.done == [UNSOUND, OPEN]


def test_what_the_kernel_cannot_tell_wakes_nobody_for_the_rest_of_the_period(policer: Gate) -> None:
    policer.refuse(ENOUGH_REFUSED)
    policer.refuse(ENOUGH_UNTOLD - 1)
    assert policer.done == [UNSOUND]
    policer.refuse(3 * ENOUGH_UNTOLD)
    assert policer.done == [UNSOUND, QUIET]
    assert policer.policer.refuses_unsound
    policer.wait(after(NOW, PERIOD))
    assert policer.done == [UNSOUND, QUIET, OPEN]
    assert not policer.policer.refuses_unsound


def test_a_flood_that_goes_on_narrows_it_again(policer: Gate) -> None:
    policer.refuse(ENOUGH_REFUSED)
    policer.wait(after(NOW, PERIOD))
    policer.refuse(ENOUGH_REFUSED, after(NOW, PERIOD))
    assert policer.done == [UNSOUND, OPEN, UNSOUND]


def test_the_same_number_in_more_time_does_nothing(policer: Gate) -> None:
    policer.refuse(ENOUGH_REFUSED - 1)
    policer.refuse(ENOUGH_REFUSED - 1, after(NOW, PERIOD))
    policer.lose(51, ENOUGH_LOSING - 1, after(NOW, PERIOD))
    policer.lose(51, ENOUGH_LOSING - 1, after(NOW, 2 * PERIOD))
    assert policer.done == []


def test_what_loses_is_refused_for_its_vrid_alone(policer: Gate) -> None:
    policer.lose(52, ENOUGH_LOSING - 1)
    policer.lose(51, ENOUGH_LOSING)
    assert policer.done == [losing(51)]
    policer.wait(after(NOW, PERIOD))
    assert policer.done == [losing(51), OPEN]


def test_four_rivals_at_the_shortest_interval_are_no_flood(policer: Gate) -> None:
    for tick in range(1000):
        policer.lose(51, 4, after(NOW, tick * seconds(0.01)))
    assert policer.done == []


def test_floods_of_both_kinds_and_of_several_routers_add_up_and_end_together(policer: Gate) -> None:
    policer.lose(51, ENOUGH_LOSING)
    policer.lose(52, ENOUGH_LOSING, after(NOW, HALF))
    policer.refuse(ENOUGH_REFUSED, after(NOW, PERIOD - 1))
    assert policer.done == [losing(51), losing(51, 52), losing(51, 52, unsound=True)]
    policer.wait(after(NOW, PERIOD))
    assert policer.done[-1] == OPEN


def test_when_a_router_changes_its_adverts_pass_again_at_once(policer: Gate) -> None:
    policer.lose(51, ENOUGH_LOSING)
    policer.lose(52, ENOUGH_LOSING)
    policer.policer.reopen(51, after(NOW, HALF))
    assert policer.done[-1] == losing(52)
    policer.wait(after(NOW, PERIOD))
    assert policer.done[-1] == OPEN


def test_a_change_of_a_router_that_nobody_floods_does_nothing(policer: Gate) -> None:
    policer.policer.reopen(51, NOW)
    policer.refuse(ENOUGH_REFUSED)
    policer.policer.reopen(51, NOW)
    assert policer.done == [UNSOUND]


def test_reopened_it_rings_no_more_and_narrows_again_when_the_flood_goes_on(policer: Gate) -> None:
    policer.lose(51, ENOUGH_LOSING)
    policer.policer.reopen(51, after(NOW, HALF))
    assert policer.done == [losing(51), OPEN]
    policer.lose(51, ENOUGH_LOSING, after(NOW, HALF))
    policer.wait(after(NOW, PERIOD))
    assert policer.done == [losing(51), OPEN, losing(51)]
    policer.wait(after(NOW, HALF + PERIOD))
    assert policer.done == [losing(51), OPEN, losing(51), OPEN]


def test_a_filter_that_cannot_be_set_stays_as_it_was_and_is_tried_again(policer: Gate) -> None:
    policer.fails = True
    policer.refuse(ENOUGH_REFUSED)
    policer.fails = False
    policer.refuse(ENOUGH_REFUSED)
    assert policer.done == [UNSOUND]
    policer.fails = True
    policer.wait(after(NOW, PERIOD))
    assert policer.done == [UNSOUND]
    policer.fails = False
    policer.wait(after(NOW, 2 * PERIOD))
    assert policer.done == [UNSOUND, OPEN]


def test_what_could_not_be_reopened_is_at_the_end_of_the_period(policer: Gate) -> None:
    policer.lose(51, ENOUGH_LOSING)
    policer.fails = True
    policer.policer.reopen(51, after(NOW, HALF))
    policer.fails = False
    policer.wait(after(NOW, PERIOD))
    assert policer.done == [losing(51), OPEN]


def test_a_closed_one_rings_no_more(policer: Gate) -> None:
    policer.refuse(ENOUGH_REFUSED)
    policer.policer.close()
    policer.wait(after(NOW, 10 * PERIOD))
    assert policer.done == [UNSOUND]


def test_senders_that_cannot_be_are_refused_for_a_period_and_nothing_else_is(policer: Gate) -> None:
    for number in range(ENOUGH_REFUSED):
        policer.policer.impossible(STREAMS[number % 3], NOW)
    assert policer.done == [Narrowing(impossible=frozenset(STREAMS[:3]))]
    for _ in range(2 * ENOUGH_REFUSED):  # what came before the filter was set
        policer.policer.impossible(STREAMS[0], NOW)
        policer.policer.impossible(None, NOW)
    assert len(policer.done) == 1
    policer.wait(after(NOW, PERIOD))
    assert policer.done[1:] == [OPEN]


def test_of_very_many_such_senders_some_are_refused_and_then_there_is_rest(policer: Gate) -> None:
    for number in range(20 * ENOUGH_REFUSED):
        policer.policer.impossible(STREAMS[number % len(STREAMS)], NOW)
    (done,) = policer.done
    assert len(done.impossible) == MOST_STREAMS


def test_among_many_such_senders_the_one_that_floods_is_refused(policer: Gate) -> None:
    trickle = STREAMS[1:]
    assert len(trickle) >= MOST_STREAMS
    for number in range(ENOUGH_REFUSED):
        policer.policer.impossible(trickle[number % len(trickle)] if number < 40 else STREAMS[0], NOW)
    (done,) = policer.done
    assert STREAMS[0] in done.impossible


def test_when_a_router_has_changed_a_sender_may_be_one(policer: Gate) -> None:
    other = STREAMS[0]._replace(vrid=52)
    for number in range(ENOUGH_REFUSED):
        policer.policer.impossible((STREAMS[0], other)[number % 2], NOW)
    policer.policer.reopen(51, NOW)
    policer.policer.reopen(53, NOW)
    assert [one.impossible for one in policer.done] == [{STREAMS[0], other}, {other}]
