"""The virtual routers of an engine: made, put on their interfaces and into their beats, changed, taken off again.

Nothing here starts or stops one.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from functools import partial

from failover.engine.environment import EventLoop, Host, Netlink
from failover.engine.events import EventSink
from failover.engine.intended import Intended
from failover.engine.port.port import Port
from failover.engine.router.instance import Instance
from failover.engine.tracking import Tracking
from failover.engine.transmit.beat import SHORT, Beat
from failover.engine.transmit.slots import Place, assign_beats, weight
from failover.engine.transmit.transmitter import Transmitter
from failover.linux.process.claims import VirtualRouterId
from failover.vrrp import VirtualRouter
from failover.vrrp.units import Instant


class Registry:
    """Which virtual routers there are, on which interface, and in which beat."""

    def __init__(
        self, loop: EventLoop, host: Host, netlink: Netlink, transmitter: Transmitter, events: EventSink
    ) -> None:
        self._loop = loop
        self._host = host
        self._netlink = netlink
        self._transmitter = transmitter
        self._events = events
        self.ports: dict[str, Port] = {}
        """The ports, by the name of the interface."""
        self._instances: dict[VirtualRouterId, Instance] = {}
        self._by_interface: defaultdict[str, dict[VirtualRouterId, Instance]] = defaultdict(dict)
        self._places: dict[Instance, Place] = {}
        self._beats: dict[Place, Beat] = {}
        self._loads: Counter[Place] = Counter()
        """How many packets the routers at each place send at a beat."""

    @property
    def instances(self) -> Sequence[Instance]:
        """All instances, in the order of the configuration."""
        return tuple(self._instances.values())

    @property
    def by_id(self) -> dict[VirtualRouterId, Instance]:
        """All instances by what makes them the same router; not to be changed."""
        return self._instances

    @property
    def short_beats(self) -> int:
        """How many beats at short intervals there are, where it is MASTER of all."""
        return sum(place.interval <= SHORT for place in self._beats)

    def port_of(self, instance: Instance) -> Port:
        """The port that an instance lives on."""
        return self.ports[instance.interface]

    def on(self, port: Port) -> Collection[Instance]:
        """The instances that live on a port; a view, which changes with them."""
        return self._by_interface[port.name].values()

    def places(self, intended: Sequence[Intended], leaving: Sequence[Instance] = ()) -> list[Place]:
        """Places for routers that have none yet, or that are `leaving` theirs."""
        occupied = self._loads.copy()
        for instance in leaving:
            occupied[self._places[instance]] -= weight(instance.router)
        return assign_beats([(one.interface, one.router) for one in intended], +occupied)

    def add(self, intended: Intended, place: Place) -> Instance:
        """Make an instance; its interface's sockets may have to be opened yet."""
        name = intended.interface
        port = self.ports.get(name)
        if port is None:
            port = self.ports[name] = Port(name, self._loop, self._host, self._netlink)
        instance = Instance(
            intended, place.phase, self._loop, self._transmitter, self._occupy(place, intended.router), self._events
        )
        port.add(instance)
        instance.reporter.configured(instance.router, self._loop.clock.now())
        self._instances[intended.id] = self._by_interface[name][intended.id] = instance
        self._places[instance] = place
        return instance

    def reconfigure(
        self, instance: Instance, intended: Intended, tracking: Tracking, place: Place, now: Instant
    ) -> None:
        """Give an instance other parameters, or another name."""
        port = self.port_of(instance)
        port.expect(intended.router)
        before, beat = instance.router, self._occupy(place, intended.router)
        instance.reconfigure(intended, tracking, place.phase, beat, now)
        instance.reporter.configured(instance.router, now)
        port.renew_filter(intended.router.family)
        self._vacate(self._places[instance], before)
        self._places[instance] = place

    def remove(self, instance: Instance) -> None:
        """Take off an instance that has stopped."""
        self.port_of(instance).remove(instance)
        del self._instances[instance.intended.id], self._by_interface[instance.interface][instance.intended.id]
        self._vacate(self._places.pop(instance), instance.router)

    def leave(self, port: Port) -> None:
        """No instance is left on a port: close it."""
        del self.ports[port.name], self._by_interface[port.name]
        port.close()

    def sort(self, order: Sequence[VirtualRouterId]) -> None:
        """Keep all instances in this order from now on."""
        self._instances = {key: self._instances[key] for key in order}

    def place_of(self, instance: Instance) -> Place:
        """The place of an instance: where it is in its interval, and with whom."""
        return self._places[instance]

    def _occupy(self, place: Place, router: VirtualRouter) -> Beat:
        """One more router is at this place: the beat of the place."""
        self._loads[place] += weight(router)
        beat = self._beats.get(place)
        if beat is None:
            send = partial(self.ports[place.interface].send, place.family)
            beat = self._beats[place] = Beat(self._loop, place.interval, send)
        return beat

    def _vacate(self, place: Place, router: VirtualRouter) -> None:
        """One router less is at this place; a beat for nobody is given up."""
        self._loads[place] -= weight(router)
        if not self._loads[place]:
            del self._loads[place]
            self._beats.pop(place).retire()
