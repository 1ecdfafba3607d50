"""Addresses that are missing are put back at once, and then not too often."""

from failover.engine.router.address_guard import RESTORE_EVERY, AddressGuard
from failover.vrrp import Instant, seconds
from tests.engine.simulated import SimulatedLoop, loop_of
from tests.vrrp.making import NOW, after


class Stage:
    def __init__(self) -> None:
        self.loop = SimulatedLoop()
        self.restored: list[Instant] = []
        self.guard = AddressGuard(loop_of(self.loop), self.restored.append)


def test_what_is_missing_is_put_back_at_once() -> None:
    stage = Stage()
    stage.guard.seen(NOW, complete=False)
    stage.loop.round()
    assert stage.restored == [NOW]


def test_what_keeps_being_removed_is_put_back_ten_times_a_second() -> None:
    stage = Stage()
    for step in range(100):
        stage.loop.run(after(NOW, step * seconds(0.01)))
        stage.guard.seen(stage.loop.now, complete=False)
        stage.loop.round()
    assert 10 <= len(stage.restored) <= 11


def test_while_they_are_being_put_there_none_is_missing_yet() -> None:
    stage = Stage()
    stage.guard.installed(NOW)
    stage.guard.seen(NOW, complete=False)
    stage.guard.seen(after(NOW, 1), complete=True)
    stage.loop.run(after(NOW, seconds(10)))
    assert stage.restored == []
    stage.guard.installed(stage.loop.now)
    stage.guard.seen(stage.loop.now, complete=False)
    stage.loop.run(after(stage.loop.now, RESTORE_EVERY))
    assert len(stage.restored) == 1


def test_what_the_kernel_has_refused_is_tried_again_once_a_second() -> None:
    stage = Stage()
    stage.guard.refused(NOW)
    stage.loop.run(after(NOW, seconds(0.9)))
    assert stage.restored == []
    stage.loop.run(after(NOW, seconds(1)))
    assert stage.restored == [after(NOW, seconds(1))]


def test_who_is_no_longer_master_puts_nothing_back() -> None:
    stage = Stage()
    stage.guard.installed(NOW)
    stage.guard.seen(NOW, complete=False)
    stage.guard.stop()
    stage.loop.run(after(NOW, seconds(10)))
    assert stage.restored == []
