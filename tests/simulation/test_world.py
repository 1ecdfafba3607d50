"""What the simulator itself promises: order, repetition, and that it ends."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.vrrp import Instant, seconds
from tests.simulation.loop import SimulatedLoop
from tests.simulation.world import World


class Mailbox:
    """A socket with a wake-up socket, which the loop listens to."""

    def __init__(self, loop: SimulatedLoop, note: Callable[[str], None]) -> None:
        self.waiting = self.rung = 0
        self.note = note
        self.wakeup = loop.open(lambda: self.rung > 0)
        self.mail = loop.open(lambda: self.waiting > 0)
        loop.listen(self.wakeup, self.mail, self.acknowledge, self.read)

    def arrive(self, *, rings: bool = True) -> None:
        self.waiting += 1
        self.rung += rings

    def acknowledge(self) -> int:
        rung, self.rung = self.rung, 0
        return rung

    def read(self) -> None:
        self.note(f"read {self.waiting}")
        self.waiting = 0


class Stage:
    """A loop, and what happened in it in which order."""

    def __init__(self) -> None:
        self.world = World()
        self.loop = SimulatedLoop(self.world)
        self.world.admit(self.loop)
        self.world.run_for(0)  # its first housekeeping
        self.notes: list[str] = []
        self.mailbox = Mailbox(self.loop, self.notes.append)

    def after(self, delay: float) -> Instant:
        return Instant(self.world.now + seconds(delay))

    def alarm(self, name: str, delay: float) -> None:
        self.loop.alarm(lambda _: self.notes.append(name)).set(self.after(delay))


@given(st.lists(st.integers(0, 20)))
def test_events_happen_in_order_and_of_the_same_instant_in_the_order_in_which_they_were_asked_for(
    delays: list[int],
) -> None:
    world = World()
    began, happened = world.now, list[tuple[int, int]]()
    for number, delay in enumerate(delays):
        world.at(Instant(began + delay), lambda number=number: happened.append((world.now - began, number)))  # type: ignore[misc]
    world.run(Instant(began + 20))
    assert happened == sorted(zip(delays, range(len(delays)), strict=True))


def test_what_arrives_at_the_instant_of_an_alarm_is_read_before_it_rings() -> None:
    stage = Stage()
    stage.alarm("alarm", 1)
    stage.world.at(stage.after(1), stage.mailbox.arrive)
    stage.world.run_for(2)
    assert stage.notes == ["read 1", "alarm"]


def test_what_has_woken_nobody_waits_for_the_next_round_and_is_read_first() -> None:
    stage = Stage()
    stage.loop.expect(stage.mailbox.wakeup, 1)
    stage.alarm("alarm", 1)
    stage.world.at(stage.after(0.5), lambda: stage.mailbox.arrive(rings=False))
    stage.world.run_for(0.9)
    assert stage.notes == []
    stage.world.run_for(0.1)
    assert stage.notes == ["read 1", "alarm"]


def test_what_wakes_nobody_is_read_before_it_becomes_too_much() -> None:
    stage = Stage()
    stage.loop.expect(stage.mailbox.wakeup, 256)
    stage.world.at(stage.after(0.5), lambda: stage.mailbox.arrive(rings=False))
    stage.world.run_for(1)
    assert stage.notes == ["read 1"]


def test_a_loop_that_stalls_reads_what_came_meanwhile_before_any_alarm_that_has_become_due() -> None:
    stage = Stage()
    stage.alarm("alarm", 1)
    stage.loop.stall(3)
    for delay in (0.5, 2):
        stage.world.at(stage.after(delay), stage.mailbox.arrive)
    stage.world.run_for(2.9)
    assert stage.notes == []
    stage.world.run_for(0.1)
    assert stage.notes == ["read 2", "alarm"]
    assert stage.loop.lateness.turn(stage.world.now) == seconds(2)


def test_an_alarm_that_sets_itself_for_now_without_end_is_found_out() -> None:
    stage = Stage()
    alarm = stage.loop.alarm(lambda _: None)
    alarm.callback = alarm.set
    alarm.set(stage.after(1))
    with pytest.raises(RuntimeError, match="time stands still at 1001000000000 ns"):
        stage.world.run_for(2)


def test_a_condition_stops_the_world_at_the_instant_at_which_it_is_met_or_is_missed_in_time() -> None:
    stage = Stage()
    began = stage.world.now
    stage.alarm("alarm", 1)
    stage.world.run_until(lambda: stage.notes, within=5)
    assert stage.world.now == began + seconds(1)
    with pytest.raises(TimeoutError, match="within 5 s"):
        stage.world.run_until(lambda: len(stage.notes) > 1, within=5)


def test_a_descriptor_that_is_closed_while_it_is_watched_is_an_error_of_whoever_closes_it() -> None:
    stage = Stage()
    with pytest.raises(ValueError, match="still watched"):
        stage.loop.close(stage.mailbox.wakeup)
    stage.loop.forget(stage.mailbox.wakeup)
    stage.loop.close(stage.mailbox.wakeup)
