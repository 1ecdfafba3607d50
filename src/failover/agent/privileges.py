"""Gives up what the agent does not need: every capability and exact timers, for itself and for whatever it starts."""

import ctypes
from contextlib import suppress
from pathlib import Path

_VERSION_3 = 0x20080522
_PR_CAPBSET_DROP = 24
_PR_SET_TIMERSLACK = 29
_ORDINARY_TIMER_SLACK = 50_000
"""Nanoseconds, as every process has that nobody gave another."""
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4


def take_time() -> None:
    """Let the kernel join wake-ups again: the engine, which does not, hands that down."""
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.prctl(_PR_SET_TIMERSLACK, _ORDINARY_TIMER_SLACK, 0, 0, 0), "prctl(PR_SET_TIMERSLACK)")


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def drop_capabilities() -> None:
    """Empty all five sets. `OSError` where the kernel refuses; the bounding set needs CAP_SETPCAP and may stay."""
    libc = ctypes.CDLL(None, use_errno=True)
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    with suppress(OSError):
        for capability in range(last + 1):
            _check(libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0), "prctl(PR_CAPBSET_DROP)")
    _check(libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl(PR_CAP_AMBIENT)")
    _check(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)")
    if _has_any():  # under systemd it has none, and may not even ask
        header = _Header(_VERSION_3, 0)
        _check(libc.capset(ctypes.byref(header), (_Data * 2)()), "capset")


def _has_any() -> bool:
    status = Path("/proc/self/status").read_text().splitlines()
    # What may be inherited alone is nothing: a program that is started gets no new privileges.
    return any(int(line.split()[1], 16) for line in status if line.startswith(("CapPrm:", "CapEff:")))


def _check(result: int, call: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call} failed")
