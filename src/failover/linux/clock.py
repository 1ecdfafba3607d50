"""Time on Linux: the clock of every `Instant`, and a timer that wakes epoll at an instant.

The clock is CLOCK_BOOTTIME, which goes on while the host is suspended. During a suspend the other routers elect a new
MASTER; with a clock that stopped too, an expired master-down interval would look as if it still ran.
"""

import os
import time
from collections.abc import Callable
from ctypes import PyDLL, byref, c_char, c_int, get_errno
from functools import partial
from struct import Struct
from typing import Final, NamedTuple, cast

from failover.vrrp.units import NANOSECONDS_PER_SECOND, Instant

# PyDLL keeps the interpreter lock during a call: these calls do not block.
_LIBC: Final = PyDLL(None, use_errno=True)
_TFD_NONBLOCK_CLOEXEC: Final = os.O_NONBLOCK | os.O_CLOEXEC
_TFD_TIMER_ABSTIME: Final = 1
_ITIMERSPEC: Final = Struct("@qqqq")
"""`struct itimerspec`: `it_interval` and `it_value`, each in seconds and nanoseconds."""
_COUNT_BYTES: Final = 8


now: Final = cast("Callable[[], Instant]", partial(time.clock_gettime_ns, time.CLOCK_BOOTTIME))
"""The time now, in nanoseconds since the host started. Called so often that a Python function would be too slow."""


class Clock(NamedTuple):
    """The two clocks that the engine reads: the host's (`SYSTEM`), or those of a test."""

    now: Callable[[], Instant]
    """The monotonic clock that every `Instant` is a reading of."""
    wall: Callable[[], int]
    """The wall clock, in nanoseconds since 1970: for people, and to compare with the kernel's time stamps of packets.
    It may jump at any moment."""


SYSTEM: Final = Clock(now, time.time_ns)


class Timer:
    """A timerfd(2): readable once it has expired, until it is acknowledged, armed again or disarmed."""

    def __init__(self) -> None:
        """Make a timer that is not armed. `OSError` where the process has no descriptor left."""
        self._fd = _LIBC.timerfd_create(time.CLOCK_BOOTTIME, _TFD_NONBLOCK_CLOEXEC)
        if self._fd < 0:
            raise _error("timerfd_create")
        self._spec = bytearray(_ITIMERSPEC.size)
        # Built once, so that arming only writes 32 bytes and makes the system call.
        self._arguments = (
            c_int(self._fd),
            c_int(_TFD_TIMER_ABSTIME),
            byref((c_char * _ITIMERSPEC.size).from_buffer(self._spec)),
            None,
        )

    def arm(self, at: Instant, every: int = 0) -> None:
        """Expire at `at` instead of any instant set before, and then again `every` nanoseconds (0: only once).

        Where `at` has passed it expires at once.
        """
        self._set(max(at, 1), every)  # zero would disarm

    def disarm(self) -> None:
        """Never expire."""
        self._set(0, 0)

    def acknowledge(self) -> bool:
        """Read the timer, so that it is not readable until it expires again. Returns whether it had expired.

        A periodic timer that has expired stands still until it is acknowledged.
        """
        try:
            os.read(self._fd, _COUNT_BYTES)
        except BlockingIOError:
            return False
        return True

    def fileno(self) -> int:
        """The descriptor, for epoll."""
        return int(self._fd)

    def close(self) -> None:
        os.close(self._fd)

    def _set(self, value: int, interval: int) -> None:
        per_second = NANOSECONDS_PER_SECOND
        _ITIMERSPEC.pack_into(self._spec, 0, *divmod(interval, per_second), *divmod(value, per_second))
        if _LIBC.timerfd_settime(*self._arguments):
            raise _error("timerfd_settime")


def _error(call: str) -> OSError:
    number = get_errno()
    return OSError(number, f"{call}: {os.strerror(number)}")
