"""Time on Linux: the clock of every `Instant`, and a timer that wakes epoll at one.

CLOCK_BOOTTIME goes on while the host sleeps. After a suspend the others have elected without us, and a clock that
had slept as well would let an expired master-down interval look fresh.
"""

import os
import time
from collections.abc import Callable
from ctypes import PyDLL, byref, c_char, c_int, get_errno
from functools import partial
from struct import Struct
from typing import Final, NamedTuple, cast

from failover.vrrp.units import NANOSECONDS_PER_SECOND, Instant

# Keeps the interpreter lock: the calls do not block.
_LIBC: Final = PyDLL(None, use_errno=True)
_TFD_NONBLOCK_CLOEXEC: Final = os.O_NONBLOCK | os.O_CLOEXEC
_TFD_TIMER_ABSTIME: Final = 1
_ITIMERSPEC: Final = Struct("@qqqq")
"""`it_interval` and `it_value`, each seconds and nanoseconds."""
_COUNT_BYTES: Final = 8


now: Final = cast("Callable[[], Instant]", partial(time.clock_gettime_ns, time.CLOCK_BOOTTIME))
"""The clock's reading, in nanoseconds since the host started; no function of ours, for it is asked at every turn."""


class Clock(NamedTuple):
    """What tells the time: the host's clocks (`SYSTEM`), or those of a test."""

    now: Callable[[], Instant]
    """That of every `Instant`."""
    wall: Callable[[], int]
    """Nanoseconds since the epoch: for people, and for what the kernel stamps. It may be set at any moment."""


SYSTEM: Final = Clock(now, time.time_ns)


class Timer:
    """A timerfd: readable from the instant for which it is armed until it is acknowledged, armed again or disarmed."""

    def __init__(self) -> None:
        """Make it, disarmed. `OSError` where the process is out of descriptors."""
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
        """Wake at `at` instead of whatever was set before, at once where that is past; again `every` nanoseconds."""
        self._set(max(at, 1), every)  # zero would disarm

    def disarm(self) -> None:
        """Never wake."""
        self._set(0, 0)

    def acknowledge(self) -> bool:
        """Be readable no more until it expires again; whether it had expired.

        One that repeats does not go on before.
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
