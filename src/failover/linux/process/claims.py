"""Which process runs which virtual router in this network namespace, and may hold which address on which interface.

Each process claims its own and sees the others' claims.

A claim is a read lock (fcntl(2), F_SETLK) on one byte of the file that stands for the namespace, /proc/self/ns/net. All
mount namespaces see the same file. The kernel removes the locks of a process that ends, no child inherits them, F_GETLK
tells the process that holds one, and one descriptor holds any number.

The file cannot be opened for writing, so there are only read locks, and these do not exclude each other. So a process
claims first and then looks for other claims: of two that claim at the same time, at least one sees the other. `take`
also holds the file's flock(2) meanwhile, so that of two that start at the same time only the second one fails.

Anybody may lock the file. So whoever claims wears a badge (`badges`), for which it takes the right to send
advertisements: the lock of a process without one is ignored, and so is that of an open file description (F_OFD_SETLK),
which belongs to no process. F_GETLK tells of one lock only, so what may be behind one that is ignored is looked up in
/proc/locks.
"""

import fcntl
import os
import socket
import struct
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar, Final, NamedTuple

from failover.linux.process.badges import Badges, wear
from failover.vrrp.protocol import Address, Family

NAMESPACE: Final = "/proc/thread-self/ns/net"
"""The file that stands for the network namespace of the thread that opens it (namespaces(7))."""

_PATIENCE_SECONDS: Final = 1.0
"""How long to wait for the flock. To claim thousands takes milliseconds: no daemon of ours keeps it for longer."""
_RETRY_SECONDS: Final = 0.005

_FLOCK: Final = struct.Struct("@hhqqi4x")
"""`struct flock`: type, whence, start, length, process."""
_IPV6: Final = 1 << 8
_PER_INTERFACE: Final = 1 << 9
"""How many byte offsets belong to one interface: one bit for the family, eight for the VRID."""
_NO_PROCESS: Final = -1
"""What F_GETLK tells as the process of an open file description's lock."""
_LOCKS: Final = "/proc/locks"
_END: Final = (1 << 63) - 1
"""The last byte that can be locked."""
_INTERFACES: Final = (1 << 53) - 111
"""The modulus that maps interface names to numbers. Prime, so that two names never collide where both have at most six
bytes, or where they differ in at most six bytes in a row."""
_ADDRESSES: Final = 1 << 62
"""The byte offset at which addresses begin, behind all virtual routers."""
_RANGES: Final = (1 << 30) - 35
"""The modulus that maps an interface and all but the last four bytes of an address to a number; prime as well."""
_PER_RANGE: Final = 1 << 32
"""How many byte offsets belong to one range: the last four bytes of an address. So the claims of addresses in a row are
one lock for the kernel, which walks through the list of them at each call."""


class VirtualRouterId(NamedTuple):
    """What only one process at a time may run on a host: one interface, family and VRID (RFC 9568 §6.4)."""

    interface: str
    family: Family
    vrid: int

    def __str__(self) -> str:
        """Such as `virtual router 51 (ipv4) on eth0`."""
        return f"virtual router {self.vrid} ({self.family.label}) on {self.interface}"


class VirtualAddressId(NamedTuple):
    """An address that only one process at a time may put on an interface, whatever its prefix length."""

    interface: str
    address: Address

    def __str__(self) -> str:
        """Such as `192.0.2.1 on eth0`."""
        return f"{self.address} on {self.interface}"


Claimable = VirtualRouterId | VirtualAddressId


class Claim(NamedTuple):
    """A virtual router that another process runs, or an address that it may hold."""

    what: Claimable
    pid: int
    """0: the process is in a PID namespace that we cannot see."""

    @property
    def process(self) -> str:
        """The process in words: `process 7`, or `in another container` where its number is not known."""
        if self.pid == os.getpid():
            return "in this process"
        return f"process {self.pid}" if self.pid else "in another container"

    @property
    def does(self) -> str:
        """What it has to do with it: `runs virtual router 51 (ipv4) on eth0`, or `has 192.0.2.1 on eth0`."""
        return f"{'runs' if isinstance(self.what, VirtualRouterId) else 'has'} {self.what}"


