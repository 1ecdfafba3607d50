"""What this process may do: the capabilities of Linux that the engine needs, and whether they are there."""

import ctypes
import os
from pathlib import Path
from typing import Final

NEEDED: Final = {"CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13}
"""Addresses on interfaces; raw sockets. The numbers are those of linux/capability.h."""

OPTIONAL: Final = {"CAP_IPC_LOCK": 14, "CAP_SYS_NICE": 23}
"""Locked memory without limit; real-time scheduling. The engine does without, less punctually."""

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_VERSION_3: Final = 0x20080522
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_CLEAR_ALL: Final = 4


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    """32 capabilities; the kernel has two of these."""

    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def take_permitted() -> None:
    """Put into effect what is permitted: a program's file leaves that to it, unless it says so (capabilities(7))."""
    header, sets = _Header(_VERSION_3, 0), (_Sets * 2)()
    if _LIBC.capget(ctypes.byref(header), sets) == 0 and any(one.effective != one.permitted for one in sets):
        for one in sets:
            one.effective = one.permitted
        _check(_LIBC.capset(ctypes.byref(header), sets), "capset")


def bequeath_none() -> None:
    """Let no program that this process starts have its capabilities, unless it is root's or its own file has them."""
    _check(_LIBC.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl(PR_CAP_AMBIENT)")


def missing() -> tuple[str, ...]:
    """The needed capabilities that this process does not have in effect."""
    return _missing_in(Path("/proc/self/status").read_text())


def has(capability: int) -> bool:
    """Whether this process has one in effect."""
    return bool(_effective_in(Path("/proc/self/status").read_text()) >> capability & 1)


def may_send_raw(pid: int) -> bool:
    """Whether a process can open raw sockets, and so speak VRRP; True also where that is hidden from us."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True
    return bool(_effective_in(status) >> NEEDED["CAP_NET_RAW"] & 1)


def _missing_in(status: str) -> tuple[str, ...]:
    effective = _effective_in(status)
    return tuple(name for name, bit in NEEDED.items() if not effective >> bit & 1)


def _effective_in(status: str) -> int:
    for line in status.splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0


def _check(result: int, call: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
