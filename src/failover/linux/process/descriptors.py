"""Open descriptors: how many this process may have (RLIMIT_NOFILE), and that no other program inherits them."""

import os
import resource
from contextlib import suppress
from ctypes import CDLL, c_long, c_uint
from pathlib import Path
from typing import Final

_LIBC: Final = CDLL(None, use_errno=True)
_CLOSE_RANGE: Final = c_long(436)
"""close_range(2); the number is the same on all architectures."""
_CLOEXEC: Final = 1 << 2
_LAST: Final = 0xFFFFFFFF


def allow_many() -> None:
    """Raise the soft limit to the hard limit. Most systems start with 1024, for programs that still use select(2).

    Never raises: where a sandbox refuses, the limit stays, and a router that gets no socket reports that itself.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # the resource module raises ValueError for EPERM
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def bequeath_none(first: int) -> None:
    """Let no program that is started inherit an open descriptor from `first` on, unless it is handed over.

    Python's own descriptors are so from the beginning; those that this process has inherited itself may not be.
    """
    if _LIBC.syscall(_CLOSE_RANGE, c_uint(first), c_uint(_LAST), c_uint(_CLOEXEC)):
        for descriptor in (int(entry.name) for entry in list(Path("/proc/self/fd").iterdir())):  # before Linux 5.11
            with suppress(OSError):  # the one that lists them
                if descriptor >= first:
                    os.set_inheritable(descriptor, False)
