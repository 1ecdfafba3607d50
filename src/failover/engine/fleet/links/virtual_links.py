"""The interfaces for virtual MAC addresses: made where they are missing, known again, and removed.

One that a killed daemon has left is known by its alias, `failover ADDRESS`: whoever claims that address there has made
it. It stays up as long as its router is configured, for to make one takes half a millisecond, and to remove one twenty.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, ip_interface
from typing import Final

from failover.engine.environment import Host, Interfaces, LinkFilter
from failover.engine.fleet.registry import Registry
from failover.engine.port.linked import LinkedPort
from failover.engine.port.port import Port
from failover.linux import faults
from failover.linux.errors import reason
from failover.linux.interfaces.macvlan import KIND
from failover.linux.interfaces.ownership import IsAnothers
from failover.linux.interfaces.readiness import source_address
from failover.linux.interfaces.table import Interface
from failover.linux.nftables.link_filter import WAITING_GROUP, FilteredLink
from failover.vrrp import Family, Fault

_MARK: Final = "failover "


def made_for(interface: Interface) -> str | None:
    """The address that a daemon has made an interface for; None where none of ours has made it."""
    if interface.kind != KIND or not interface.alias.startswith(_MARK):
        return None
    return interface.alias.removeprefix(_MARK)


def is_left(interface: Interface, is_anothers: IsAnothers) -> bool:
    """Whether a daemon has made an interface that does not live any more."""
    address = made_for(interface)
    try:
        return address is not None and not is_anothers(interface.name, ip_interface(address))
    except ValueError:  # somebody else's words
        return False


class VirtualLinks:
    """Those of an engine."""

    def __init__(self, host: Host, interfaces: Interfaces, registry: Registry, is_anothers: IsAnothers) -> None:
        self._host = host
        self._interfaces = interfaces
        self._registry = registry
        self._is_anothers = is_anothers
        self._refused: dict[Port, str] = {}
        """Why there is no such interface for a port."""
        self._filter: LinkFilter | None = None
        self._guarded: frozenset[FilteredLink] = frozenset()
        self._unguarded = ""
        """Why nothing keeps them silent."""

    def begin(self) -> None:
        """Remove what daemons that were killed have left, and make what is missing."""
        for interface in tuple(self._interfaces):
            if interface.name not in self._registry.ports and is_left(interface, self._is_anothers):
                self._remove(interface, aside=False)
        for port in self._linked():
            self._prepare(port, is_new=True)
        self.guard()

    def differs(self, port: Port) -> bool:
        """Whether the parent of a port is not as it was."""
        return isinstance(port, LinkedPort) and self._interfaces.get(port.parent) is not port.below

    def prepare(self, port: Port) -> None:
        """See that a port has its interface, and that it is guarded. One that is made is to be read of."""
        if isinstance(port, LinkedPort):
            self._prepare(port)
            self.guard()

    def fault(self, port: Port) -> Fault | None:
        """Why a port cannot be used, although its parent could."""
        if not isinstance(port, LinkedPort):
            return None
        there = self._interfaces.get(port.name)
        why = self._refused.get(port) or self._unguarded
        if not why and (there is None or not self._is_right(there, port)):
            why = "it is not there"
        if not why and there is not None and not there.up:
            why = "it is administratively down"
        return faults.virtual_mac(port.name, port.parent, why) if why else None

    def is_refused(self, port: Port) -> bool:
        """Whether its interface could not be had the last time, which nothing on it needs to tell when it can."""
        return port in self._refused

    def guard(self) -> None:
        """Keep them silent, with the addresses that they have or are about to get."""
        wanted = frozenset(map(_filtered, self._linked()))
        if wanted == self._guarded:
            return
        if not wanted:
            self._let_go()
            return
        try:
            if self._filter is None:
                self._filter = self._host.link_filter()
            self._filter.guard(wanted)
        except OSError as error:
            self._unguarded = f"nftables: {reason(error)}"
            return
        self._guarded, self._unguarded = wanted, ""

    def leave(self, port: Port) -> None:
        """A port is no more: no router lived on it."""
        there = self._interfaces.get(port.name)
        self._refused.pop(port, None)
        if isinstance(port, LinkedPort) and there is not None and self._is_right(there, port):
            self._remove(there, aside=True)
        self.guard()

    def close(self) -> None:
        """Remove all."""
        for port in self._linked():
            there = self._interfaces.get(port.name)
            if there is not None and self._is_right(there, port):
                self._remove(there, aside=False)
        self._let_go()

    def _let_go(self) -> None:
        self._guarded, self._unguarded = frozenset(), ""
        if self._filter is not None:
            self._filter.close()
            self._filter = None

    def _linked(self) -> Iterable[LinkedPort]:
        return [port for port in self._registry.ports.values() if isinstance(port, LinkedPort)]

    def _prepare(self, port: LinkedPort, *, is_new: bool = False) -> None:
        port.below = self._interfaces.get(port.parent)
        self._refused.pop(port, None)
        there = self._interfaces.get(port.name)
        try:
            if there is not None and not self._is_right(there, port):
                if not is_left(there, self._is_anothers):
                    self._refused[port] = "another interface has this name"
                    return
                self._remove(there, aside=False)
                there = None
            if there is not None and (is_new or not there.up):
                self._host.reset_link(port.name, there.ifindex, WAITING_GROUP)
            if there is None and port.below is not None:
                address = next(iter(self._registry.on(port))).router.held_addresses[0]
                self._host.make_link(port.name, port.below.ifindex, port.virtual_mac, f"{_MARK}{address}")
        except OSError as error:
            self._refused[port] = reason(error)

    def _is_right(self, interface: Interface, port: LinkedPort) -> bool:
        is_placed = port.below is not None and interface.parent == port.below.ifindex
        return is_placed and made_for(interface) is not None and interface.mac == port.virtual_mac

    def _remove(self, interface: Interface, *, aside: bool) -> None:
        if aside:
            self._host.remove_link_aside(interface.ifindex)
        else:
            self._host.remove_link(interface.ifindex)


def _filtered(port: LinkedPort) -> FilteredLink:
    source = source_address(port.below, Family.IPV4, port.virtual_addresses) if port.below else None
    addresses = sorted(one for one in port.virtual_addresses if isinstance(one, IPv4Address))
    return FilteredLink(port.name, port.parent, source if isinstance(source, IPv4Address) else None, tuple(addresses))
