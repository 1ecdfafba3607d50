"""What Linux offers a process that must be punctual: real-time scheduling, locked memory, exact timers, its own CPUs.

Each function asks for one thing and raises `OSError` where it is refused; nothing here decides what to do then.
None of it may reach another program: the scheduling class is reset on fork, locks end with exec, and what is
inherited (`RLIMIT_RTTIME`, timer slack, affinity) is for the caller to take back around a spawn.
"""

import errno
import os
import resource
import struct
import sys
from collections.abc import Collection
from ctypes import CDLL, c_int, c_long, c_uint, c_ulong, create_string_buffer, get_errno
from typing import Final

from failover.linux.process import capabilities

_LIBC: Final = CDLL(None, use_errno=True)
_MCL_CURRENT: Final = 1
_MCL_FUTURE: Final = 2
_MCL_ONFAULT: Final = 4
_PR_SET_TIMERSLACK: Final = 29
_PR_GET_TIMERSLACK: Final = 30
_SCHED_SETATTR: Final = {"x86_64": 314, "aarch64": 274, "riscv64": 274, "ppc64le": 355, "s390x": 345}
"""The number of the system call, where it is known; the next one is sched_getattr. Before 2.41 glibc has neither."""
_ATTRIBUTES: Final = struct.Struct("=IIQiIQQQ")
"""struct sched_attr: size, policy, flags, nice, priority; runtime, deadline and period in nanoseconds."""
_RESET_ON_FORK: Final = 1
_POLICIES: Final = {
    os.SCHED_OTHER: "SCHED_OTHER",
    os.SCHED_FIFO: "SCHED_FIFO",
    os.SCHED_RR: "SCHED_RR",
    os.SCHED_BATCH: "SCHED_BATCH",
    os.SCHED_IDLE: "SCHED_IDLE",
}


def schedule(priority: int) -> None:
    """SCHED_RR, for this process and not for its children. EPERM without CAP_SYS_NICE (or RLIMIT_RTPRIO).

    Round robin, and not FIFO, so that one of several engines with the same priority cannot starve the others.
    """
    os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(priority))


def schedule_ordinarily() -> None:
    """SCHED_OTHER; never refused."""
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def set_time_slice(nanoseconds: int) -> None:
    """Ask for CPU in slices of this length, as an ordinary process and not for its children (sched(7), Linux 6.12).

    Whoever asks for little at a time gets it sooner: on waking it does not wait for the slice of another to end.
    Needs no privilege; older kernels take no notice. Whoever is no ordinary process already stays what it is. ENOSYS
    where the system call is not known.
    """
    if os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK != os.SCHED_OTHER:
        return
    attributes = (_ATTRIBUTES.size, os.SCHED_OTHER, _RESET_ON_FORK, os.getpriority(os.PRIO_PROCESS, 0), 0)
    buffer = create_string_buffer(_ATTRIBUTES.pack(*attributes, nanoseconds, 0, 0))
    if _LIBC.syscall(_setattr(), c_int(0), buffer, c_uint(0)):
        raise _error("sched_setattr")


def time_slice() -> int:
    """That length in nanoseconds; 0 where the kernel does not say, and for a real-time process."""
    buffer = create_string_buffer(_ATTRIBUTES.size)
    try:
        failed = _LIBC.syscall(c_long(_setattr().value + 1), c_int(0), buffer, c_uint(len(buffer)), c_uint(0))
    except OSError:
        return 0
    return 0 if failed else int(_ATTRIBUTES.unpack(buffer.raw)[5])


def _setattr() -> c_long:
    number = _SCHED_SETATTR.get(os.uname().machine) if sys.maxsize > 2**32 else None
    if number is None:
        raise OSError(errno.ENOSYS, f"sched_setattr: {os.strerror(errno.ENOSYS)}")
    return c_long(number)


def scheduling() -> tuple[str, int]:
    """Scheduling class and priority as the kernel has them."""
    policy = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
    return _POLICIES.get(policy, str(policy)), os.sched_getparam(0).sched_priority


def running_limit() -> int:
    """Microseconds that a real-time process may compute without ever sleeping before it gets SIGXCPU; -1: no limit."""
    return resource.getrlimit(resource.RLIMIT_RTTIME)[0]


def limit_running(microseconds: int) -> None:
    """Set it, as far as the hard limit allows."""
    hard = resource.getrlimit(resource.RLIMIT_RTTIME)[1]
    wanted = microseconds if hard == resource.RLIM_INFINITY else min(microseconds, hard)
    resource.setrlimit(resource.RLIMIT_RTTIME, (wanted, hard))


def lock_memory() -> None:
    """Keep what is mapped in memory, all of it, and what will be from its first use. EPERM where that could backfire.

    Under a limit (RLIMIT_MEMLOCK) an allocation that would exceed it fails, be there ever so much memory: better
    not locked than that. Program and libraries are read in whole, for a page that only a takeover needs must not
    come from a busy disk then; memory allocated later, which never was on a disk, takes no more than it uses.
    """
    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    if limit != resource.RLIM_INFINITY and not capabilities.has(capabilities.OPTIONAL["CAP_IPC_LOCK"]):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))
    for flags in (_MCL_CURRENT, _MCL_FUTURE | _MCL_ONFAULT):
        if _LIBC.mlockall(c_int(flags)):
            raise _error("mlockall")


def timer_slack() -> int:
    """Nanoseconds by which the kernel may put off a wake-up to join it with others; newer kernels: 0 for real time."""
    return int(_LIBC.prctl(_PR_GET_TIMERSLACK, c_ulong(0), c_ulong(0), c_ulong(0), c_ulong(0)))


def set_timer_slack(nanoseconds: int) -> None:
    """Set it; 1 is the least."""
    if _LIBC.prctl(_PR_SET_TIMERSLACK, c_ulong(nanoseconds), c_ulong(0), c_ulong(0), c_ulong(0)):
        raise _error("prctl(PR_SET_TIMERSLACK)")


def affinity() -> frozenset[int]:
    """The CPUs on which this process may run."""
    return frozenset(os.sched_getaffinity(0))


def set_affinity(cpus: Collection[int]) -> None:
    """Run on these CPUs alone. EINVAL where none of them is there for this process."""
    os.sched_setaffinity(0, cpus)


def _error(call: str) -> OSError:
    number = get_errno()
    return OSError(number, f"{call}: {os.strerror(number)}")
