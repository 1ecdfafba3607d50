"""Badges: how a process shows the others in its network namespace that it may send advertisements.

A badge is a raw socket, which needs CAP_NET_RAW in the user namespace that owns the network namespace. It is bound to a
group address that is made of the process's number. All processes in the namespace find it in /proc/net/raw, also those
that may not look at other users' processes. It sends nothing, and nothing comes for it.
"""

import os
import socket
import struct
import sys
from pathlib import Path
from typing import Final, NamedTuple

_PROTOCOL: Final = 253
"""For experiments (RFC 3692 §2.1): no packet of any other program has it."""
_GROUPS: Final = 239 << 24
"""239.0.0.0/8, of local scope (RFC 2365). A group address can be bound where no interface is up."""
_NESTED: Final = 1 << 22
"""In the badge of a process in a container, which has another number outside. One has 22 bits (proc_sys_kernel(5))."""
_OUTERMOST: Final = 0xEFFFFFFC
"""The inode of the PID namespace that the system has started with (PROC_PID_INIT_INO in linux/proc_ns.h)."""
_THREAD: Final = "/proc/thread-self"


def wear() -> socket.socket | None:
    """Make this process's badge, to be closed at the end; None without the right to. `OSError` where it fails.

    It is of the network namespace that the thread is in.
    """
    try:
        badge = socket.socket(socket.AF_INET, socket.SOCK_RAW, _PROTOCOL)
    except PermissionError:
        return None
    nested = Path("/proc/self/ns/pid").stat().st_ino != _OUTERMOST
    number = os.getpid() | (_NESTED if nested else 0)
    try:
        badge.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 0)  # the least that there is
        badge.bind((socket.inet_ntoa(struct.pack("!I", _GROUPS | number)), 0))
    except OSError:
        badge.close()
        raise
    return badge


class _Badge(NamedTuple):
    """What others see of one."""

    number: int
    uid: int
    """Whose it is: another user's process in another container may have the same number there."""


class Badges:
    """The badges of the other processes in the thread's network namespace, as they are now."""

    def __init__(self, ours: socket.socket | None) -> None:
        own = None if ours is None else os.fstat(ours.fileno()).st_ino
        # AppArmor's rules for snaps know the directory of a process and not that of a thread.
        path = Path("/proc", Path(_THREAD).readlink().name, "net", "raw")
        self._badges: list[_Badge] | None = None
        """None: they cannot be seen."""
        try:
            lines = path.read_text().splitlines()[1:]
        except OSError:
            return
        self._badges = [
            _Badge(number, int(fields[7]))
            for fields in map(str.split, lines)
            if int(fields[9]) != own and (number := _number(fields[1])) is not None
        ]

    def allow(self, pid: int) -> bool:
        """Whether a process may be one that wears a badge. 0: it is in a PID namespace that we cannot see.

        True also where that cannot be told: badges cannot be seen, or one is a container's and the process cannot.
        """
        if self._badges is None:
            return True
        return any(
            pid in (0, badge.number & ~_NESTED)
            or (bool(badge.number & _NESTED) and _in_container(pid) in (None, badge))
            for badge in self._badges
        )


def _in_container(pid: int) -> _Badge | None:
    """The badge that a process in a container would wear; None where we may not look at it, or it has ended."""
    try:
        lines = map(str.split, Path(f"/proc/{pid}/status").read_text().splitlines())
    except OSError:
        return None
    fields = {name: values for name, *values in lines}
    return _Badge(int(fields["NSpid:"][-1]) | _NESTED, int(fields["Uid:"][1]))


def _number(local: str) -> int | None:
    """What a badge says, from the local address and the protocol of a raw socket; None of any other socket.

    The address is written as the machine's number of its bytes (proc_pid_net(5)), such as `346E00EF:00FD`.
    """
    address, protocol = local.split(":")
    number = int.from_bytes(int(address, 16).to_bytes(4, sys.byteorder))
    if int(protocol, 16) != _PROTOCOL or number & 0xFF000000 != _GROUPS:
        return None
    return number - _GROUPS
