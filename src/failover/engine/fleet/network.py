"""Follows the network: what the routers need of it, as interfaces and addresses come and go.

It tells the instances; what they make of it is theirs.
"""

from failover.engine.environment import EventLoop, Host, Netlink
from failover.engine.events import EventSink
from failover.engine.fleet.registry import Registry
from failover.engine.fleet.stale_addresses import foreign, unheld
from failover.engine.port.port import Port, Readiness
from failover.engine.router.instance import Instance
from failover.engine.transmit.prepared import mtu_fault
from failover.engine.transmit.transmitter import Transmitter
from failover.events import Fields, Kind
from failover.linux.errors import reason
from failover.linux.interfaces.readiness import fault as find_fault
from failover.linux.interfaces.readiness import source_address
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.addresses import prepare_remove
from failover.vrrp import Family, Fault, Instant, VirtualAddress, VirtualRouter, seconds

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
        netlink: Netlink,
        transmitter: Transmitter,
        registry: Registry,
        events: EventSink,
    ) -> None:
        """Lists the host's interfaces; `OSError` where it cannot. What is added to `registry`, `admit` is told of."""
        self._loop = loop
        self._host = host
        self._netlink = netlink
        self._transmitter = transmitter
        self._registry = registry
        self._events = events
        self._interfaces = host.interfaces()
        self._keeping: set[int] = set()
        self._watched: int | None = None
        self._read_again = loop.alarm(lambda _: self._changed())
        self._reads = 0
        self._unjudged: set[Port] = set()
        """The ports where addresses came and went while ours were being changed."""
        self._waiting_since: Instant | None = None
        transmitter.before_long, transmitter.after_long = self._overlook, self._catch_up

    def begin(self, at: Instant) -> None:
        """Start every router on what is there; `PermissionError` where sockets are not allowed at all."""
        # Whatever can be refused comes first: a router that has become MASTER is not to be taken back.
        for port in self._registry.ports.values():
            port.seen = self._interfaces.get(port.name)
            port.follow(port.seen)
            for refused in port.refused.values():
                if isinstance(refused, PermissionError):
                    raise refused
        for port in self._registry.ports.values():
            port.readiness = self._readiness(port)
            self._keep_secondaries(port)
            self._remove_leftovers(port)
            for instance in self._registry.on(port):
                self.start(instance, port, at)
        self._watched = self._interfaces.fileno()
        self._loop.watch(self._watched, self._changed)

    # --- other routers than before

    def admit(self, port: Port, at: Instant) -> None:
        """Routers have been added to a port, and `start` will start them: open what they need."""
        interface = self._interfaces.get(port.name)
        readiness = self._readiness(port)
        before = port.readiness
        if before and any(readiness[family] != before[family] for family in readiness.keys() & before.keys()):
            self._move(port, interface, readiness, at)
            return
        port.seen, port.readiness = interface, readiness
        if not port.serves(interface):
            port.follow(interface)
        self._keep_secondaries(port)
        if not before:
            self._remove_leftovers(port)

    def start(self, instance: Instance, port: Port, at: Instant) -> None:
        """Begin an election for a router that was added."""
        instance.start(self._attach(instance, port, at), at)

    def foreign(self, router: VirtualRouter, port: Port) -> frozenset[VirtualAddress]:
        """The virtual addresses of a router that are the host's own."""
        return frozenset(foreign(router, port.interface)) if port.interface else frozenset()

    def judge(self, instance: Instance, port: Port, at: Instant) -> None:
        """A router has other parameters: see whether it can run with them."""
        if instance.fault or self._fault(instance, port):
            instance.link_changed(self._attach(instance, port, at), at)

    def review(self, port: Port) -> None:
        """All routers of a port are as they should be: look at its interface anew when what was done there is known."""
        self._unjudged.add(port)
        self._read_again.set(self._loop.clock.now())

    def take_off(self, port: Port, addresses: tuple[VirtualAddress, ...]) -> None:
        """Remove addresses that are there or not."""
        if addresses:
            self._remove(port, addresses)

    def close(self) -> None:
        """Follow no more."""
        self._read_again.set(None)
        if self._watched is not None:
            self._loop.forget(self._watched)
            self._watched = None
        self._interfaces.close()

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
            # has changed nothing, and yet is gone.
            if interface is not port.seen or port in self._unjudged:
                self._update(port, interface, at)
        self._unjudged.intersection_update(self._registry.ports.values())

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
        readiness = self._readiness(port)
        if readiness != port.readiness or not port.serves(interface):
            self._move(port, interface, readiness, at)
        if self._transmitter.is_changing:
            # Half of ours are there, or still there: look again when all are, and their notifications are read.
            self._unjudged.add(port)
            self._transmitter.tell(lambda: self._read_again.set(self._loop.clock.now()))
            return
        self._unjudged.discard(port)
        self._remove_strays(port, at)
        there = frozenset(assigned.address for assigned in interface.addresses) if interface else frozenset()
        for instance in self._registry.on(port):
            instance.addresses_present(there, at)

    def _move(self, port: Port, interface: Interface | None, readiness: dict[Family, Readiness], at: Instant) -> None:
        """The readiness has changed: give up what no longer holds, then go on, or begin anew, with what is there."""
        port.readiness = readiness
        instances = self._registry.on(port)
        for instance in instances:
            fault = readiness[instance.router.family].fault
            if fault is not None:
                instance.link_changed(fault, at)  # while the sockets are still those of the old interface
        recovered = {
            instance.router.family
            for instance in instances
            if instance.fault and readiness[instance.router.family].fault is None
        }
        port.follow(interface)
        self._keep_secondaries(port)
        port.rejoin(recovered)
        if recovered:
            self._remove_leftovers(port)
        for instance in instances:
            instance.link_changed(self._attach(instance, port, at), at)

    def _keep_secondaries(self, port: Port) -> None:
        """See to it, once for an interface, that no virtual address takes the host's own along when it goes."""
        interface = port.interface
        if interface is None or Family.IPV4 not in port.families or interface.ifindex in self._keeping:
            return
        self._keeping.add(interface.ifindex)
        try:
            self._host.keep_secondaries(interface)
        except OSError as error:
            warning = (
                f"an address that is added to {interface.name} beside a virtual one may go with it:"
                f" promote_secondaries is off, and to set it failed: {reason(error)}"
            )
            self._events.tell(Kind.DEGRADED, {"warning": warning})

    def _attach(self, instance: Instance, port: Port, at: Instant) -> Fault | None:
        """Put an instance on its interface as that is now; the fault where it cannot stand there."""
        fault, source = self._fault(instance, port), port.readiness[instance.router.family].source
        if fault is None and source is not None:
            instance.attach(port, source, self.foreign(instance.router, port), at)
        return fault

    def _fault(self, instance: Instance, port: Port) -> Fault | None:
        """Why an instance cannot run on its interface as that is now."""
        family = instance.router.family
        readiness = port.readiness[family]
        return readiness.fault or port.refusal(family) or mtu_fault(instance.router, port.name, readiness.mtu)

    def _readiness(self, port: Port) -> dict[Family, Readiness]:
        interface = self._interfaces.get(port.name)
        virtual = port.virtual_addresses
        return {
            family: Readiness(
                fault=find_fault(port.name, interface, family, virtual),
                source=source_address(interface, family, virtual) if interface else None,
                mac=interface.mac if interface else b"",
                mtu=interface.mtu if interface else 0,
            )
            for family in port.families
        }

    def _remove_leftovers(self, port: Port) -> None:
        """Take off what a daemon that was killed has left, known by its tag, and what else nobody holds here."""
        left = unheld(port, self._registry.on(port), tagged_too=True)
        if left:
            fields = self._remove(port, left)
            self._events.tell(Kind.LEFTOVERS_REMOVED, fields)

    def _remove_strays(self, port: Port, at: Instant) -> None:
        """Take off virtual addresses that somebody else put there: in BACKUP they must not answer (RFC 9568 §6.4.2)."""
        stale = unheld(port, self._registry.on(port), tagged_too=False)
        if stale:
            fields = self._remove(port, stale)
            self._events.tell_seldom(Kind.STRAYS_REMOVED, {"interface": port.name}, at, fields)

    def _remove(self, port: Port, addresses: tuple[VirtualAddress, ...]) -> Fields:
        """Take addresses off an interface; the evidence of the event that tells of it."""
        index = port.seen.ifindex if port.seen else 0
        failures = self._netlink.apply(prepare_remove(index, addresses))
        return {
            "interface": port.name,
            "addresses": ", ".join(map(str, addresses)),
            "failed": len(failures),
        }
