"""Signals (signal(7)): their names, and how a process ignores one, even where the C library keeps it for itself."""

import os
import signal
import sys
from collections.abc import Iterable
from ctypes import CDLL, c_int, c_long, c_ulong, create_string_buffer
from typing import Final

EVERY: Final = range(1, 65)
"""All signals of Linux."""
CANNOT_BE_HELD: Final = frozenset({signal.SIGKILL, signal.SIGSTOP})
"""No process can handle, ignore or block these."""

_LIBC: Final = CDLL(None)
_SIGACTION: Final = {"x86_64": 13, "aarch64": 134, "riscv64": 134, "ppc64le": 173, "s390x": 174}
"""The number of the system call rt_sigaction by architecture. The library's own function refuses its own signals."""
_IGNORE: Final = int(signal.SIG_IGN).to_bytes(8, sys.byteorder).ljust(64, b"\0")
"""`struct sigaction` of the kernel: the handler comes first, and no flag is set."""
_SET_BYTES: Final = 8


def in_words(number: int) -> str:
    """Such as `SIGUSR1`; `signal 40` for one without a name, as most real-time signals are."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def ignore(numbers: Iterable[int]) -> None:
    """Ignore these signals. A fault of the program itself, such as SIGSEGV, ends it nevertheless.

    Those that the C library keeps for its threads (32, 33) are ignored until it needs them; not so where the number of
    the system call is not known.
    """
    valid = signal.valid_signals()
    for number in numbers:
        if number in valid:
            signal.signal(number, signal.SIG_IGN)
        elif call := _SIGACTION.get(os.uname().machine) if sys.maxsize > 2**32 else None:
            action = create_string_buffer(_IGNORE)
            _LIBC.syscall(c_long(call), c_int(number), action, None, c_ulong(_SET_BYTES))
