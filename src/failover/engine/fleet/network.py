"""Follows the network as interfaces and addresses come and go, and tells the instances."""

from collections.abc import Callable

from failover.engine.environment import EventLoop, Host
from failover.engine.events import EventSink
from failover.engine.fleet.addresses.duplicate import DuplicateWatch
from failover.engine.fleet.addresses.elsewhere import ElsewhereWatch
from failover.engine.fleet.addresses.order import AddressOrder
from failover.engine.fleet.addresses.stale import StaleAddresses
from failover.engine.fleet.registry import Registry
from failover.engine.fleet.remade import MembershipCheck, begin_anew, keep_secondaries
from failover.engine.port.port import Port
from failover.engine.port.readiness import Readiness
from failover.engine.router.instance import Instance
from failover.engine.transmit.prepared import mtu_fault
from failover.engine.transmit.transmitter import Transmitter
from failover.events import Kind
from failover.linux.errors import reason
from failover.linux.interfaces.table import Interface, present
from failover.vrrp import Address, Family, Fault, Instant, seconds

_READS_OF_A_STORM = 64
"""After so many reads we act on what is known, whether or not there is more."""
_READ_AGAIN_AFTER = seconds(0.2)
_NEWS_WAIT_AT_MOST = seconds(0.05)
_LOOK_AGAIN_AFTER = seconds(0.001)


