"""Keeps what a process has in its memory from a core dump, and from other processes of its user (prctl(2))."""

from ctypes import CDLL
from typing import Final

_LIBC: Final = CDLL(None)
_PR_SET_DUMPABLE: Final = 4


def forbid() -> None:
    """From now on no core of this process is dumped, and only root may trace it. Another program begins anew."""
    _LIBC.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
