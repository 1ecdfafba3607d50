"""The fence around a child of ours: what it gives up for good, before it has anything to do with others.

It becomes a user without rights where it was started as root, has no capability and can gain none, reads what its
program needs and opens nothing for writing, sees no process but itself, and asks the kernel only for what it needs.
What is open stays open: log, sockets. Whoever needs more, such as to open a log again or to start a program, is a
process that was forked off before.
"""

import os
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, NamedTuple

from failover.linux.confinement import landlock, system_calls, users
from failover.linux.errors import reason
from failover.linux.process import capabilities

_LIMITS: Final = (resource.RLIMIT_RTPRIO, resource.RLIMIT_NICE, resource.RLIMIT_MEMLOCK)
"""What a unit raises for the engine, and by which another process of the same user could take the CPU from it."""
_READABLE: Final = ("/usr", "/lib", "/lib64", "/etc/localtime", "/dev/null", "/dev/urandom")
"""What a Python program may come to need later, beside its own modules. No configuration, and no key."""
_PROGRAM: Final = ("failover", "msgspec", "os")
"""Modules that stand for all of the program: ours, those of others, Python's own."""


class Fence(NamedTuple):
    """What is in force."""

    user: int
    landlock: int
    """The level of Landlock; 0: none."""
    filters_system_calls: bool
    warnings: tuple[str, ...] = ()
    """What could not be had, a sentence each."""
    still_reads_all: bool = False
    """Whether the right to read is still there, for the rest of the program: until `close`."""


NONE: Final = Fence(os.geteuid(), 0, filters_system_calls=False)
"""Of a process that has given up nothing."""


def enter(user: users.User | None) -> Fence:
    """Give everything up; `user` is whom to become, None where the process is not root.

    The program's own files must stay readable. Where the user may not read them, such as below /root, the right to
    read stays until `close`, or root stays where there is no such right.
    """
    os.chdir("/")
    for limit in _LIMITS:
        with suppress(OSError, ValueError):
            resource.setrlimit(limit, (0, 0))
    warnings: list[str] = []
    files = _prepared(warnings)
    capabilities.empty_bounding_set()
    kept = _become(user, warnings) if user is not None else None
    capabilities.give_up_all(but=kept)
    level = _restrict_files(files, warnings)
    filtered = _restrict_calls(warnings)
    if not filtered and 0 < level < landlock.SIGNALS_FROM:
        warnings.append(
            f"the agent could send signals to processes of its own user: this kernel has only level {level} of Landlock"
        )
    return Fence(os.geteuid(), level, filtered, tuple(warnings), still_reads_all=kept is not None)


def close(fence: Fence) -> None:
    """Give up what `enter` had to keep, once all of the program is loaded."""
    if fence.still_reads_all:
        capabilities.give_up_the_rest()


def _become(user: users.User, warnings: list[str]) -> int | None:
    """Become a user; returns the capability that is still needed to read the program."""
    kept = None
    try:
        os.setgroups([])
        os.setresgid(user.gid, user.gid, user.gid)
        unreadable = _unreadable_for(user.uid)
        if unreadable is not None:
            if not capabilities.has(capabilities.READ_ALL):
                warnings.append(f"the agent stays root: user {user.uid} cannot read {unreadable}")
                return None
            kept = capabilities.READ_ALL
            capabilities.keep_while_becoming()
        os.setresuid(user.uid, user.uid, user.uid)
    except OSError as error:
        text = "needs CAP_SETUID and CAP_SETGID" if isinstance(error, PermissionError) else reason(error)
        warnings.append(f"the agent stays root and could not become user {user.uid}: {text}")
        return None
    return kept


def _unreadable_for(uid: int) -> str | None:
    """A file of the program that a user may not read; None where all is well."""
    os.seteuid(uid)
    try:
        for file in filter(None, (getattr(sys.modules.get(name), "__file__", None) for name in _PROGRAM)):
            if not os.access(file, os.R_OK, effective_ids=True):
                return str(file)
    finally:
        os.seteuid(0)
    return None


def _prepared(warnings: list[str]) -> landlock.Ruleset | None:
    try:
        return landlock.Ruleset(_readable())
    except OSError as error:
        warnings.append(f"Landlock does not keep the agent from files: {reason(error)}")
        return None


def _readable() -> Iterator[str]:
    yield from _READABLE
    yield from (sys.prefix, sys.base_prefix)
    yield from filter(None, sys.path)


def _restrict_files(files: landlock.Ruleset | None, warnings: list[str]) -> int:
    if files is None:
        return 0
    try:
        files.restrict_self()
    except OSError as error:
        warnings.append(f"Landlock does not keep the agent from files: {reason(error)}")
        return 0
    return files.level


def _restrict_calls(warnings: list[str]) -> bool:
    try:
        system_calls.restrict_self()
    except OSError as error:
        warnings.append(f"the agent's system calls are not filtered: {reason(error)}")
        return False
    return True
