"""The table of this host's interfaces and their addresses: listed once, then followed by the kernel's notifications.

`Interfaces` holds the only mutable copy; what it gives away is frozen. Whether a virtual router can run on an
interface is decided in `readiness`.
"""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv6Interface
from typing import Final

from msgspec import Struct

from failover.linux.netlink_socket import (
    RECEIVE_BUFFER_BYTES,
    MessagesLostError,
    Netlink,
    open_socket,
    receive,
)
from failover.linux.rtnetlink import (
    GROUPS,
    AddressAdded,
    AddressRemoved,
    AssignedAddress,
    Entry,
    LinkChanged,
    LinkRemoved,
    dump_addresses,
    dump_links,
    parse,
)
from failover.vrrp.protocol import VirtualAddress

_READ_LIMIT: Final = 64
"""Notifications taken in one `read()`, a millisecond's work: a storm must not keep the caller from its timers."""


class Interface(Struct, frozen=True):
    """An interface at one moment; the fields are those of `LinkChanged`."""

    ifindex: int
    name: str
    mac: bytes
    up: bool
    running: bool
    mtu: int
    master: int | None
    addresses: tuple[AssignedAddress, ...]
    """Of each family the oldest first."""
    port_of: str = ""


class AddressChange(Struct, frozen=True):
    """An address that came to an interface, or left it."""

    ifindex: int
    interface: str
    """The name now, or the last one where the interface is gone."""
    assigned: AssignedAddress


class Changes(Struct, frozen=True):
    """What is different since the last `read()`; what came and went in between does not show."""

    interfaces: frozenset[str] = frozenset()
    """The names under which something is different: both names of a renamed interface."""
    added: tuple[AddressChange, ...] = ()
    removed: tuple[AddressChange, ...] = ()
    """Includes the addresses of an interface that is gone."""
    resynchronised: bool = False
    """Notifications were lost, and everything was listed anew."""
    more: bool = False
    """The limit was reached: there may be more to read."""


