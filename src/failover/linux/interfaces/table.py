"""A table of interfaces and their addresses, built from what the kernel lists and announces; pure.

A `Table` changes; the `Interface` objects that it returns are frozen. `monitor` feeds it.
"""

from collections.abc import Iterable, Mapping
from ipaddress import IPv6Interface

from msgspec import Struct
from msgspec.structs import replace

from failover.linux.netlink.rtnetlink import (
    AddressAdded,
    AddressRemoved,
    AssignedAddress,
    Entry,
    LinkChanged,
    LinkRemoved,
    SettingsChanged,
)
from failover.vrrp.protocol import PreferredLifetime, VirtualAddress

Present = Mapping[PreferredLifetime | None, frozenset[VirtualAddress]]
"""The addresses of an interface, by their lifetimes (`AssignedAddress.lifetime`)."""


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
    """In each family the oldest address first."""
    port_of: str = ""
    loopback: bool = False
    altnames: tuple[str, ...] = ()
    forwards_ipv6: bool = True
    kind: str = ""
    parent: int | None = None
    alias: str = ""


def present(interface: Interface | None) -> Present:
    """The addresses of an interface, quick to compare with; every lifetime has an entry."""
    found: dict[PreferredLifetime | None, list[VirtualAddress]] = {None: [], **{one: [] for one in PreferredLifetime}}
    for assigned in interface.addresses if interface else ():
        found[assigned.lifetime].append(assigned.address)
    return {lifetime: frozenset(addresses) for lifetime, addresses in found.items()}


class Table:
    """The interfaces of a host, by index and by name."""

    def __init__(self) -> None:
        self._links: dict[int, LinkChanged] = {}
        self._addresses: dict[int, dict[VirtualAddress, AssignedAddress]] = {}
        self._names: dict[str, int] = {}
        self._made: dict[int, Interface] = {}

    def get(self, name: str) -> Interface | None:
        """The interface that has this name now, or None. The same object as before until an entry concerns it."""
        ifindex = self._names.get(name)
        return None if ifindex is None else self.by_index(ifindex)

    def by_index(self, ifindex: int) -> Interface | None:
        """The interface with this index, or None. An interface keeps its index when it is renamed."""
        link = self._links.get(ifindex)
        if link is None:
            return None
        interface = self._made.get(ifindex)
        if interface is None:
            interface = self._made[ifindex] = _interface(link, self._addresses[ifindex].values())
        return interface

    def indices(self) -> list[int]:
        """The indices of all interfaces, in ascending order."""
        return sorted(self._links)

    def apply(self, entry: Entry) -> None:
        """Apply an entry of a list or a notification: something of an interface has changed, come or gone.

        Each makes it another `Interface` object, also where all that this has is as before.
        """
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
            case SettingsChanged(forwards_ipv6=bool(forwards)) if entry.ifindex in self._links:
                self._links[entry.ifindex] = replace(self._links[entry.ifindex], forwards_ipv6=forwards)
            case SettingsChanged():
                pass  # to be seen at the interface itself (`sockets.generation`)
            case AddressAdded() | AddressRemoved():
                pass  # the interface has just gone, or its own notification is still to come

    def was_listed(self, ifindex: int) -> None:
        """Put the addresses of an interface in order, once a list has given all of them.

        The kernel lists the newest IPv6 address of a scope first; here the oldest comes first.
        """
        known = self._addresses[ifindex]
        ipv6 = [address for address in known if isinstance(address, IPv6Interface)]
        for address in reversed(ipv6):
            known[address] = known.pop(address)
        self._made.pop(ifindex, None)

    def resemble(self, other: "Table", ifindex: int) -> None:
        """Return the same `Interface` object as `other` for an interface that is equal there, so that `is` finds it."""
        before = other.by_index(ifindex)
        if before is not None and before == self.by_index(ifindex):
            self._made[ifindex] = before

    def _forget(self, ifindex: int) -> None:
        self._release_name(ifindex)
        self._links.pop(ifindex, None)
        self._addresses.pop(ifindex, None)
        self._made.pop(ifindex, None)

    def _release_name(self, ifindex: int) -> None:
        link = self._links.get(ifindex)
        if link is not None and self._names.get(link.name) == ifindex:
            del self._names[link.name]


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
        link.loopback,
        link.altnames,
        link.forwards_ipv6,
        link.kind,
        link.parent,
        link.alias,
    )


def _put(addresses: dict[VirtualAddress, AssignedAddress], assigned: AssignedAddress) -> None:
    known = addresses.get(assigned.address)
    if known is not None and known.is_secondary and not assigned.is_secondary:
        # Its primary is gone; the kernel has promoted it and put it behind the other primaries.
        del addresses[assigned.address]
    addresses[assigned.address] = assigned
