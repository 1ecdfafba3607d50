"""The virtual routers of an engine: made, put on their interfaces and into their beats, changed, taken off again.

Nothing here starts or stops one.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from failover.engine.intended import Wanted
from failover.engine.loop.loop import Loop
from failover.engine.port.port import Attachment
from failover.engine.router.instance import Instance
from failover.engine.transmit.beat import SHORT, Beat
from failover.engine.transmit.slots import Place, assign_beats, weight
from failover.engine.transmit.transmit_round import Dispatch
from failover.linux.netlink.connection import Netlink
from failover.linux.process.claims import VirtualRouterId
from failover.messages import Event
from failover.vrrp import VirtualAddress, VirtualRouter
from failover.vrrp.units import Instant

Publish = Callable[[Event, Instance | None], None]


class Roster:
    """Who is there, where, and in which beat."""

    def __init__(self, loop: Loop, netlink: Netlink, dispatch: Dispatch, publish: Publish) -> None:
        self._loop = loop
        self._netlink = netlink
        self._dispatch = dispatch
        self._publish = publish
        self.attachments: dict[str, Attachment] = {}
        """By the name of the interface."""
        self._instances: dict[VirtualRouterId, Instance] = {}
        self._places: dict[Instance, Place] = {}
        self._beats: dict[Place, Beat] = {}
        self._loads: Counter[Place] = Counter()
        """What those at each place weigh."""

    @property
    def instances(self) -> Sequence[Instance]:
        """In the order of the configuration."""
        return tuple(self._instances.values())

    @property
    def by_id(self) -> dict[VirtualRouterId, Instance]:
        """The same; not to be changed."""
        return self._instances

    @property
    def short_beats(self) -> int:
        """Beats at short intervals that there are while it is MASTER of all."""
        return sum(place.interval <= SHORT for place in self._beats)

    def attachment_of(self, instance: Instance) -> Attachment:
        """The interface that it lives on."""
        return self.attachments[instance.interface]

    def places(self, wanted: Sequence[Wanted], leaving: Sequence[Instance] = ()) -> list[Place]:
        """Places for routers that have none yet, or that are `leaving` theirs."""
        occupied = self._loads.copy()
        for instance in leaving:
            occupied[self._places[instance]] -= weight(instance.router)
        return assign_beats([(one.interface, one.router) for one in wanted], +occupied)

    def add(self, wanted: Wanted, place: Place) -> Instance:
        """Make one; its interface's sockets may have to be opened yet."""
        name = wanted.interface
        attachment = self.attachments.get(name)
        if attachment is None:
            attachment = self.attachments[name] = Attachment(name, self._loop, self._netlink)
        instance = Instance(
            wanted, place.phase, self._loop, self._dispatch, self._occupy(place, wanted.router), self._publish
        )
        attachment.add(instance)
        self._instances[wanted.id] = instance
        self._places[instance] = place
        return instance

    def reconfigure(
        self,
        instance: Instance,
        wanted: Wanted,
        place: Place,
        foreign: frozenset[VirtualAddress],
        now: Instant,
    ) -> None:
        """Give one other parameters, or another name."""
        attachment = self.attachment_of(instance)
        attachment.expect(wanted.router)
        before, beat = instance.router, self._occupy(place, wanted.router)
        instance.reconfigure(wanted, place.phase, beat, foreign, now)
        attachment.renew_filter(wanted.router.family)
        self._vacate(self._places[instance], before)
        self._places[instance] = place

    def remove(self, instance: Instance) -> None:
        """Take one off that has stopped."""
        self.attachment_of(instance).remove(instance)
        del self._instances[instance.wanted.id]
        self._vacate(self._places.pop(instance), instance.router)

    def leave(self, attachment: Attachment) -> None:
        """Nobody is left on an interface."""
        del self.attachments[attachment.name]
        attachment.close()

    def sort(self, order: Sequence[VirtualRouterId]) -> None:
        """All of them in this order from now on."""
        self._instances = {key: self._instances[key] for key in order}

    def place_of(self, instance: Instance) -> Place:
        """Where it is in its interval, and with whom."""
        return self._places[instance]

    def _occupy(self, place: Place, router: VirtualRouter) -> Beat:
        """One more is there: the beat of the place."""
        self._loads[place] += weight(router)
        beat = self._beats.get(place)
        if beat is None:
            send = partial(self.attachments[place.interface].send, place.family)
            beat = self._beats[place] = Beat(self._loop, place.interval, send)
        return beat

    def _vacate(self, place: Place, router: VirtualRouter) -> None:
        """One less is there; a beat for nobody is none."""
        self._loads[place] -= weight(router)
        if not self._loads[place]:
            del self._loads[place]
            self._beats.pop(place).retire()
