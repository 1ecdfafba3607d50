"""`failover.linux.clock`: on the real clock, so with generous bounds where one is too late, none where too early."""

import errno
import os
import select
import time
from collections.abc import Iterator

import pytest

from failover.linux.clock import Timer, now
from failover.vrrp.units import Instant

MILLISECOND = 1_000_000


@pytest.fixture
def timer() -> Iterator[Timer]:
    timer = Timer()
    yield timer
    timer.close()


def is_readable(timer: Timer, timeout: float) -> bool:
    with select.epoll() as epoll:
        epoll.register(timer.fileno(), select.EPOLLIN)
        return bool(epoll.poll(timeout))


def after(milliseconds: int) -> Instant:
    return Instant(now() + milliseconds * MILLISECOND)


def test_now_is_the_boot_clock() -> None:
    before = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    reading = now()
    assert before <= reading <= time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def test_it_wakes_at_the_instant_and_not_before(timer: Timer) -> None:
    at = after(20)
    timer.arm(at)
    assert is_readable(timer, 5)
    assert now() >= at


def test_it_is_disarmed_when_made(timer: Timer) -> None:
    assert not is_readable(timer, 0.01)


def test_an_instant_that_is_past_wakes_at_once(timer: Timer) -> None:
    for at in (Instant(now() - 1), Instant(1), Instant(0), Instant(-5)):
        timer.arm(at)
        assert is_readable(timer, 5)


def test_arming_again_replaces_the_instant(timer: Timer) -> None:
    timer.arm(after(10))
    later = after(40)
    timer.arm(later)
    assert is_readable(timer, 5)
    assert now() >= later


def test_arming_again_takes_back_an_expiry(timer: Timer) -> None:
    timer.arm(Instant(1))
    assert is_readable(timer, 5)
    timer.arm(after(60_000))
    assert not is_readable(timer, 0)


def test_a_disarmed_timer_never_wakes(timer: Timer) -> None:
    timer.arm(after(10))
    timer.disarm()
    assert not is_readable(timer, 0.03)


def test_a_timer_that_has_woken_is_quiet_once_it_is_disarmed_or_armed_anew(timer: Timer) -> None:
    for quieten in (timer.disarm, lambda: timer.arm(after(60_000))):
        timer.arm(Instant(1))
        assert is_readable(timer, 5)
        quieten()
        assert not is_readable(timer, 0.01)


def test_no_child_inherits_it(timer: Timer) -> None:
    assert not os.get_inheritable(timer.fileno())


def test_an_error_names_the_call() -> None:
    timer = Timer()
    timer.close()
    with pytest.raises(OSError, match="timerfd_settime: Bad file descriptor") as caught:
        timer.arm(Instant(1))
    assert caught.value.errno == errno.EBADF


def test_what_is_acknowledged_is_readable_no_more(timer: Timer) -> None:
    assert not timer.acknowledge()
    timer.arm(after(1))
    assert is_readable(timer, 5)
    assert timer.acknowledge()
    assert not is_readable(timer, 0.01)
    assert not timer.acknowledge()


def test_it_repeats_until_it_is_armed_again_or_disarmed(timer: Timer) -> None:
    began = after(2)
    timer.arm(began, 3 * MILLISECOND)
    for times in range(4):
        assert is_readable(timer, 5)
        assert now() >= began + 3 * times * MILLISECOND
        assert timer.acknowledge()
    later = after(30)
    timer.arm(later)
    assert is_readable(timer, 5)
    assert now() >= later
    assert timer.acknowledge()
    assert not is_readable(timer, 0.01)
    timer.arm(after(1), MILLISECOND)
    assert is_readable(timer, 5)
    timer.disarm()
    assert not is_readable(timer, 0.01)
