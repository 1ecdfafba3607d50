"""A daemon on a simulated host: a whole engine, and what it has told."""

from collections.abc import Iterator, Sequence
from itertools import chain

from failover.config import Configuration, Tracker, VirtualRouter
from failover.engine import Engine
from failover.engine.events import Subject
from failover.engine.fleet.plan import Plan
from failover.engine.intended import Intended, intended
from failover.engine.router.instance import Instance
from failover.messages import Event
from tests.simulation.host import SimulatedHost


class Router:
    """An engine in a process of its own, from its start to its `stop` or `kill`."""

    def __init__(
        self, host: SimulatedHost, virtual_routers: Sequence[VirtualRouter], trackers: Sequence[Tracker] = ()
    ) -> None:
        """Start it."""
        self.host = host
        self.events: list[Event] = []
        self._process = host.process()
        self._is_gone = False
        self._changes: Iterator[None] = iter(())
        """The steps of all reloads so far; those that were taken are gone."""
        configuration = Configuration(virtual_routers=virtual_routers, trackers=trackers)
        self.engine = Engine(intended(configuration), self._process.loop, self._publish, self._process)
        self.engine.start()

    @property
    def rounds(self) -> int:
        """How many its loop has made: each time that it woke up, and whatever followed at once."""
        return self._process.loop.rounds

    def instance(self, vrid: int) -> Instance:
        """One of its virtual routers, the first of that number."""
        return next(one for one in self.engine.instances if one.router.vrid == vrid)

    def is_master(self, vrid: int) -> bool:
        """Whether it is, of either family, and there is a process for it."""
        is_there = self.host.is_alive and not self._is_gone
        return is_there and any(one.is_master for one in self.engine.instances if one.router.vrid == vrid)

    def reconfigure(self, virtual_routers: Sequence[VirtualRouter]) -> None:
        """Run these as after a reload, once the process runs and the reload before is over."""
        loop = self._process.loop
        steps = self._changes = chain(self._changes, self._change(_intended(virtual_routers)))
        loop.alarm(lambda _: self.engine.proceed(steps)).set(loop.clock.now())

    def stop(self) -> None:
        """In order: MASTERs resign, addresses go, and the process ends."""
        self.engine.stop()
        self.kill()

    def kill(self) -> None:
        """The process, without warning; the host and its addresses stay."""
        self._is_gone = True
        self._process.kill()

    def stall(self, duration: float) -> None:
        """It does not run for so many seconds."""
        self._process.loop.stall(duration)

    def _change(self, wanted: Sequence[Intended]) -> Iterator[None]:
        plan = Plan()
        yield from self.engine.compare(wanted, plan)
        yield from self.engine.carry_out(plan)

    def _publish(self, event: Event, _: Subject | None) -> None:
        self.events.append(event)


def _intended(virtual_routers: Sequence[VirtualRouter]) -> list[Intended]:
    return intended(Configuration(virtual_routers=tuple(virtual_routers)))