class Interfaces:
    """The interfaces of the network namespace in which this was made."""

    def __init__(self, netlink: Netlink, receive_buffer_bytes: int = RECEIVE_BUFFER_BYTES) -> None:
        """`netlink` lists; the notifications come on a socket of their own, which is opened first."""
        self._netlink = netlink
        self._lost = False
        self._links: dict[int, LinkChanged] = {}
        self._addresses: dict[int, dict[VirtualAddress, AssignedAddress]] = {}
        self._names: dict[str, int] = {}
        self._made: dict[int, Interface] = {}
        self._monitor = open_socket(GROUPS, receive_buffer_bytes)
        try:
            self._list()
        except OSError:
            self._monitor.close()
            raise

    def close(self) -> None:
        """Close the monitor; the `Netlink` belongs to the caller."""
        self._monitor.close()

    def fileno(self) -> int:
        """The descriptor that is readable when `read()` has something to do."""
        return self._monitor.fileno()

    def get(self, name: str) -> Interface | None:
        """The interface that bears this name now: the same object as before until a notification is about it."""
        ifindex = self._names.get(name)
        return None if ifindex is None else self.by_index(ifindex)

    def by_index(self, ifindex: int) -> Interface | None:
        """The interface with this index, which it keeps when it is renamed."""
        link = self._links.get(ifindex)
        if link is None:
            return None
        interface = self._made.get(ifindex)
        if interface is None:
            interface = self._made[ifindex] = _interface(link, self._addresses[ifindex].values())
        return interface

    def __iter__(self) -> Iterator[Interface]:
        """All of them, by index."""
        for ifindex in sorted(self._links):
            interface = self.by_index(ifindex)
            if interface is not None:
                yield interface

    def read(self) -> Changes:
        """Take in what the kernel has said; never waits, and leaves the rest of a storm for the next call.

        Raises `OSError` where notifications were lost and listing failed too; the next call lists again.
        """
        before: dict[int, Interface | None] = {}
        more = not self._lost and self._follow(before)
        resynchronised = self._lost
        if resynchronised:
            for interface in self:
                before.setdefault(interface.ifindex, interface)
            self._drain()
            self._list()
            self._lost = False
            for ifindex in self._links:
                before.setdefault(ifindex, None)
        return self._changes(before, resynchronised=resynchronised, more=more)

    def _follow(self, before: dict[int, Interface | None]) -> bool:
        """Apply notifications; `before` gets each interface concerned as it was. Whether there may be more."""
        for _ in range(_READ_LIMIT):
            try:
                datagram = receive(self._monitor)
            except BlockingIOError:
                return False
            except MessagesLostError:
                self._lost = True
                return False
            for entry in parse(datagram):
                if entry.ifindex not in before:
                    before[entry.ifindex] = self.by_index(entry.ifindex)
                self._apply(entry)
        return True

    def _drain(self) -> None:
        """Drop what is older than the list to come; nothing new is queued before all of it is gone."""
        while True:
            try:
                receive(self._monitor)
            except BlockingIOError:
                return
            except MessagesLostError:
                continue

    def _list(self) -> None:
        links = self._netlink.dump(dump_links())
        addresses = [one for one in self._netlink.dump(dump_addresses()) if isinstance(one, AddressAdded)]
        for ifindex in list(self._links):
            self._forget(ifindex)
        # IPv4 is listed oldest first, and IPv6 newest first within a scope.
        ipv6 = [one for one in addresses if isinstance(one.assigned.address, IPv6Interface)]
        ipv4 = [one for one in addresses if not isinstance(one.assigned.address, IPv6Interface)]
        for entry in (*links, *ipv4, *reversed(ipv6)):
            self._apply(entry)

    def _apply(self, entry: Entry) -> None:
        self._made.pop(entry.ifindex, None)
        match entry:
            case LinkChanged():
                self._release_name(entry.ifindex)
                self._links[entry.ifindex] = entry
                self._names[entry.name] = entry.ifindex
                self._addresses.setdefault(entry.ifindex, {})
            case LinkRemoved():
                self._forget(entry.ifindex)
            case AddressAdded() if entry.ifindex in self._links:
                _put(self._addresses[entry.ifindex], entry.assigned)
            case AddressRemoved() if entry.ifindex in self._links:
                self._addresses[entry.ifindex].pop(entry.assigned.address, None)
            case AddressAdded() | AddressRemoved():
                pass  # the interface has just gone, or its own notification is still to come

    def _forget(self, ifindex: int) -> None:
        self._release_name(ifindex)
        self._links.pop(ifindex, None)
        self._addresses.pop(ifindex, None)
        self._made.pop(ifindex, None)

    def _release_name(self, ifindex: int) -> None:
        link = self._links.get(ifindex)
        if link is not None and self._names.get(link.name) == ifindex:
            del self._names[link.name]

    def _changes(self, before: Mapping[int, Interface | None], *, resynchronised: bool, more: bool) -> Changes:
        names: set[str] = set()
        added: list[AddressChange] = []
        removed: list[AddressChange] = []
        for ifindex, old in before.items():
            new = self.by_index(ifindex)
            if old == new:
                continue
            names.update(interface.name for interface in (old, new) if interface is not None)
            # The name of an address that left is the present one, as far as there is one.
            name = new.name if new is not None else old.name if old is not None else ""
            added += (AddressChange(ifindex, name, one) for one in _only_in(new, old))
            removed += (AddressChange(ifindex, name, one) for one in _only_in(old, new))
        return Changes(frozenset(names), tuple(added), tuple(removed), resynchronised, more)


def _interface(link: LinkChanged, addresses: Iterable[AssignedAddress]) -> Interface:
    return Interface(
        link.ifindex,
        link.name,
        link.mac,
        link.up,
        link.running,
        link.mtu,
        link.master,
        tuple(addresses),
        link.port_of,
    )


def _put(addresses: dict[VirtualAddress, AssignedAddress], assigned: AssignedAddress) -> None:
    known = addresses.get(assigned.address)
    if known is not None and known.is_secondary and not assigned.is_secondary:
        # Its primary is gone and the kernel has promoted it, behind the other primaries.
        del addresses[assigned.address]
    addresses[assigned.address] = assigned


def _only_in(interface: Interface | None, other: Interface | None) -> Iterator[AssignedAddress]:
    """The addresses of `interface` that `other` does not have."""
    if interface is None:
        return
    known = {assigned.address for assigned in other.addresses} if other is not None else set()
    yield from (assigned for assigned in interface.addresses if assigned.address not in known)
