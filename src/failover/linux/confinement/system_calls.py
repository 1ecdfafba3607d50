"""A filter of system calls (seccomp(2)): what a process may still ask of the kernel once it serves others.

A list of what is allowed, for a Python program that reads files, answers on sockets that it has, and keeps a log; all
else is refused with EPERM, as a right that it does not have. A call that is newer than the list is answered with
ENOSYS, as an older kernel does, and the C library takes another one.
"""

import errno
import os
import sys
from collections.abc import Iterator
from ctypes import CDLL, c_ulong, create_string_buffer, get_errno
from typing import Final, NamedTuple

from failover.linux.filter.bpf import (
    JUMP_IF_ANY_BIT,
    JUMP_IF_EQUAL,
    JUMP_IF_GREATER,
    LOAD_WORD,
    RETURN,
    Instruction,
    Program,
    assembled,
)

_LIBC: Final = CDLL(None, use_errno=True)
_PR_SET_SECCOMP: Final = 22
_SECCOMP_MODE_FILTER: Final = 2

_NUMBER_AT: Final = 0
_ARCHITECTURE_AT: Final = 4
_ARGUMENTS_AT: Final = 16
"""Offsets in `struct seccomp_data`; an argument has eight bytes, on these machines the lower four first."""
_ALLOW: Final = 0x7FFF0000
_ERRNO: Final = 0x00050000


class Machine(NamedTuple):
    """What differs between architectures."""

    audit: int
    """AUDIT_ARCH of linux/audit.h: programs of another architecture call by other numbers."""
    numbers: int
    """Which column of `CALLS` has its numbers."""


MACHINES: Final = {
    "x86_64": Machine(0xC000003E, 0),
    "aarch64": Machine(0xC00000B7, 1),
    "riscv64": Machine(0xC00000F3, 1),
}
"""The architectures that there is a filter for, by what uname(2) calls them."""

CALLS: Final = """
read 0 63; write 1 64; readv 19 65; writev 20 66; pread64 17 67; pwrite64 18 68; close 3 57; close_range 436 436;
lseek 8 62; fsync 74 82; fdatasync 75 83; open 2 -; openat 257 56; stat 4 -; fstat 5 80; lstat 6 -; newfstatat 262 79;
statx 332 291; access 21 -; faccessat 269 48; faccessat2 439 439; readlink 89 -; readlinkat 267 78; getdents64 217 61;
getcwd 79 17; fcntl 72 25; flock 73 32; dup 32 23; dup2 33 -; dup3 292 24; pipe2 293 59; ioctl 16 29; mmap 9 222;
mprotect 10 226; munmap 11 215; mremap 25 216; madvise 28 233; brk 12 214; mincore 27 232; membarrier 324 283;
rt_sigaction 13 134; rt_sigprocmask 14 135; rt_sigreturn 15 139; rt_sigpending 127 136; rt_sigtimedwait 128 137;
rt_sigsuspend 130 133; sigaltstack 131 132; signalfd4 289 74; poll 7 -; ppoll 271 73; select 23 -; pselect6 270 72;
epoll_create1 291 20; epoll_ctl 233 21; epoll_wait 232 -; epoll_pwait 281 22; epoll_pwait2 441 441; eventfd2 290 19;
timerfd_create 283 85; timerfd_settime 286 86; socket 41 198; socketpair 53 199; connect 42 203; accept 43 202;
accept4 288 242; sendto 44 206; recvfrom 45 207; sendmsg 46 211; recvmsg 47 212; sendmmsg 307 269; recvmmsg 299 243;
shutdown 48 210; listen 50 201; getsockname 51 204; getpeername 52 205; setsockopt 54 208; getsockopt 55 209;
clock_gettime 228 113; clock_getres 229 114; clock_nanosleep 230 115; nanosleep 35 101; gettimeofday 96 169;
time 201 -; times 100 153; getpid 39 172; getppid 110 173; gettid 186 178; getuid 102 174; geteuid 107 175;
getgid 104 176; getegid 108 177; getgroups 115 158; getresuid 118 148; getresgid 120 150; getpgid 121 155;
getsid 124 156; getrandom 318 278; uname 63 160; sysinfo 99 179; getrusage 98 165; getrlimit 97 163;
prlimit64 302 261; sched_yield 24 124; sched_getaffinity 204 123; sched_getscheduler 145 120; sched_getparam 143 121;
getpriority 140 141; getcpu 309 168; capget 125 90; capset 126 91; clone 56 220; futex 202 98; set_robust_list 273 99;
get_robust_list 274 100; set_tid_address 218 96; rseq 334 293; arch_prctl 158 -; restart_syscall 219 128;
tgkill 234 131; exit 60 93; exit_group 231 94; wait4 61 260; waitid 247 95; umask 95 166; prctl 157 167
"""
"""What is allowed: the name of each call, its number on x86_64, and on those with the generic numbers; `-`: none."""

