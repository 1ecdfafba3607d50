"""What Linux offers a process that must be punctual: real-time scheduling, locked memory, exact timers, its own CPUs.

Each function asks for one thing and raises `OSError` where it is refused; nothing here decides what to do then.
None of it may reach another program: the scheduling class is reset on fork, locks end with exec, and what is
inherited (`RLIMIT_RTTIME`, timer slack, affinity) is for the caller to take back around a spawn.
"""

import errno
import os
import resource
from collections.abc import Collection
from ctypes import CDLL, c_int, c_ulong, get_errno
from typing import Final

from failover.linux import capabilities

_LIBC: Final = CDLL(None, use_errno=True)
_MCL_CURRENT: Final = 1
_MCL_FUTURE: Final = 2
_MCL_ONFAULT: Final = 4
_PR_SET_TIMERSLACK: Final = 29
_PR_GET_TIMERSLACK: Final = 30
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
