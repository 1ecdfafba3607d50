"""The engine: all virtual routers of a configuration, started, replaced by others, watched for lateness, and stopped.

Who they are is `registry`'s, what their interfaces do is `network`'s. It owns descriptors and no process: the daemon
(`daemon`) and the library drive it through its loop.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from failover.engine.account.status import master_down_interval
from failover.engine.environment import EventLoop, Host
from failover.engine.events import EventSink, Publish
from failover.engine.fleet.accept_mode import AcceptMode
from failover.engine.fleet.addresses.order import AddressOrder
from failover.engine.fleet.addresses.stale import StaleAddresses
from failover.engine.fleet.network import Network
from failover.engine.fleet.plan import Plan
from failover.engine.fleet.registry import Registry
from failover.engine.fleet.send_test import SendTest
from failover.engine.fleet.trackers import Trackers
from failover.engine.intended import Intended
from failover.engine.port.port import Port
from failover.engine.router.instance import Instance
from failover.engine.transmit.prepared import managed
from failover.engine.transmit.slots import Place, needs_another
from failover.engine.transmit.transmitter import Transmitter
from failover.events import Kind
from failover.linux.interfaces.ownership import IsAnothers, nobody_knows
from failover.vrrp import Instant, seconds, to_seconds
from failover.wording import Fields

TOLERATED_LATENESS: Final = 1 / 4
"""The share of the shortest master-down interval that we may be late. More, and a lost packet or two, is a failover."""

_TOLERATED_BY_ALL: Final = seconds(0.0075)
"""The lateness that even the shortest master-down interval tolerates, three times 10 ms."""


class Engine:
    """Runs virtual routers. `start`, then what the loop calls back, at last `stop`."""

    def __init__(
        self,
        intended: Sequence[Intended],
        loop: EventLoop,
        publish: Publish,
        host: Host,
        is_anothers: IsAnothers = nobody_knows,
    ) -> None:
        """Open netlink. Nothing is sent or changed before `start`; `OSError` says what could not be opened.

        `is_anothers` tells of other living daemons' addresses.
        """
        self._loop = loop
        self._netlink = host.netlink()
        self._transmitter = Transmitter(loop, self._netlink)
        self.events = EventSink(publish, loop.clock.wall, self._transmitter.tell)
        """Where everything that happens here is told; whoever drives the engine may add to it."""
        self._registry = Registry(loop, host, self._netlink, self._transmitter, self.events)
        self._stale = StaleAddresses(loop, host, self._netlink, self._registry, self.events, is_anothers)
        self._accept_mode = AcceptMode(host, self._registry, self.events)
        self._stale.own_changed = partial(self._transmitter.tell, self._accept_mode.follow_now)
        order = AddressOrder(host, self._netlink, self._transmitter, self.events)
        try:
            self._network = Network(loop, host, self._transmitter, self._registry, self.events, self._stale, order)
        except OSError:
            self._netlink.close()
            raise
        self._trackers = Trackers(loop, self._registry, self._network.interface, self.events)
        self._network.changed = self._trackers.look
        self._send_test = SendTest(loop, host, self._registry, self._transmitter)
        self._steps: Iterator[None] = iter(())
        for one, place in zip(intended, self._registry.places(intended), strict=True):
            self._registry.add(one, place)

    @property
    def instances(self) -> Sequence[Instance]:
        """All instances, in the order of the configuration."""
        return self._registry.instances

    @property
    def short_beats(self) -> int:
        """How many groups of routers advertise together at short intervals, where it is MASTER of all."""
        return self._registry.short_beats

    # --- the life of the engine

    def start(self) -> None:
        """Begin an election for every router that can run; `PermissionError` where sockets are not allowed at all."""
        at = self._loop.clock.now()
        for instance in self.instances:
            self._track(instance)
        self._network.begin(at)
        self._accept_mode.follow_now()  # before any of them can be MASTER
        self._send_test.begin()
        self._loop.housekeeping.add(self._watch_lateness)
        while self._transmitter.turn():  # whoever drives us may have other things to do first
            pass

    def stop(self) -> None:
        """Resign for whatever is MASTER, remove its addresses, close everything; also after a start that failed."""
        at = self._loop.clock.now()
        # The others wait for priority 0 of all, and for nothing else.
        rests = [instance.stop(at) for instance in self.instances]
        self._transmitter.advertise_now()
        self._network.look_once_more()
        self._steps = iter(())
        broken = {port: port.end_moves() for port in self._registry.ports.values()}
        for rest in rests:
            rest()
        self._transmitter.finish()
        for port, addresses in broken.items():
            self._stale.take_off(port, addresses)
        self._loop.housekeeping.remove(self._watch_lateness)
        self._accept_mode.close()
        self._send_test.close()
        self._network.close()
        for port in self._registry.ports.values():
            self._stale.forget(port)
            port.close()
        self._netlink.close()

    # --- other routers than before

    def proceed(self, steps: Iterator[None]) -> None:
        """Take these steps, each less than a millisecond, when there is nothing else to do; until `stop`."""
        self._steps = steps
        self._step(steps)

    def _step(self, steps: Iterator[None]) -> None:
        if steps is not self._steps:
            return
        for _ in steps:
            self._transmitter.tell(partial(self._step, steps))
            return

    def compare(self, intended: Sequence[Intended], plan: Plan) -> Iterator[None]:
        """The steps that fill in `plan`: what is to be done so that `intended` runs, in its order."""
        return plan.compare(self._registry.by_id, intended)

    def carry_out(self, plan: Plan) -> Iterator[None]:
        """The steps that carry out a plan. Routers that have nothing to change are not touched.

        What is to go goes first, for an address may have moved from one router to another; where it has moved from one
        MASTER to another, it does not even go, whenever the other one becomes MASTER.
        """
        touched: dict[Port, None] = {}
        yield from self._accept_mode.follow((*(one for _, one in plan.changed), *plan.added))
        for instance, one in plan.changed:
            port = self._registry.port_of(instance)
            port.make_before_break(managed(one.router.held_addresses, port.own.all), instance)
            yield
        for instance in plan.removed:
            touched[self._registry.port_of(instance)] = None
            instance.stop(self._loop.clock.now())()
            yield  # its last advertisement is sent, and its addresses are taken away
            self._registry.remove(instance)
            yield  # what there was to tell is told
            instance.retire()
        moving = [(instance, one) for instance, one in plan.changed if needs_another(instance.router, one.router)]
        places = self._registry.places([*(one for _, one in moving), *plan.added], [instance for instance, _ in moving])
        moved = dict(zip((instance for instance, _ in moving), places, strict=False))
        yield
        for instance, one in plan.changed:
            touched[self._registry.port_of(instance)] = None
            self._reconfigure(instance, one, moved.get(instance) or self._registry.place_of(instance))
            yield
        added: list[Instance] = []
        for one, place in zip(plan.added, places[len(moving) :], strict=True):
            if one.interface in self._registry.ports:
                self._stale.recognise(self._registry.ports[one.interface], one.router)
            added.append(self._registry.add(one, place))
            self._track(added[-1])
            yield
        for port in dict.fromkeys(map(self._registry.port_of, added)):
            touched[port] = None
            self._network.admit(port, self._loop.clock.now())
            yield
        for instance in added:
            self._network.start(instance, self._registry.port_of(instance), self._loop.clock.now())
            yield
        self._registry.sort(tuple(plan.order))
        for port in touched:
            self._settle(port)
            yield
        self._trackers.forget_unused()
        yield from self._accept_mode.follow()

    def _track(self, instance: Instance) -> None:
        if instance.intended.tracks:
            instance.follow(self._trackers.tracking(instance.intended), self._loop.clock.now())

    def _reconfigure(self, instance: Instance, intended: Intended, place: Place) -> None:
        at, port = self._loop.clock.now(), self._registry.port_of(instance)
        # By what the addresses were before: an owner that is one no longer leaves the host its own.
        self._stale.recognise(port, intended.router)
        self._registry.reconfigure(instance, intended, self._trackers.tracking(intended), place, at)
        self._network.judge(instance, port, at)

    def _settle(self, port: Port) -> None:
        """All routers of an interface are as they should be: tidy up after the change."""
        if self._registry.on(port):
            self._stale.take_off(port, self._stale.orphans(port, port.end_moves()))
            port.tidy()
            self._network.review(port)
        else:
            self._stale.forget(port)
            self._registry.leave(port)

    def later(self, what: Callable[[], None]) -> None:
        """Call `what` when there is nothing else to do; it takes less than a millisecond."""
        self._transmitter.tell(what)

    # --- its own punctuality

    def _watch_lateness(self, at: Instant) -> None:
        """Say so, seldom, when we are so late that this host may change states for no other reason (RFC 9568 §2.5)."""
        late = self._loop.lateness.turn(at)
        instances = self.instances
        if late < _TOLERATED_BY_ALL or not instances:  # there may be none for a moment, between one and the next
            return
        shortest = min(master_down_interval(instance.router, instance.state) for instance in instances)
        if late > shortest * TOLERATED_LATENESS:
            fields: Fields = {"late_seconds": to_seconds(late), "master_down_interval_seconds": to_seconds(shortest)}
            self.events.tell_seldom(Kind.LATE, {}, at, fields)
