"""Time on Linux: the clock of every `Instant`, and a timer that wakes epoll at one.

CLOCK_BOOTTIME goes on while the host sleeps. After a suspend the others have elected without us, and a clock that
had slept as well would let an expired master-down interval look fresh.
"""

import os
import time
from ctypes import CDLL, byref, c_char, c_int, get_errno
from struct import Struct
from typing import Final

from failover.vrrp.units import NANOSECONDS_PER_SECOND, Instant

_LIBC: Final = CDLL(None, use_errno=True)
_TFD_NONBLOCK_CLOEXEC: Final = os.O_NONBLOCK | os.O_CLOEXEC
_TFD_TIMER_ABSTIME: Final = 1
_ITIMERSPEC: Final = Struct("@qqqq")
"""`it_interval` and `it_value`, each seconds and nanoseconds."""
_VALUE: Final = Struct("@qq")
_VALUE_OFFSET: Final = 16


def now() -> Instant:
    """The clock's reading, in nanoseconds since the host started."""
    return Instant(time.clock_gettime_ns(time.CLOCK_BOOTTIME))


class Timer:
    """A timerfd: readable from the instant for which it is armed until it is armed again or disarmed."""

    def __init__(self) -> None:
        """Make it, disarmed. `OSError` where the process is out of descriptors."""
        self._fd = _LIBC.timerfd_create(time.CLOCK_BOOTTIME, _TFD_NONBLOCK_CLOEXEC)
        if self._fd < 0:
            raise _error("timerfd_create")
        self._spec = bytearray(_ITIMERSPEC.size)
        # Built once, so that arming only writes 16 bytes and makes the system call.
        self._arguments = (
            c_int(self._fd),
            c_int(_TFD_TIMER_ABSTIME),
            byref((c_char * _ITIMERSPEC.size).from_buffer(self._spec)),
            None,
        )

    def arm(self, at: Instant) -> None:
        """Wake at `at` instead of whatever was set before; at once where that is past."""
        self._set(max(at, 1))  # zero would disarm

    def disarm(self) -> None:
        """Never wake."""
        self._set(0)

    def fileno(self) -> int:
        """The descriptor, for epoll."""
        return int(self._fd)

    def close(self) -> None:
        os.close(self._fd)

    def _set(self, value_nanoseconds: int) -> None:
        _VALUE.pack_into(self._spec, _VALUE_OFFSET, *divmod(value_nanoseconds, NANOSECONDS_PER_SECOND))
        if _LIBC.timerfd_settime(*self._arguments):
            raise _error("timerfd_settime")


def _error(call: str) -> OSError:
    number = get_errno()
    return OSError(number, f"{call}: {os.strerror(number)}")