NEWEST: Final = 450
"""The highest number that was known when the list was made; numbers are given in order, to all architectures alike."""
CLONE3: Final = 435
"""Answered with ENOSYS: its flags are in memory, where a filter cannot look; the C library then calls clone."""

_AF_UNIX: Final = 1
_CLONE_THREAD: Final = 0x00010000
_OWN_LIMITS: Final = 0
_PRCTL: Final = (15, 0x53564D41)
"""PR_SET_NAME, PR_SET_VMA: the names of threads and of memory."""
_FCNTL: Final = (0, 1, 2, 3, 4, 1030)
"""Duplicates and flags; not F_SETOWN, by which the kernel would send signals to another process."""
_IOCTL: Final = (0x5401, 0x802C542A, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""Whether it is a terminal and its size, how much waits, non-blocking, close-on-exec."""


def program(machine: Machine, pid: int) -> Program:
    """The filter for the process `pid` on such a machine."""
    return (
        Instruction(LOAD_WORD, _ARCHITECTURE_AT),
        Instruction(JUMP_IF_EQUAL, machine.audit, jump_true=1),
        Instruction(RETURN, _ERRNO | errno.EPERM),
        Instruction(LOAD_WORD, _NUMBER_AT),
        *_each(machine, pid),
        Instruction(JUMP_IF_EQUAL, CLONE3, jump_true=1),
        Instruction(JUMP_IF_GREATER, NEWEST, jump_false=1),
        Instruction(RETURN, _ERRNO | errno.ENOSYS),
        Instruction(RETURN, _ERRNO | errno.EPERM),
    )


def restrict_self() -> None:
    """Put the filter in force for this thread, and all that it starts.

    It must be unable to gain privileges (prctl(2)). `OSError` ENOSYS on an architecture without a list, EINVAL where
    the kernel has no filters.
    """
    machine = MACHINES.get(os.uname().machine) if sys.maxsize > 2**32 else None
    if machine is None:
        raise OSError(errno.ENOSYS, f"none for {os.uname().machine}")
    with_length, _code = assembled(program(machine, os.getpid()))
    filter_ = create_string_buffer(with_length, len(with_length))
    if _LIBC.prctl(_PR_SET_SECCOMP, c_ulong(_SECCOMP_MODE_FILTER), filter_, c_ulong(0), c_ulong(0)):
        number = get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")


def _each(machine: Machine, pid: int) -> Iterator[Instruction]:
    looks = _closer_looks(pid)
    for entry in CALLS.split(";"):
        name, *numbers = entry.split()
        number = numbers[machine.numbers]
        if number != "-":
            then = looks.get(name, (Instruction(RETURN, _ALLOW),))
            yield Instruction(JUMP_IF_EQUAL, int(number), jump_false=len(then))
            yield from then


def _closer_looks(pid: int) -> dict[str, Program]:
    """What decides where a call as such is allowed and not all that it can do, by its name."""
    return {
        "socket": _where(0, _AF_UNIX),
        "clone": (
            Instruction(LOAD_WORD, _ARGUMENTS_AT),
            Instruction(JUMP_IF_ANY_BIT, _CLONE_THREAD, jump_false=1),
            Instruction(RETURN, _ALLOW),
            Instruction(RETURN, _ERRNO | errno.EPERM),
        ),
        # The C library ends a program by a signal to itself.
        "tgkill": _where(0, pid),
        "prlimit64": _where(0, _OWN_LIMITS),
        "prctl": _where(0, *_PRCTL),
        "fcntl": _where(1, *_FCNTL),
        "ioctl": _where(1, *_IOCTL),
    }


def _where(argument: int, *values: int) -> Program:
    """Allow a call whose argument at this position has one of these values."""
    return (
        Instruction(LOAD_WORD, _ARGUMENTS_AT + 8 * argument),
        *(
            instruction
            for value in values
            for instruction in (Instruction(JUMP_IF_EQUAL, value, jump_false=1), Instruction(RETURN, _ALLOW))
        ),
        Instruction(RETURN, _ERRNO | errno.EPERM),
    )
