"""Watches for other MASTERs that are not heard: both stay MASTER then.

One is a clone of this host, which advertises from our own address, maybe with our own MAC address: over IPv4 the kernel
drops what comes from an address of its own. Another is one that the host's firewall drops, and yet another one a
program on this very host. So the frames themselves are looked at: when a router becomes MASTER, and then for a while in
each minute. What was seen there and not heard is told of.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from failover.engine.account.conflict import Duplicate
from failover.engine.environment import EventLoop, Host, Lookout
from failover.engine.events import EventSink
from failover.engine.fleet.addresses.seen import (
    LEAST_SEEN,
    Sent,
    by_others,
    duplicate,
    head,
    looks_for_all,
    own_in_turn,
)
from failover.engine.fleet.registry import Registry
from failover.engine.port.port import Port
from failover.engine.router.instance import Instance
from failover.engine.transmit.prepared import datagrams
from failover.events import Kind
from failover.frames import ethernet
from failover.linux.sockets.looking.lookout import Sought
from failover.vrrp import Address, Family, Instant, Interval, SendAdvertisement, seconds
from failover.wording import Fields

_LOOK_EVERY: Final = seconds(55)
"""About a minute; as long as there is a duplicate, at each time of housekeeping."""
_INTERVALS_IN_A_LOOK: Final = 2.5
"""Of ours, which another host has as well."""
_MOST_HEARD: Final = 64
"""Packets that a router hears in a look. With more the kernel may refuse some, and who was not heard proves nothing."""


class _Look:
    """Of one family on one port."""

    def __init__(self) -> None:
        self.lookout: Lookout | None = None
        """While it lasts."""
        self.began = Instant(0)
        self.sought: Sought | None = None
        self.sent: dict[int, Sent] = {}
        """What each MASTER had sent when it began, by VRID."""
        self.turn = 0
        """How many looks there were."""
        self.found: Duplicate | None = None
        self.unheard = False
        """Whether another MASTER was not heard, on another host or on this one."""
        self.heard: dict[int, int] = {}
        """How many packets each MASTER had heard when it began, by VRID: a router that a reload removes is not held."""


class DuplicateWatch:
    """Looks on all ports of an engine, at its times of housekeeping."""

    def __init__(self, loop: EventLoop, host: Host, registry: Registry, events: EventSink) -> None:
        self._loop = loop
        self._host = host
        self._registry = registry
        self._events = events
        self._looks: dict[tuple[Port, Family], _Look] = {}

    def begin(self) -> None:
        """From now on."""
        self._loop.housekeeping.add(self._keep_looking)

    def consider(self, port: Port, at: Instant) -> None:
        """Routers of a port may have become MASTER: where one is the first of its family, look."""
        for family in port.families:
            if (port, family) not in self._looks and self._masters(port, family):
                self._looks[port, family] = _Look()
                self._open(port, family, at)

    def close(self) -> None:
        """Look no more."""
        self._loop.housekeeping.remove(self._keep_looking)
        for look in self._looks.values():
            if look.lookout is not None:
                look.lookout.close()
        self._looks.clear()

    def _keep_looking(self, at: Instant) -> None:
        for port in self._registry.ports.values():
            self.consider(port, at)
        for port, family in tuple(self._looks):
            look, masters = self._looks[port, family], self._masters(port, family)
            if not masters:
                if look.lookout is not None:
                    look.lookout.close_aside()
                self._have_known(port, family, None)
                del self._looks[port, family]
            elif look.lookout is None:
                if look.found or look.unheard or at - look.began >= _LOOK_EVERY:
                    self._open(port, family, at)
            elif at - look.began >= _INTERVALS_IN_A_LOOK * max(one.router.advertisement_interval for one in masters):
                self._conclude(port, family, at)

    def _masters(self, port: Port, family: Family) -> Sequence[Instance]:
        return [one for one in self._on(port, family) if one.is_master]

    def _on(self, port: Port, family: Family) -> Sequence[Instance]:
        if self._registry.ports.get(port.name) is not port:  # a reload has removed it
            return ()
        return [one for one in self._registry.on(port) if one.family is family]

    def _open(self, port: Port, family: Family, at: Instant) -> None:
        look = self._looks[port, family]
        look.began, look.turn = at, look.turn + 1
        own = _own(port, family)
        if own is None:
            return
        masters = self._masters(port, family)
        look.heard = {one.router.vrid: _heard(one) for one in masters}
        look.sent = {one.router.vrid: _sent(one) for one in masters}
        look.sought = Sought(*own, frozenset(look.heard), own_in_turn(list(look.heard), look.turn))
        try:
            look.lookout = self._host.lookout(*port.lan, family, look.sought)
        except (OSError, LookupError):  # the interface has gone, or there is no room: the next time
            return

    def _conclude(self, port: Port, family: Family, at: Instant) -> None:
        """What was seen. Nothing follows from it where the interface has gone."""
        look = self._looks[port, family]
        lookout, look.lookout = look.lookout, None
        sought = look.sought
        if lookout is None or sought is None:
            return
        try:
            seen = list(lookout.sightings())
        except OSError:
            return
        finally:
            lookout.close_aside()
        # It is no duplicate where we have another address by now, and another host the old one.
        is_ours = sought[:2] == _own(port, family)
        self._found(port, family, duplicate(seen, sought) if is_ours else None, at)
        others = by_others(seen, sought)
        times = Counter((one.vrid, one.source) for one in others)
        priorities = {(one.vrid, one.source): one.priority for one in others}
        look.unheard = False
        for instance in self._masters(port, family):
            if (before := look.heard.get(instance.router.vrid)) is not None:
                few = _heard(instance) - before <= _MOST_HEARD
                unheard = {
                    source: priorities[vrid, source]
                    for (vrid, source), count in times.items()
                    if vrid == instance.router.vrid and count >= LEAST_SEEN and few
                    if not instance.reporter.problems.has_heard(source, look.began)
                }
                look.unheard |= bool(unheard)
                instance.reporter.unheard(unheard, Interval(3 * instance.router.advertisement_interval), at)
            if instance.router.vrid in sought.own:
                is_alone = _sent(instance).is_all(seen, look.sent[instance.router.vrid])
                look.unheard |= not is_alone
                besides = None if is_alone else sought.source
                looks = looks_for_all(look.heard)
                instance.reporter.sent_besides(besides, instance.interface, instance.router.vrid, looks, at)
        look.heard.clear()
        look.sent.clear()

    def _found(self, port: Port, family: Family, found: Duplicate | None, at: Instant) -> None:
        look = self._looks[port, family]
        before, look.found = look.found, found
        if found != before:
            told = found or before
            if told is not None:
                fields: Fields = {"interface": port.name, "address": told.address, "mac": told.mac}
                self._events.tell_seldom(_kind(found), {**fields}, at, fields)
        self._have_known(port, family, found)

    def _have_known(self, port: Port, family: Family, found: Duplicate | None) -> None:
        for instance in self._on(port, family):
            if instance.reporter.conflict.duplicate != found:
                instance.reporter.conflict = instance.reporter.conflict._replace(duplicate=found)
                instance.reporter.changed = True


def _kind(found: Duplicate | None) -> Kind:
    """How the log calls what was found; None: nothing any more."""
    if found is None:
        return Kind.DUPLICATE_ADDRESS_OVER
    return Kind.CLONE if found.is_clone else Kind.DUPLICATE_ADDRESS


def _own(port: Port, family: Family) -> tuple[Address, bytes] | None:
    """Our address and our MAC address there, None without either: on an interface that is not Ethernet's."""
    known = port.readiness.get(family)
    return (known.source, known.mac) if known and known.source and len(known.mac) == ethernet.MAC_LENGTH else None


def _sent(instance: Instance) -> Sent:
    """What a MASTER has sent, in all."""
    router = instance.router
    sample = datagrams(router, SendAdvertisement(router.priority, instance.state.checksum))
    return Sent(router, frozenset(map(head, sample)), len(sample) * instance.counters.advertisements_sent)


def _heard(instance: Instance) -> int:
    """How many packets a router has heard, good and bad."""
    return instance.counters.advertisements_received + sum(instance.counters.discarded.values())
