"""Strays are removed at once, then not too often, and whoever keeps adding them is noticed."""

from ipaddress import ip_interface

import pytest

from failover.engine.fleet.addresses.stray_limit import (
    CONTESTED_AFTER,
    COUNTED_FOR,
    OVER_AFTER,
    REMOVE_EVERY,
    StrayLimit,
)
from failover.vrrp import Instant, VirtualAddress, seconds
from tests.engine.simulated import SimulatedLoop, loop_of
from tests.vrrp.making import NOW, after

ONE: VirtualAddress = ip_interface("192.0.2.100/24")
OTHER: VirtualAddress = ip_interface("2001:db8::100/64")


class Stage:
    def __init__(self) -> None:
        self.loop = SimulatedLoop()
        self.looked: list[Instant] = []
        self.over: list[Instant] = []
        self.limit = StrayLimit(loop_of(self.loop), lambda: self.looked.append(self.loop.now), self.over.append)

    def remove(self, *strays: VirtualAddress, times: int = 1) -> None:
        """As often, as fast as it may be."""
        for _ in range(times):
            self.loop.run(after(self.loop.now, REMOVE_EVERY))
            assert self.limit.admit(strays, self.loop.now)

    def contested(self) -> set[VirtualAddress]:
        return set(self.limit.contested)


def test_the_first_goes_at_once_and_the_next_has_to_wait_and_is_not_forgotten() -> None:
    stage = Stage()
    assert stage.limit.admit([ONE], NOW)
    stage.loop.run(after(NOW, seconds(0.01)))
    assert not stage.limit.admit([ONE], stage.loop.now)
    assert not stage.limit.admit([OTHER], stage.loop.now)
    stage.loop.run(after(NOW, seconds(1)))
    assert stage.looked == [after(NOW, REMOVE_EVERY)]


def test_what_keeps_coming_is_removed_ten_times_a_second() -> None:
    stage = Stage()
    removed = 0
    for step in range(100):
        stage.loop.run(after(NOW, step * seconds(0.01)))
        removed += stage.limit.admit([ONE], stage.loop.now)
    assert removed == 10


def test_it_is_contested_when_it_comes_back_again_and_again_until_it_stays_away() -> None:
    stage = Stage()
    stage.remove(ONE, times=CONTESTED_AFTER - 1)
    stage.remove(OTHER)
    assert stage.contested() == set()
    stage.remove(ONE, OTHER)
    assert stage.contested() == {ONE}
    last = stage.loop.now
    stage.remove(OTHER)
    assert stage.contested() == {ONE, OTHER}
    stage.loop.run(after(last, OVER_AFTER - 1))
    assert stage.contested() == {ONE, OTHER}
    stage.loop.run(after(last, OVER_AFTER))
    assert stage.contested() == {OTHER}
    stage.loop.run(after(last, seconds(60)))
    assert stage.contested() == set()
    assert stage.over == [after(last, OVER_AFTER), after(last, OVER_AFTER + REMOVE_EVERY)]


@pytest.mark.parametrize("gap", [0.2, 3.6, 8.0, 29.0])
def test_what_takes_its_time_to_come_back_is_contested_until_it_has_stayed_away_for_longer(gap: float) -> None:
    stage = Stage()
    for _ in range(CONTESTED_AFTER + 2):
        stage.loop.run(after(stage.loop.now, seconds(gap)))
        stage.limit.admit([ONE], stage.loop.now)
    assert stage.over == [], "it was contested all the time"
    assert stage.contested() == {ONE}
    stage.loop.run(after(stage.loop.now, max(OVER_AFTER, seconds(2 * gap))))
    assert stage.contested() == set()


def test_what_came_back_after_long_begins_anew() -> None:
    stage = Stage()
    for _ in range(10):
        stage.remove(ONE, times=CONTESTED_AFTER - 1)
        stage.loop.run(after(stage.loop.now, COUNTED_FOR))
    assert stage.contested() == set()


def test_a_port_that_is_left_calls_nobody() -> None:
    stage = Stage()
    stage.limit.admit([ONE], NOW)
    stage.limit.admit([ONE], NOW)
    stage.limit.retire()
    stage.loop.run(after(NOW, seconds(60)))
    assert stage.looked == stage.over == []
