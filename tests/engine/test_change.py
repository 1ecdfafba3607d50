"""Other routers on a running engine: what it lets go of, what it keeps open, and how long each step takes."""

import gc
import json
import os
import time
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from failover.config import parse
from failover.engine import Engine, Loop
from failover.engine.events import Subject
from failover.engine.fleet.plan import Plan
from failover.engine.fleet.registry import Registry
from failover.engine.intended import intended
from failover.engine.transmit.slots import Place, weight
from failover.lab.network.lan import Host
from failover.linux.host import LinuxHost
from failover.linux.sockets.outbox import AT_ONCE
from failover.messages import Event
from tests.engine.daemons import router

pytestmark = pytest.mark.root


class Bench:
    """An engine that is given one configuration after the other."""

    def __init__(self, *routers: dict[str, Any]) -> None:
        self.loop = Loop()
        self.events: list[Event] = []
        self.engine = Engine(intended(parse(json.dumps(routers))), self.loop, self.take, LinuxHost())
        self.engine.start()
        self.steps = 0

    def take(self, event: Event, _: Subject | None) -> None:
        self.events.append(event)

    def begin(self, *routers: dict[str, Any]) -> list[bool]:
        """Begin to run these instead; true is added when that is done."""
        over: list[bool] = []

        def steps() -> Iterator[None]:
            plan = Plan()
            yield from self.counted(self.engine.compare(intended(parse(json.dumps(routers))), plan))
            yield from self.counted(self.engine.carry_out(plan))
            over.append(True)

        self.engine.proceed(steps())
        return over

    def counted(self, steps: Iterator[None]) -> Iterator[None]:
        while True:
            self.steps += 1
            if next(steps, self) is self:
                return
            yield

    def change(self, *routers: dict[str, Any]) -> None:
        over = self.begin(*routers)
        deadline = time.monotonic() + 20
        while not over or self.loop.is_busy or self.engine._transmitter._news:
            assert time.monotonic() < deadline
            self.loop.dispatch()

    def run(self, for_seconds: float) -> None:
        deadline = time.monotonic() + for_seconds
        while time.monotonic() < deadline:
            self.loop.dispatch()
            time.sleep(0.002)

    def close(self) -> None:
        self.engine.stop()
        self.loop.close()


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count


def many(count: int, **settings: Any) -> list[dict[str, Any]]:
    return [router(n, f"198.51.100.{n}/32", f"fe80::{n:x}/64", advert_interval=1, **settings) for n in range(1, count)]


def test_what_has_gone_is_forgotten_without_a_garbage_collection(host: Host) -> None:
    """The daemon never collects garbage: an operator who reloads every minute would run out of memory."""
    first, second = router(51), router(52, "fe80::52/64", "192.0.2.101/24", interface_name="eth9")
    gc.disable()
    try:
        with host.enter(), closing(Bench(first, second)) as bench:
            bench.run(0.3)
            gone: list[weakref.ref[Any]] = [weakref.ref(instance) for instance in bench.engine.instances[1:]]
            gone += [weakref.ref(bench.engine._registry.ports["eth9"])]
            gone += [weakref.ref(beat) for beat in bench.engine._registry._beats.values()]
            bench.change(router(53, "192.0.2.103/24", advert_interval=0.03))
            gone += [weakref.ref(bench.engine.instances[0])]
            bench.change(router(53, "192.0.2.103/24", advert_interval=0.04))
            bench.change(first)
            bench.run(1.2)  # until the last alarm that was set has come up
            assert [ref() for ref in gone] == [None] * len(gone)
    finally:
        gc.enable()


def test_a_stop_in_the_middle_leaves_nothing_behind(host: Host) -> None:
    with host.enter():
        before, own = descriptors(), host.held()
        for rounds in range(0, 45, 3):
            with closing(Bench(router(51), router(52, "192.0.2.101/24"), *many(4))) as bench:
                bench.run(0.25)
                moved = router(51, "192.0.2.101/24", priority=7), router(52, "192.0.2.100/24", "198.51.100.1/32")
                over = bench.begin(*moved, *many(9)[3:])
                for _ in range(rounds):
                    bench.engine._transmitter._news.popleft()()
                assert not over
            assert host.held() == own
            assert descriptors() == before


def test_sockets_stay_open_while_all_routers_of_an_interface_are_exchanged(host: Host) -> None:
    """A group that is left and joined again can be lost for seconds behind a switch that snoops."""
    with host.enter(), closing(Bench(router(51))) as bench:
        before = bench.engine._registry.ports["eth0"]._receivers.copy()
        bench.change(router(52))
        assert bench.engine._registry.ports["eth0"]._receivers == before
        bench.run(0.3)
        assert bench.engine.instances[0].is_master


def test_routers_that_come_to_weigh_more_or_less_leave_no_group_overfull_and_no_beat_for_nobody(host: Host) -> None:
    def loads(registry: Registry) -> Counter[Place]:
        carried = Counter[Place]()
        for instance in registry.instances:
            carried[registry.place_of(instance)] += weight(instance.router)
        return carried

    light, heavy = many(100), many(100, with_version_2=True)
    with host.enter(), closing(Bench(*light)) as bench:
        registry = bench.engine._registry
        for routers, groups in ((heavy[:40] + light[40:], 5), (heavy, 6), (light, 4), (light[:1], 2)):
            bench.change(*routers)
            carried = loads(registry)
            assert carried == registry._loads
            assert carried.keys() == registry._beats.keys()
            assert max(carried.values()) <= AT_ONCE
            assert len(carried) <= groups


def test_others_have_their_turn_after_each_router(host: Host) -> None:
    """To look at one, to take one down, to change one, to put one up and to start it: a step each."""
    with host.enter(), closing(Bench(router(255))) as bench:
        for routers, at_least in (
            ([router(255), *many(254)], 3 * 506),
            ([router(255), *many(254, priority=7)], 2 * 506),
            ([router(255)], 2 * 506),
        ):
            bench.steps = 0
            bench.change(*routers)
            assert bench.steps > at_least
        assert len(bench.engine.instances) == 1