class _Namespace:
    """The file of a namespace in this process: its descriptor, our badge, and who of us has claimed what.

    There is one of them for a file, for to close any descriptor of it gives back all locks of the process (fcntl(2)),
    and locks of one process are not in each other's way.
    """

    _open: ClassVar[dict[tuple[int, int, int], "_Namespace"]] = {}
    """By process, which may have been forked, and file."""

    def __init__(self, path: str, key: tuple[int, int, int]) -> None:
        self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.claimed: dict[Claimable, Claims] = {}
        self.badge: socket.socket | None = None
        self._key = key
        self._users = 0

    @classmethod
    def opened(cls, path: str) -> "_Namespace":
        """The one of this file; whoever has it must `close` it."""
        there = Path(path).stat()
        key = os.getpid(), there.st_dev, there.st_ino
        found = cls._open.get(key)
        if found is None:
            found = cls._open[key] = cls(path, key)
        found._users += 1
        return found

    def close(self) -> None:
        self._users -= 1
        if not self._users:
            del self._open[self._key]
            os.close(self.descriptor)
            if self.badge is not None:
                self.badge.close()


class Claims:
    """Claims of one user in this process, and a view of all others'. `close` gives them back.

    Closing a descriptor of the same file that somebody else in this process has opened gives back all that the process
    has (fcntl(2)). Raises `OSError` where the file cannot be opened or locked.
    """

    def __init__(self, namespace: str = NAMESPACE) -> None:
        self._namespace = _Namespace.opened(namespace)
        self._descriptor = self._namespace.descriptor

    def close(self) -> None:
        """Give back all claims."""
        self.give_back([one for one, owner in self._namespace.claimed.items() if owner is self])
        self._namespace.close()

    def take(self, wanted: Sequence[Claimable]) -> tuple[Claim, ...]:
        """Claim all of these, or none. Returns the claims that others have on them; empty on success.

        Waits up to a second for another process that is claiming right now.
        """
        alone = self._exclude_others()
        try:
            return self.add(wanted)
        finally:
            if alone:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def add(self, wanted: Sequence[Claimable]) -> tuple[Claim, ...]:
        """Claim all of these, or none, without waiting. Returns as `take`.

        Of two processes that claim the same at the same time, both may fail.
        """
        claimed = self._namespace.claimed
        taken = tuple(Claim(one, os.getpid()) for one in wanted if claimed.setdefault(one, self) is not self)
        if not taken:
            self._namespace.badge = self._namespace.badge or wear()  # before the locks, which are none without it
            for one in wanted:
                self._lock(fcntl.F_SETLK, fcntl.F_RDLCK, _position(one), 1)
            others = _Others(self._namespace)
            taken = tuple(claim for one in wanted if (claim := self.of(one, others)))
        if taken:
            self.give_back(wanted)
        return taken

    def give_back(self, claimed: Iterable[Claimable]) -> None:
        """Give up the claims of these, as far as they are ours."""
        for one in claimed:
            if self._namespace.claimed.get(one) is self:
                del self._namespace.claimed[one]
                self._lock(fcntl.F_SETLK, fcntl.F_UNLCK, _position(one), 1)

    def of(self, one: Claimable, others: "_Others | None" = None) -> Claim | None:
        """Somebody else's claim of this, or None. `others` spares asking for all of them again."""
        if self._namespace.claimed.get(one, self) is not self:
            return Claim(one, os.getpid())
        found = self._first(_position(one), 1, others or _Others(self._namespace))
        return None if found is None else Claim(one, found[1])

    def on(self, interface: str) -> Claim | None:
        """Another process's claim of any virtual router on an interface, or None."""
        base = _base(interface)
        found = self._first(base, _PER_INTERFACE, _Others(self._namespace))
        if found is None:
            return None
        at, pid = found[0] - base, found[1]
        return Claim(VirtualRouterId(interface, Family.IPV6 if at & _IPV6 else Family.IPV4, at % _IPV6), pid)

    def _first(self, start: int, length: int, others: "_Others") -> tuple[int, int] | None:
        """The first byte of these that another daemon has claimed, and its process."""
        kind, _, found, _, pid = self._lock(fcntl.F_GETLK, fcntl.F_WRLCK, start, length)
        if kind == fcntl.F_UNLCK:
            return None
        if pid == _NO_PROCESS or not others.may_claim(pid):
            return others.first(start, start + length - 1)
        return max(found, start), pid

    def _lock(self, command: int, kind: int, start: int, length: int) -> tuple[int, ...]:
        wanted = _FLOCK.pack(kind, os.SEEK_SET, start, length, 0)
        return _FLOCK.unpack(fcntl.fcntl(self._descriptor, command, wanted))

    def _exclude_others(self) -> bool:
        """Take the flock. False where another process keeps it for longer than `_PATIENCE_SECONDS`."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    return False
                time.sleep(_RETRY_SECONDS)
            else:
                return True


class _Others:
    """Other processes: their badges and the kernel's list of all locks, each of which is read where it is needed."""

    def __init__(self, namespace: _Namespace) -> None:
        self._namespace = namespace
        self._badges: Badges | None = None
        self._locks: list[tuple[int, int, int]] | None = None

    def may_claim(self, pid: int) -> bool:
        """Whether the lock of a process may be a claim."""
        if self._badges is None:
            self._badges = Badges(self._namespace.badge)
        return self._badges.allow(pid)

    def first(self, start: int, last: int) -> tuple[int, int] | None:
        """The first of these bytes that one has claimed, and its process, as far as that can be seen."""
        if self._locks is None:
            self._locks = self._read()
        inside = ((first, pid) for first, end, pid in self._locks if first <= last and start <= end)
        return next(((max(at, start), pid) for at, pid in inside if self.may_claim(pid)), None)

    def _read(self) -> list[tuple[int, int, int]]:
        """First byte, last byte and process of each; see proc_locks(5). A process that we cannot see is not listed."""
        there = os.fstat(self._namespace.descriptor)
        file = f"{os.major(there.st_dev):02x}:{os.minor(there.st_dev):02x}:{there.st_ino}"
        us = str(os.getpid())
        try:
            lines = Path(_LOCKS).read_text().splitlines()
        except OSError:
            return []
        return sorted(
            (int(start), _END if end == "EOF" else int(end), int(pid))
            for _, kind, _, _, pid, inode, start, end, *_ in (line.split() for line in lines if "->" not in line)
            if kind == "POSIX" and inode == file and pid != us
        )


def words(claims: Iterable[Claim]) -> str:
    """A sentence about other processes' claims, of which there is at least one.

    Such as `another failover, process 7, already runs virtual router 51 (ipv4) on eth0 (and 2 more that clash)`.
    Where virtual routers clash, their addresses are not worth a word.
    """
    found = list(claims)
    first, *others = [one for one in found if isinstance(one.what, VirtualRouterId)] or found
    more = f" (and {len(others)} more that clash)" if others else ""
    return f"another failover, {first.process}, already {first.does}{more}"


def _base(interface: str) -> int:
    return int.from_bytes(os.fsencode(interface)) % _INTERFACES * _PER_INTERFACE


def _position(one: Claimable) -> int:
    if isinstance(one, VirtualRouterId):
        return _base(one.interface) + (_IPV6 if one.family is Family.IPV6 else 0) + one.vrid
    packed = one.address.packed
    number = int.from_bytes(os.fsencode(one.interface) + packed[:-4]) % _RANGES
    return _ADDRESSES + number * _PER_RANGE + int.from_bytes(packed[-4:])
