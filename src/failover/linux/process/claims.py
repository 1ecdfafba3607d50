"""Who runs which virtual router in this network namespace: each process claims its own, and sees the others' claims.

A claim is a read lock (fcntl(2), F_SETLK) on one byte of the file that is the namespace, /proc/self/ns/net. All
mount namespaces see the same file, the kernel takes the locks of a process that dies, no child inherits them, whoever
asks learns the process, and one descriptor holds any number of them. The file cannot be opened for writing, so that
no lock excludes another: whoever wants something claims it and then looks, so that of two one sees the other; `take`
holds the file's flock(2) meanwhile, so that of two that start at once the second one does.

Anybody may lock the file. A process that cannot send advertisements does not count, and others are named.
"""

import fcntl
import os
import struct
import time
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from failover.linux.process import capabilities
from failover.vrrp.protocol import Family

NAMESPACE: Final = "/proc/thread-self/ns/net"

_PATIENCE_SECONDS: Final = 1.0
"""A claim of thousands takes milliseconds: whoever keeps the flock for longer is none of us."""
_RETRY_SECONDS: Final = 0.005

_FLOCK: Final = struct.Struct("@hhqqi4x")
"""`struct flock`: type, whence, start, length, process."""
_IPV6: Final = 1 << 8
_PER_INTERFACE: Final = 1 << 9
"""Bytes of the file that stand for one interface: a family's bit, and a VRID."""
_INTERFACES: Final = (1 << 54) - 33
"""Prime, so that names of up to six bytes, or that differ in no more than six in a row, never fall together."""


class VirtualRouterId(NamedTuple):
    """What one process at a time may run on a host: RFC 9568 §6.4 has one virtual router per interface and VRID."""

    interface: str
    family: Family
    vrid: int

    def __str__(self) -> str:
        """Such as `virtual router 51 (ipv4) on eth0`."""
        return f"virtual router {self.vrid} ({self.family.label}) on {self.interface}"


class Claim(NamedTuple):
    """A virtual router that another process runs."""

    router: VirtualRouterId
    pid: int
    """0: it is in a process namespace that we do not see."""

    @property
    def process(self) -> str:
        """In words."""
        return f"process {self.pid}" if self.pid else "in another container"


class Claims:
    """The claims of this process, and a view of the others'. Close it to give all of them back.

    To close any other descriptor of the same file has the same effect: locks of that kind belong to the process.
    """

    def __init__(self, namespace: str = NAMESPACE) -> None:
        self._descriptor = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        """Give back what was taken."""
        os.close(self._descriptor)

    def take(self, routers: Sequence[VirtualRouterId]) -> tuple[Claim, ...]:
        """Claim all of them, or none: returns those that others have."""
        alone = self._exclude_others()
        try:
            return self.add(routers)
        finally:
            if alone:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def add(self, routers: Sequence[VirtualRouterId]) -> tuple[Claim, ...]:
        """The same without waiting: of two that do it at once, it may be that neither gets what both want."""
        for router in routers:
            self._lock(fcntl.F_SETLK, fcntl.F_RDLCK, _position(router), 1)
        taken = tuple(claim for router in routers if (claim := self.of(router)))
        if taken:
            self.give_back(routers)
        return taken

    def give_back(self, routers: Iterable[VirtualRouterId]) -> None:
        """Claim these no longer."""
        for router in routers:
            self._lock(fcntl.F_SETLK, fcntl.F_UNLCK, _position(router), 1)

    def of(self, router: VirtualRouterId) -> Claim | None:
        """Another process's claim of one virtual router."""
        return self._first(router.interface, _position(router), 1)

    def on(self, interface: str) -> Claim | None:
        """Another process's claim of some virtual router on an interface."""
        return self._first(interface, _base(interface), _PER_INTERFACE)

    def _first(self, interface: str, start: int, length: int) -> Claim | None:
        kind, _, found, _, pid = self._lock(fcntl.F_GETLK, fcntl.F_WRLCK, start, length)
        if kind == fcntl.F_UNLCK or (pid and not capabilities.may_send_raw(pid)):
            return None
        at = max(found, start) % _PER_INTERFACE
        family = Family.IPV6 if at & _IPV6 else Family.IPV4
        return Claim(VirtualRouterId(interface, family, at % _IPV6), pid)

    def _lock(self, command: int, kind: int, start: int, length: int) -> tuple[int, ...]:
        wanted = _FLOCK.pack(kind, os.SEEK_SET, start, length, 0)
        return _FLOCK.unpack(fcntl.fcntl(self._descriptor, command, wanted))

    def _exclude_others(self) -> bool:
        """Whether nobody claims meanwhile; False after a while, rather than to wait for one who means no good."""
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


def words(claims: Iterable[Claim]) -> str:
    """`another failover, process 7, already runs virtual router 51 (ipv4) on eth0 (and 2 more that clash)`."""
    first, *others = claims
    more = f" (and {len(others)} more that clash)" if others else ""
    return f"another failover, {first.process}, already runs {first.router}{more}"


def _base(interface: str) -> int:
    return int.from_bytes(os.fsencode(interface)) % _INTERFACES * _PER_INTERFACE


def _position(router: VirtualRouterId) -> int:
    return _base(router.interface) + (_IPV6 if router.family is Family.IPV6 else 0) + router.vrid
