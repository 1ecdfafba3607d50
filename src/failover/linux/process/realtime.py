"""What Linux offers a process that must be punctual: real-time scheduling, locked memory, exact timers, chosen CPUs.

Each function asks for one thing and raises `OSError` where the kernel refuses; what to do then is for the caller. None
of it may reach a child: the scheduling class is reset on fork and memory locks end with exec, but RLIMIT_RTTIME, timer
slack and CPU affinity are inherited, so the caller takes them back around a spawn.
"""

import errno
import os
import resource
import struct
import sys
from collections.abc import Collection
from ctypes import CDLL, c_int, c_long, c_size_t, c_uint, c_ulong, c_void_p, create_string_buffer, get_errno
from pathlib import Path
from typing import Final

from failover.linux.process import capabilities

_LIBC: Final = CDLL(None, use_errno=True)
_MCL_CURRENT: Final = 1
_MCL_FUTURE: Final = 2
_MCL_ONFAULT: Final = 4
_MADV_POPULATE_READ: Final = 22
_PR_SET_TIMERSLACK: Final = 29
_PR_GET_TIMERSLACK: Final = 30
_SCHED_SETATTR: Final = {"x86_64": 314, "aarch64": 274, "riscv64": 274, "ppc64le": 355, "s390x": 345}
"""The number of the system call by architecture; the next number is sched_getattr. Before 2.41, glibc has neither."""
_ATTRIBUTES: Final = struct.Struct("=IIQiIQQQ")
"""`struct sched_attr`: size, policy, flags, nice, priority; runtime, deadline and period in nanoseconds."""
_RESET_ON_FORK: Final = 1
_POLICIES: Final = {
    os.SCHED_OTHER: "SCHED_OTHER",
    os.SCHED_FIFO: "SCHED_FIFO",
    os.SCHED_RR: "SCHED_RR",
    os.SCHED_BATCH: "SCHED_BATCH",
    os.SCHED_IDLE: "SCHED_IDLE",
}


def schedule(priority: int) -> None:
    """Use SCHED_RR with this priority (1 to 99), in this process and not in its children (sched(7)).

    EPERM without CAP_SYS_NICE or a sufficient RLIMIT_RTPRIO. Round robin and not FIFO, so that one of several engines
    with the same priority cannot starve the others.
    """
    os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(priority))


def schedule_ordinarily() -> None:
    """Go back to ordinary scheduling, SCHED_OTHER. The kernel never refuses that."""
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def set_time_slice(nanoseconds: int) -> None:
    """Ask for CPU time in slices of this length, in this process and not in its children (sched_setattr(2)).

    A process with short slices gets the CPU sooner: on waking it need not wait for the end of another's slice. Linux
    6.12 and later; older kernels ignore it. Needs no privilege. Does nothing in a process that is not SCHED_OTHER.
    ENOSYS on an architecture whose system call number is not in `_SCHED_SETATTR`.
    """
    if os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK != os.SCHED_OTHER:
        return
    attributes = (_ATTRIBUTES.size, os.SCHED_OTHER, _RESET_ON_FORK, os.getpriority(os.PRIO_PROCESS, 0), 0)
    buffer = create_string_buffer(_ATTRIBUTES.pack(*attributes, nanoseconds, 0, 0))
    if _LIBC.syscall(_setattr(), c_int(0), buffer, c_uint(0)):
        raise _error("sched_setattr")


def time_slice() -> int:
    """The length of this process's time slice in nanoseconds; 0 where the kernel does not say, and for real time."""
    buffer = create_string_buffer(_ATTRIBUTES.size)
    try:
        failed = _LIBC.syscall(c_long(_setattr().value + 1), c_int(0), buffer, c_uint(len(buffer)), c_uint(0))
    except OSError:
        return 0
    return 0 if failed else int(_ATTRIBUTES.unpack(buffer.raw)[5])


def _setattr() -> c_long:
    """The number of sched_setattr; `OSError` ENOSYS where it is not known."""
    number = _SCHED_SETATTR.get(os.uname().machine) if sys.maxsize > 2**32 else None
    if number is None:
        raise OSError(errno.ENOSYS, f"sched_setattr: {os.strerror(errno.ENOSYS)}")
    return c_long(number)


