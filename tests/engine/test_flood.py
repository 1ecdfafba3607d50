"""When the filter is narrowed, and when it is not."""

import errno
from typing import cast

import pytest

from failover.engine.flood import ENOUGH, PERIOD, Floodgate
from failover.engine.loop import Loop
from failover.engine.timers import AlarmQueue
from failover.vrrp import Instant
from tests.vrrp.making import NOW, after


class Gate:
    """A gate, and what it has done."""

    def __init__(self) -> None:
        self.alarms, self.done, self.fails = AlarmQueue(lambda _: None), list[bool](), False
        self.gate = Floodgate(cast(Loop, self.alarms), self.narrow)

    def narrow(self, narrowly: bool) -> None:  # noqa: FBT001 - as the gate calls it
        if self.fails:
            raise OSError(errno.ENOMEM, "no memory")
        self.done.append(narrowly)

    def refuse(self, times: int, at: Instant = NOW) -> None:
        for _ in range(times):
            self.gate.refused(at)

    def wait(self, until: Instant) -> None:
        self.alarms.ring(until, until)


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_enough_within_a_period_narrow_it_once_for_a_period(gate: Gate) -> None:
    gate.refuse(ENOUGH - 1)
    assert gate.done == []
    gate.refuse(1)
    gate.refuse(3 * ENOUGH)
    assert gate.done == [True]
    gate.wait(after(NOW, PERIOD - 1))
    assert gate.done == [True]
    gate.wait(after(NOW, PERIOD))
    assert gate.done == [True, False]


def test_a_flood_that_goes_on_narrows_it_again(gate: Gate) -> None:
    gate.refuse(ENOUGH)
    gate.wait(after(NOW, PERIOD))
    gate.refuse(ENOUGH, after(NOW, PERIOD))
    assert gate.done == [True, False, True]


def test_the_same_number_in_more_time_does_nothing(gate: Gate) -> None:
    gate.refuse(ENOUGH - 1)
    gate.refuse(ENOUGH - 1, after(NOW, PERIOD))
    assert gate.done == []


def test_a_filter_that_cannot_be_set_stays_as_it_was_and_is_tried_again(gate: Gate) -> None:
    gate.fails = True
    gate.refuse(ENOUGH)
    gate.fails = False
    gate.refuse(ENOUGH)
    assert gate.done == [True]
    gate.fails = True
    gate.wait(after(NOW, PERIOD))
    assert gate.done == [True]
    gate.fails = False
    gate.wait(after(NOW, 2 * PERIOD))
    assert gate.done == [True, False]


def test_a_closed_one_rings_no_more(gate: Gate) -> None:
    gate.refuse(ENOUGH)
    gate.gate.close()
    gate.wait(after(NOW, 10 * PERIOD))
    assert gate.done == [True]
