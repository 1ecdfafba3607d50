"""Open descriptors: how many this process may have (RLIMIT_NOFILE), and that no other program inherits them."""

import errno
import fcntl
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
_STANDARD: Final = {Path("/dev/stdout"): 1, Path("/dev/stderr"): 2}
_OURS: Final = Path("/proc/self/fd")


def allow_many() -> None:
    """Raise the soft limit to the hard limit. Most systems start with 1024, for programs that still use select(2).

    Never raises: where a sandbox refuses, the limit stays, and a router that gets no socket reports that itself.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # the resource module raises ValueError for EPERM
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def written_by(path: Path) -> int | None:
    """The descriptor of this process that a path stands for, such as `/dev/stdout` or `/dev/fd/3`; None: no descriptor.

    `OSError` where it is closed, or open for reading alone.
    """
    number = _STANDARD.get(path)
    if number is None:
        if not path.name.isdecimal() or path.parent.resolve() != _OURS.resolve():
            return None
        number = int(path.name)
    try:
        mode = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE
    except (OSError, OverflowError):
        mode = os.O_RDONLY
    if mode == os.O_RDONLY:
        raise OSError(errno.EBADF, "is not open for writing", str(path))
    return number


def bequeath_none(first: int) -> None:
    """Let no program that is started inherit an open descriptor from `first` on, unless it is handed over.

    Python's own descriptors are so from the beginning; those that this process has inherited itself may not be.
    """
    if _LIBC.syscall(_CLOSE_RANGE, c_uint(first), c_uint(_LAST), c_uint(_CLOEXEC)):
        for descriptor in (int(entry.name) for entry in list(Path("/proc/self/fd").iterdir())):  # before Linux 5.11
            with suppress(OSError):  # the one that lists them
                if descriptor >= first:
                    os.set_inheritable(descriptor, False)
