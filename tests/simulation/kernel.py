"""Interfaces and addresses of a simulated host: what is really there, who changes it, and who is told.

Requests and answers are those of rtnetlink, in its bytes. Not simulated is that one IPv4 address of a subnet is
another's secondary, and that IPv6 addresses are checked for duplicates.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from errno import EADDRNOTAVAIL, ENODEV
from typing import Final

from msgspec.structs import replace

from failover.linux.interfaces.table import Interface, Table
from failover.linux.netlink.addresses import Batch, Datagram, Failure
from failover.linux.netlink.codec import Payload, Refused, frames
from failover.linux.netlink.rtnetlink import AddressAdded, AddressRemoved, Entry, LinkChanged, entry
from failover.vrrp import VirtualAddress
from tests.simulation.loop import SimulatedLoop

_READ_LIMIT: Final = 64
"""Notifications taken in one `read`."""


class Kernel:
    """Of one host. It outlives every process there."""

    def __init__(self) -> None:
        self._table = Table()
        self._monitors: dict[SimulatedInterfaces, None] = {}

    def get(self, name: str) -> Interface:
        """An interface as it is now; `LookupError` where there is none."""
        interface = self._table.get(name)
        if interface is None:
            raise LookupError(f"there is no interface {name}")
        return interface

    def addresses(self, name: str) -> frozenset[VirtualAddress]:
        """What an interface has now, its own addresses and others."""
        return frozenset(assigned.address for assigned in self.get(name).addresses)

    def change(self, news: Entry) -> None:
        """Make it so, and tell everybody."""
        self._table.apply(news)
        for monitor in self._monitors:
            monitor.tell(news)

    def set_carrier(self, name: str, *, there: bool) -> None:
        """The cable is plugged in, or pulled out."""
        self.change(replace(_link(self.get(name)), running=there))

    def request(self, wanted: Entry) -> int:
        """Carry out a request; 0, or the number of the error."""
        match wanted:
            case AddressAdded() | AddressRemoved():
                interface = self._table.by_index(wanted.ifindex)
                if interface is None:
                    return ENODEV
                there = any(assigned.address == wanted.assigned.address for assigned in interface.addresses)
                if isinstance(wanted, AddressRemoved) and not there:
                    return EADDRNOTAVAIL
                self.change(wanted)
                return 0
            case _:
                raise NotImplementedError(f"a request for {wanted}")

    def listed(self) -> Iterator[Entry]:
        """All there is."""
        for index in self._table.indices():
            if interface := self._table.by_index(index):
                yield _link(interface)
                yield from (AddressAdded(index, assigned) for assigned in interface.addresses)

    def follow(self, monitor: "SimulatedInterfaces") -> None:
        """Tell it too."""
        self._monitors[monitor] = None

    def leave(self, monitor: "SimulatedInterfaces") -> None:
        """Tell it nothing more."""
        self._monitors.pop(monitor, None)


class SimulatedNetlink:
    """A connection that changes addresses (`engine.environment.Netlink`)."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._reserved = 0

    def reserve(self, count: int) -> int:
        """The first of so many sequence numbers that no other batch has."""
        self._reserved += count
        return self._reserved - count

    def carry_out(self, datagrams: Sequence[Datagram]) -> list[list[Refused]]:
        """Carry out all requests of these, in their order; the refusals of each."""
        return [list(self._refusals(datagram)) for datagram in datagrams]

    def apply(self, batch: Batch) -> tuple[Failure, ...]:
        """Carry out a batch; what failed."""
        return batch.failures(one for refused in self.carry_out(batch.datagrams) for one in refused)

    def prewarm(self) -> None:
        """Nothing is cold here."""

    def close(self) -> None:
        """Nothing is open here."""

    def _refusals(self, datagram: Datagram) -> Iterator[Refused]:
        for frame in frames(datagram.content):
            if isinstance(frame, Payload) and (wanted := entry(frame)) and (number := self._kernel.request(wanted)):
                yield Refused(frame.sequence, number, "")


class SimulatedInterfaces:
    """What knows the host's interfaces and addresses as far as it has read (`engine.environment.Interfaces`)."""

    def __init__(self, kernel: Kernel, loop: SimulatedLoop) -> None:
        self._kernel = kernel
        self._loop = loop
        self._news: deque[Entry] = deque()
        self._overlooks = False
        self._is_lost = False
        """Whether there must be a list."""
        self._table = Table()
        self._list()
        self._descriptor = loop.open(lambda: bool(self._news))
        kernel.follow(self)

    def tell(self, news: Entry) -> None:
        """For the kernel alone: something has changed."""
        if not (self._overlooks and isinstance(news, AddressAdded | AddressRemoved)):
            self._news.append(news)

    @property
    def is_outdated(self) -> bool:
        """Whether more than the next notification is known to be missing."""
        return self._overlooks or self._is_lost

    def fileno(self) -> int:
        """Readable when there is something new to `read`."""
        return self._descriptor

    def get(self, name: str) -> Interface | None:
        """The interface that bears this name now: the same object as before where it has not changed."""
        return self._table.get(name)

    def __iter__(self) -> Iterator[Interface]:
        """All interfaces."""
        return (one for index in self._table.indices() if (one := self._table.by_index(index)))

    def meant(self, name: str) -> None:
        """Nothing comes to mind."""

    def read(self) -> bool:
        """Take in some of what is new; whether there may be more."""
        if self._is_lost:
            self._is_lost = False
            self._news.clear()
            self._list()
            return True
        for _ in range(min(_READ_LIMIT, len(self._news))):
            self._table.apply(self._news.popleft())
        return bool(self._news)

    def overlook_addresses(self) -> None:
        """Follow no addresses until `catch_up`."""
        self._overlooks = True

    def catch_up(self) -> None:
        """Follow addresses again: `read` begins with a list."""
        if self._overlooks:
            self._overlooks, self._is_lost = False, True

    def close(self) -> None:
        """Follow nothing more."""
        self._kernel.leave(self)
        self._loop.close(self._descriptor)

    def _list(self) -> None:
        table = Table()
        for one in self._kernel.listed():
            table.apply(one)
        for index in table.indices():
            table.resemble(self._table, index)
        self._table = table


def _link(interface: Interface) -> LinkChanged:
    return LinkChanged(
        interface.ifindex,
        interface.name,
        interface.mac,
        up=interface.up,
        running=interface.running,
        mtu=interface.mtu,
        master=interface.master,
        port_of=interface.port_of,
    )
