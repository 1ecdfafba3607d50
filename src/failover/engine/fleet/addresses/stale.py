"""Takes off what is nobody's: addresses that a killed daemon has left, or that somebody else has put here.

Knows what is the host's own, so that nobody takes that off. Whose an address is, is for `linux.interfaces.ownership` to
say.
"""

from collections.abc import Callable, Iterable
from functools import partial

from failover.engine.account.conflict import NONE, conflict_of, listed
from failover.engine.environment import EventLoop, Host, Netlink
from failover.engine.events import EventSink
from failover.engine.fleet.addresses.stray_limit import StrayLimit
from failover.engine.fleet.registry import Registry
from failover.engine.port.port import Port
from failover.events import Kind
from failover.linux.errors import reason
from failover.linux.interfaces.ownership import Asker, IsAnothers, Lists, Whose, nobodys, recognised, whose
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.addresses import prepare_remove
from failover.vrrp import Family, Instant, VirtualAddress, VirtualRouter
from failover.vrrp.protocol import family_of
from failover.wording import Fields


class StaleAddresses:
    """On all interfaces of a host, for an engine."""

    def __init__(
        self,
        loop: EventLoop,
        host: Host,
        netlink: Netlink,
        registry: Registry,
        events: EventSink,
        is_anothers: IsAnothers,
    ) -> None:
        self._loop = loop
        self._host = host
        self._netlink = netlink
        self._registry = registry
        self._events = events
        self.is_anothers = is_anothers
        self._limits: dict[Port, StrayLimit] = {}
        """Of the ports where there were strays."""
        self._in_conflict: set[Port] = set()
        """The ports where a router knows of a conflict."""
        self._were_own: dict[Port, frozenset[VirtualAddress]] = {}
        """What was the host's own until strays were looked for."""
        self._cleared: dict[Port, tuple[Interface, frozenset[VirtualAddress]]] = {}
        """As the interface was when leftovers were taken off it, and which."""
        self.look_again: Callable[[Port], None] = lambda _: None
        """Called when strays of a port that had to wait may be removed."""
        self.own_changed: Callable[[], None] = lambda: None
        """Called when other addresses than before may be the host's own."""

    def recognise(self, port: Port, *coming: VirtualRouter, is_new: bool = False) -> None:
        """See which of its addresses are the host's own, for the routers that live there and for those `coming`.

        `is_new`: the interface was not there, or not in use, just before.
        """
        instances = self._registry.on(port)
        owners = [one for one in (*coming, *(each.router for each in instances)) if one.is_address_owner]
        if port.seen is None or not (coming or owners or port.own.all or is_new):
            return
        owned = frozenset(address for one in owners for address in one.held_addresses)
        others = (address.ip for one in coming if not one.is_address_owner for address in one.held_addresses)
        newly = frozenset(others) - port.virtual_addresses
        lists = Lists(port.virtual_addresses, owned, self._held(port) - port.own.all, newly)
        before, port.own = port.own, recognised(port.own, port.seen, lists, is_new=is_new)
        if port.own.all != before.all:
            self._were_own[port] = self._were_own.get(port, frozenset()) | (before.all - port.own.all)
            for instance in instances:
                instance.own_changed()
            self.own_changed()

    def remove_elsewhere(self, interfaces: Iterable[Interface]) -> None:
        """Take off what a daemon that was killed has left where no virtual router lives now, known by its mark."""
        for interface in interfaces:
            if interface.name not in self._registry.ports:
                left = nobodys(interface, Asker(frozenset(), self.is_anothers))
                self._take_away(Kind.LEFTOVERS_REMOVED, interface, left)

    def remove_leftovers(self, port: Port) -> None:
        """Take off what a daemon that was killed has left on an interface, and what else is nobody's there."""
        interface = port.seen
        if interface is None:
            return
        found = nobodys(interface, self._asker(port))
        self._cleared[port] = interface, frozenset(found)
        marked = frozenset(one.address for one in interface.addresses if one.is_tagged or not port.own.tells_who)
        self._take_away(Kind.LEFTOVERS_REMOVED, interface, tuple(one for one in found if one in marked))
        self._take_away(Kind.FOREIGN_REMOVED, interface, tuple(one for one in found if one not in marked))

    def remove_strays(self, port: Port, at: Instant) -> None:
        """Take off virtual addresses that somebody else put there: in BACKUP they must not answer (RFC 9568 §6.4.2)."""
        interface = port.seen
        known = self._were_own.pop(port, frozenset())
        strays = self._strays(port, interface) if interface else ()
        if interface and strays:
            self._take_away(Kind.FOREIGN_REMOVED, interface, tuple(one for one in strays if one in known))
            strays = tuple(one for one in strays if one not in known)
        if interface and strays and self._limit(port).admit(strays, at):
            fields = self._remove(interface, strays)
            self._events.tell_seldom(Kind.STRAYS_REMOVED, {"interface": port.name}, at, fields)
        self._note_conflicts(port, at)

    def forget(self, port: Port) -> None:
        """No router is left on a port."""
        self._in_conflict.discard(port)
        self._were_own.pop(port, None)
        self._cleared.pop(port, None)
        if port in self._limits:
            self._limits.pop(port).retire()

    def take_off(self, port: Port, addresses: tuple[VirtualAddress, ...]) -> None:
        """Remove addresses that are there or not, and say nothing of it."""
        if addresses and port.seen is not None:
            self._remove(port.seen, addresses)

    def orphans(self, port: Port, addresses: Iterable[VirtualAddress]) -> tuple[VirtualAddress, ...]:
        """Those of the addresses that no MASTER there holds, and that are not the host's own."""
        kept = self._held(port) | port.own.all
        return tuple(address for address in addresses if address not in kept)

    def _held(self, port: Port) -> frozenset[VirtualAddress]:
        """What the MASTERs of a port hold."""
        return frozenset[VirtualAddress]().union(*(one.held for one in self._registry.on(port) if one.is_master))

    def _limit(self, port: Port) -> StrayLimit:
        if port not in self._limits:
            self._limits[port] = StrayLimit(
                self._loop, lambda: self.look_again(port), partial(self._note_conflicts, port)
            )
        return self._limits[port]

    def _strays(self, port: Port, interface: Interface) -> tuple[VirtualAddress, ...]:
        asker = self._asker(port)
        listed_here = (one for one in interface.addresses if one.address.ip in asker.virtual)
        before, gone = self._cleared.get(port, (None, frozenset[VirtualAddress]()))
        return tuple(
            one.address
            for one in listed_here
            if whose(one, interface, asker) is Whose.NOBODYS and not (interface is before and one.address in gone)
        )

    def _note_conflicts(self, port: Port, at: Instant) -> None:
        """Have each router there know which of its addresses are not where they should be; new ones are told."""
        limit = self._limits.get(port)
        contested = limit.contested if limit else frozenset()
        there = port.own.all.intersection(one.address for one in port.seen.addresses) if port.seen else frozenset()
        if not (contested or there or port in self._in_conflict):
            return
        instances = self._registry.on(port)
        for instance in instances:
            before = instance.reporter.conflict
            now = conflict_of(instance.router, contested, there)._replace(duplicate=before.duplicate)
            if now == before:
                continue
            instance.reporter.conflict = now
            instance.reporter.changed = True
            for kind, new in (
                (Kind.ADDRESSES_CONTESTED, now.contested - before.contested),
                (Kind.ADDRESSES_LEFT, now.own - before.own),
            ):
                if new:
                    fields = _fields(port.name, new)
                    instance.reporter.report(kind, {"addresses": fields["addresses"]}, at, partial(dict, fields))
        if any(instance.reporter.conflict != NONE for instance in instances):
            self._in_conflict.add(port)
        else:
            self._in_conflict.discard(port)

    def _asker(self, port: Port) -> Asker:
        held = port.awaited.union(self._held(port))
        virtual = port.virtual_addresses

        def is_anothers(interface: str, address: VirtualAddress) -> bool:
            # What is configured here is claimed by ourselves, as far as anybody can claim.
            return address.ip not in virtual and self.is_anothers(interface, address)

        return Asker(virtual, is_anothers, held, port.own.all)

    def _take_away(self, kind: Kind, interface: Interface, addresses: tuple[VirtualAddress, ...]) -> None:
        """What was there before: other addresses may depend on it."""
        if not addresses:
            return
        if any(family_of(address) is Family.IPV4 for address in addresses):
            self._spare_others(interface)
        self._events.tell(kind, self._remove(interface, addresses))

    def _spare_others(self, interface: Interface) -> None:
        try:
            self._host.keep_secondaries(interface)
        except OSError as error:
            warning = f"other addresses of {interface.name} may be removed with what was left there: {reason(error)}"
            self._events.tell(Kind.DEGRADED, {"warning": warning})

    def _remove(self, interface: Interface, addresses: tuple[VirtualAddress, ...]) -> Fields:
        """Take addresses off an interface, there or not; the evidence of the event that tells of it."""
        failures = self._netlink.apply(prepare_remove(interface.ifindex, addresses))
        return {
            **_fields(interface.name, addresses),
            "failed": len(failures),
        }


def _fields(interface: str, addresses: Iterable[VirtualAddress]) -> Fields:
    return {"interface": interface, "addresses": listed(addresses)}