class Network:
    """The interfaces that an engine's routers live on."""

    def __init__(
        self,
        loop: EventLoop,
        host: Host,
        transmitter: Transmitter,
        registry: Registry,
        events: EventSink,
        stale: StaleAddresses,
        order: AddressOrder,
    ) -> None:
        """Lists the host's interfaces; `OSError` where it cannot. What is added to `registry`, `admit` is told of."""
        self._loop = loop
        self._host = host
        self._transmitter = transmitter
        self._registry = registry
        self._events = events
        self._interfaces = host.interfaces()
        self._memberships = MembershipCheck(host, events)
        self._order = order
        self._duplicates = DuplicateWatch(loop, host, registry, events)
        self._elsewhere = ElsewhereWatch(loop, host, registry, transmitter, self._interfaces)
        self._stale = stale
        stale.look_again = self.review
        self._watched: int | None = None
        self._read_again = loop.alarm(lambda _: self._changed())
        self._reads = 0
        self._was_listed = False
        """Whether notifications may be missing since the ports were looked at."""
        self._unjudged: set[Port] = set()
        """The ports where addresses came and went while ours were being changed."""
        self._waiting_since: Instant | None = None
        self.interface = self._interfaces.get
        """The interface that has a name now; the same object until something about it changes."""
        self.changed: Callable[[Instant], None] = lambda _: None
        """Called when interfaces may have changed, other than those that the routers live on."""
        transmitter.before_long, transmitter.after_long = self._overlook, self._catch_up

    def begin(self, at: Instant) -> None:
        """Start every router on what is there; `PermissionError` where sockets are not allowed at all."""
        # Whatever can be refused comes first: a router that has become MASTER is not to be taken back.
        for port in self._registry.ports.values():
            port.seen = self._interfaces.get(port.name)
            port.follow(port.seen, ())
            for refused in port.refused.values():
                if isinstance(refused, PermissionError):
                    raise refused
        self._stale.remove_elsewhere(self._interfaces)
        for port in self._registry.ports.values():
            port.readiness = self._readiness(port)
            keep_secondaries(port, self._host, self._events)
            self._stale.recognise(port, is_new=True)
            self._stale.remove_leftovers(port)
            for instance in self._registry.on(port):
                self.start(instance, port, at)
            if port.own.all:  # nothing needs to change on the interface before that is told
                self.review(port)
        self._watched = self._interfaces.fileno()
        self._loop.watch(self._watched, self._changed)
        self._loop.housekeeping.add(self._look_at_memberships)
        self._duplicates.begin()
        self._elsewhere.begin()

    # --- other routers than before

    def admit(self, port: Port, at: Instant) -> None:
        """Routers have been added to a port, and `start` will start them: open what they need."""
        interface = self._interfaces.get(port.name)
        readiness = self._readiness(port)
        before = port.readiness
        differs = any(readiness[family] != before[family] for family in readiness.keys() & before.keys())
        if before and (differs or port.outdated(interface)):
            port.seen = interface
            self._stale.recognise(port)
            self._move(port, interface, readiness, at)
            return
        port.seen, port.readiness = interface, readiness
        if not port.serves(interface):
            port.follow(interface, ())
        keep_secondaries(port, self._host, self._events)
        self._stale.recognise(port, is_new=not before)
        if not before:
            self._stale.remove_leftovers(port)

    def start(self, instance: Instance, port: Port, at: Instant) -> None:
        """Begin an election for a router that was added."""
        instance.start(self._attach(instance, port, at), at)

    def judge(self, instance: Instance, port: Port, at: Instant) -> None:
        """A router has other parameters: see whether it can run with them, and what it sends from."""
        port.know_own(instance.router.family)
        if instance.link_fault or self._source(instance, port) != instance.router.primary_address:
            instance.link_changed(self._attach(instance, port, at), at)

    def review(self, port: Port) -> None:
        """All routers of a port are as they should be: look at its interface anew when what was done there is known."""
        self._unjudged.add(port)
        self._read_again.set(self._loop.clock.now())

    def look_once_more(self) -> None:
        """The routers are about to withdraw their addresses: see first which of them are the host's own by now."""
        try:
            for _ in range(_READS_OF_A_STORM):
                if not self._interfaces.read():
                    break
        except OSError as error:
            self._unread(error)
        for port in self._registry.ports.values():
            port.seen = self._interfaces.get(port.name)
            self._stale.recognise(port)

    def close(self) -> None:
        """Follow no more."""
        self._read_again.set(None)
        self._loop.housekeeping.remove(self._look_at_memberships)
        self._duplicates.close()
        self._elsewhere.close()
        if self._watched is not None:
            self._loop.forget(self._watched)
            self._watched = None
        self._interfaces.close()

    def _look_at_memberships(self, at: Instant) -> None:
        self._memberships.look(self._registry.ports.values(), at)
        for port in self._registry.ports.values():
            if port.refused:  # it may have been for descriptors, and nothing on the interface tells of those
                self.review(port)

    def _changed(self) -> None:
        if self._may_wait():
            if self._interfaces.is_outdated:  # nothing else would call us again
                self._read_again.set(Instant(self._loop.clock.now() + _LOOK_AGAIN_AFTER))
            return
        if not self._read():
            return
        at = self._loop.clock.now()
        for port in self._registry.ports.values():
            interface = self._interfaces.get(port.name)
            # Not what has changed: an address that we put back and somebody removed again before we read of either
            # has changed nothing, and yet is gone. Nor does a list show what was made anew and is as it was. And what a
            # name stands for that no interface has, another one may say.
            if (
                interface is None
                or interface is not port.seen
                or port in self._unjudged
                or (self._was_listed and not port.serves(interface))
            ):
                self._update(port, interface, at)
        self._was_listed = False
        self._unjudged.intersection_update(self._registry.ports.values())
        self.changed(at)

    def _may_wait(self) -> bool:
        """Whether to read later: in a transition the news is ours, and addresses and announcements go first."""
        if not self._transmitter.is_at_work:
            self._waiting_since = None
            return False
        at = self._loop.clock.now()
        self._waiting_since = self._waiting_since or at
        return at - self._waiting_since < _NEWS_WAIT_AT_MOST

    def _read(self) -> bool:
        """Take in some of what is new; whether that was all of it, or enough. If not, we are called again.

        In the middle of a storm the table shows addresses missing that are back already.
        """
        self._was_listed = self._was_listed or self._interfaces.is_outdated
        try:
            more = self._interfaces.read()
        except OSError as error:
            self._unread(error)
            return False
        self._reads += 1
        if more and (self._interfaces.is_outdated or self._reads < _READS_OF_A_STORM):
            self._read_again.set(self._loop.clock.now())  # what is left of a list makes no descriptor readable
            return False
        self._reads = 0
        return not self._interfaces.is_outdated

    def _unread(self, error: OSError) -> None:
        """Notifications were lost and listing failed: try again soon, nothing else would wake us for it."""
        at = self._loop.clock.now()
        self._read_again.set(Instant(at + _READ_AGAIN_AFTER))
        told = reason(error)
        self._events.tell_seldom(Kind.NETWORK_UNREAD, {"error": told}, at, {"error": told})

    def _overlook(self, ifindex: int) -> None:
        """Many of our addresses come or go on an interface: do not hear of each, ask for them afterwards."""
        self._interfaces.overlook_addresses()
        self._unjudged.update(one for one in self._registry.ports.values() if one.seen and one.seen.ifindex == ifindex)

    def _catch_up(self) -> None:
        self._interfaces.catch_up()
        self._transmitter.tell(lambda: self._read_again.set(self._loop.clock.now()))

    def _update(self, port: Port, interface: Interface | None, at: Instant) -> None:
        port.seen = interface
        self._stale.recognise(port)
        readiness = self._readiness(port)
        if readiness != port.readiness or not port.serves(interface):
            self._move(port, interface, readiness, at)
        if self._transmitter.is_changing:
            # Half of ours are there, or still there: look again when all are, and their notifications are read.
            self._unjudged.add(port)
            self._transmitter.tell(lambda: self._read_again.set(self._loop.clock.now()))
            return
        self._unjudged.discard(port)
        self._stale.remove_strays(port, at)
        again = self._order.keep(port, self._registry.on(port), at)
        if again is not None:
            self._unjudged.add(port)
            self._read_again.set(min(again, self._read_again.at or again))
        there = present(interface)
        for instance in self._registry.on(port):
            instance.addresses_present(there, at)
        self._duplicates.consider(port, at)

    def _move(self, port: Port, interface: Interface | None, readiness: dict[Family, Readiness], at: Instant) -> None:
        """The readiness has changed: give up what no longer holds, then go on, or begin anew, with what is there."""
        port.readiness = readiness
        instances = self._registry.on(port)
        for instance in instances:
            if (fault := readiness[instance.router.family].fault) is not None:
                instance.link_changed(fault, at)  # while the sockets are still those of the old interface
        recovered = {
            instance.router.family
            for instance in instances
            if instance.link_fault and readiness[instance.router.family].fault is None
        }
        is_another = port.interface is None or interface is None or interface.ifindex != port.ifindex
        has_lost_its_name = is_another and port.interface is not None and interface is not None
        outdated = port.outdated(interface, recovered)
        remade = [one for one in instances if one.router.family in outdated and not one.fault]
        begin_anew(port, remade, self._events, at)
        port.follow(interface, outdated)
        keep_secondaries(port, self._host, self._events)
        if recovered or outdated or is_another:
            self._stale.recognise(port, is_new=True)
        if recovered or has_lost_its_name:
            self._stale.remove_leftovers(port)
        if has_lost_its_name:  # the one that had it may be there still, with our addresses
            self._stale.remove_elsewhere(self._interfaces)
        for instance in instances:
            instance.link_changed(self._attach(instance, port, at), at)
        for instance in remade:
            instance.reinstall(at)
        self._stale.own_changed()

    def _attach(self, instance: Instance, port: Port, at: Instant) -> Fault | None:
        """Put an instance on its interface as that is now; the fault where it cannot stand there."""
        source = self._source(instance, port)
        if isinstance(source, Fault):
            return source
        instance.attach(port, source, at)
        return None

    def _source(self, instance: Instance, port: Port) -> Address | Fault:
        """What an instance sends from on its interface as that is now, or why it cannot run there."""
        router = instance.router
        readiness = port.readiness[router.family]
        fault = readiness.fault or port.refusal(router.family) or mtu_fault(router, port.name, readiness.mtu)
        return fault or readiness.source_of(router, port.name)

    def _readiness(self, port: Port) -> dict[Family, Readiness]:
        interface = self._interfaces.get(port.name)
        meant = None if interface else self._interfaces.meant(port.name)
        return {family: port.readiness_with(interface, family, meant) for family in port.families}