def scheduling() -> tuple[str, int]:
    """The scheduling class by name and the real-time priority of this process, as the kernel has them."""
    policy = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
    return _POLICIES.get(policy, str(policy)), os.sched_getparam(0).sched_priority


def running_limit() -> int:
    """RLIMIT_RTTIME: the microseconds that a real-time process may run without sleeping before it gets SIGXCPU.

    -1: no limit. See getrlimit(2).
    """
    return resource.getrlimit(resource.RLIMIT_RTTIME)[0]


def limit_running(microseconds: int) -> None:
    """Set the soft RLIMIT_RTTIME to this, or to the hard limit where that is lower; see `running_limit`."""
    hard = resource.getrlimit(resource.RLIMIT_RTTIME)[1]
    wanted = microseconds if hard == resource.RLIM_INFINITY else min(microseconds, hard)
    resource.setrlimit(resource.RLIMIT_RTTIME, (wanted, hard))


def lock_memory() -> None:
    """Lock all memory that is mapped now, and later allocations from their first use on (mlockall(2)).

    EPERM under a limit (RLIMIT_MEMLOCK without CAP_IPC_LOCK): there, an allocation that exceeds the limit would fail,
    however much memory is free, and that is worse than memory that is not locked. Program and libraries are read in as
    a whole, so that a page that only a takeover needs need not come from a busy disk then. Other memory was never on a
    disk: of that, only what is used is locked. Linux before 5.14 cannot tell one from the other, and locks both.
    """
    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    if limit != resource.RLIM_INFINITY and not capabilities.has(capabilities.OPTIONAL["CAP_IPC_LOCK"]):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))
    _lock_all(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT)
    if not all(_read_in(start, length) for start, length in _mapped_files()):
        _lock_all(_MCL_CURRENT)
        _lock_all(_MCL_FUTURE | _MCL_ONFAULT)


def _lock_all(flags: int) -> None:
    if _LIBC.mlockall(c_int(flags)):
        raise _error("mlockall")


def _mapped_files() -> list[tuple[int, int]]:
    """Address and length of each part of a file that is mapped and can be read, as /proc/self/maps lists them."""
    found = []
    for line in Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines():
        span, mode, _, _, inode = line.split(None, 5)[:5]
        if inode != "0" and mode.startswith("r"):
            start, _, end = span.partition("-")
            found.append((int(start, 16), int(end, 16) - int(start, 16)))
    return found


def _read_in(start: int, length: int) -> bool:
    """Have mapped memory read in. Returns False where the kernel does not know how (before Linux 5.14)."""
    failed = _LIBC.madvise(c_void_p(start), c_size_t(length), c_int(_MADV_POPULATE_READ))
    return not failed or get_errno() != errno.EINVAL


def timer_slack() -> int:
    """The nanoseconds by which the kernel may delay a wake-up to join it with others; see PR_SET_TIMERSLACK(2const).

    Newer kernels say 0 for a real-time process.
    """
    return int(_LIBC.prctl(_PR_GET_TIMERSLACK, c_ulong(0), c_ulong(0), c_ulong(0), c_ulong(0)))


def set_timer_slack(nanoseconds: int) -> None:
    """Set the timer slack; the least is 1, for 0 means the default."""
    if _LIBC.prctl(_PR_SET_TIMERSLACK, c_ulong(nanoseconds), c_ulong(0), c_ulong(0), c_ulong(0)):
        raise _error("prctl(PR_SET_TIMERSLACK)")


def affinity() -> frozenset[int]:
    """The CPUs on which this process may run."""
    return frozenset(os.sched_getaffinity(0))


def set_affinity(cpus: Collection[int]) -> None:
    """Run on these CPUs only. EINVAL where this process may use none of them."""
    os.sched_setaffinity(0, cpus)


def _error(call: str) -> OSError:
    number = get_errno()
    return OSError(number, f"{call}: {os.strerror(number)}")
