"""Linux capabilities (capabilities(7)): which ones the engine needs and has, and how the agent gives up all of them."""

import ctypes
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

NEEDED: Final = {"CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13}
"""To change addresses on interfaces; to open raw sockets. The numbers are those of linux/capability.h."""

OPTIONAL: Final = {"CAP_IPC_LOCK": 14, "CAP_SYS_NICE": 23}
"""To lock memory without limit; for real-time scheduling. Without them the engine runs, but less punctually."""

READ_ALL: Final = 2
"""CAP_DAC_READ_SEARCH: to read files whosever they are."""
WRITE_ALL: Final = 1
"""CAP_DAC_OVERRIDE: to read and to write them."""

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_VERSION_3: Final = 0x20080522
_PR_SET_KEEPCAPS: Final = 8
_PR_CAPBSET_DROP: Final = 24
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_CLEAR_ALL: Final = 4


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    """`struct __user_cap_data_struct`, for 32 capabilities; capget(2) and capset(2) take two of them."""

    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def take_permitted() -> None:
    """Make all permitted capabilities effective. `OSError` where the kernel refuses.

    A program file may grant capabilities as permitted only, and leave this to the program (capabilities(7)).
    """
    header, sets = _Header(_VERSION_3, 0), (_Sets * 2)()
    if _LIBC.capget(ctypes.byref(header), sets) == 0 and any(one.effective != one.permitted for one in sets):
        for one in sets:
            one.effective = one.permitted
        _check(_LIBC.capset(ctypes.byref(header), sets), "capset")


def bequeath_none() -> None:
    """Let no program that this process starts have its capabilities, unless it is root's or its own file has them."""
    _control("PR_CAP_AMBIENT", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)


def empty_bounding_set() -> None:
    """Let neither this process nor what it starts gain a capability from a program's file.

    Needs CAP_SETPCAP; without it the set stays, and `give_up_all` sees to the same.
    """
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    with suppress(OSError):
        for capability in range(last + 1):
            _control("PR_CAPBSET_DROP", _PR_CAPBSET_DROP, capability)


def keep_while_becoming() -> None:
    """Keep the permitted capabilities when the process of root becomes another user, once."""
    _control("PR_SET_KEEPCAPS", _PR_SET_KEEPCAPS, 1)


def give_up_all(but: int | None = None) -> None:
    """Empty all five sets, for this process and whatever it starts, for good; `OSError` where the kernel refuses.

    One capability, `but`, may stay in effect until `give_up_the_rest`.
    """
    empty_bounding_set()
    bequeath_none()
    _control("PR_SET_NO_NEW_PRIVS", _PR_SET_NO_NEW_PRIVS, 1)
    if _has_any():  # under systemd it has none, and may not even ask
        _set(0 if but is None else 1 << but)


def give_up_the_rest() -> None:
    """Empty the sets of a process that has kept one capability of all."""
    _set(0)


def missing() -> tuple[str, ...]:
    """The needed capabilities that this process does not have in effect."""
    return _missing_in(Path("/proc/self/status").read_text())


def has(capability: int) -> bool:
    """Whether this process has a capability (its number) in its effective set."""
    return bool(_effective_in(Path("/proc/self/status").read_text()) >> capability & 1)


def _missing_in(status: str) -> tuple[str, ...]:
    effective = _effective_in(status)
    return tuple(name for name, bit in NEEDED.items() if not effective >> bit & 1)


def _effective_in(status: str) -> int:
    for line in status.splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0


def _has_any() -> bool:
    status = Path("/proc/self/status").read_text().splitlines()
    # The inheritable set does not count: after PR_SET_NO_NEW_PRIVS no program that is started can gain from it.
    return any(int(line.split()[1], 16) for line in status if line.startswith(("CapPrm:", "CapEff:")))


def _set(capabilities: int) -> None:
    """Have these capabilities and no others, and let none be inherited."""
    sets = (_Sets * 2)()
    sets[0].effective = sets[0].permitted = capabilities
    _check(_LIBC.capset(ctypes.byref(_Header(_VERSION_3, 0)), sets), "capset")


def _control(name: str, option: int, argument: int) -> None:
    # prctl is variadic: arguments left out would be whatever the registers hold, and the kernel demands zeros.
    _check(_LIBC.prctl(option, argument, 0, 0, 0), f"prctl({name})")


def _check(result: int, call: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
