"""What an agent is told, as its mirror shows it: everything, or nothing yet."""

import socket
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from ipaddress import ip_interface
from types import SimpleNamespace
from typing import Any, cast

import pytest

from failover.agent.api.status_document import status_document
from failover.agent.link.mirror import Mirror
from failover.config.daemon_settings import DaemonSettings
from failover.engine.agent_link.channel import QUEUE_LIMIT, Channel
from failover.engine.agent_link.status_feed import StatusFeed
from failover.engine.fleet.engine import Engine
from failover.engine.process.punctuality import Punctuality
from failover.engine.router.instance import Instance
from failover.engine.transmit.beat import Beat
from failover.engine.transmit.transmitter import Transmitter
from failover.messages import MAX_MESSAGE_BYTES, Ask, Changed, Counted, EngineLag, Event, Holds, Message, Told, decode
from failover.vrrp import Family, Interval, VirtualAddress, VirtualRouter, seconds
from tests.engine.simulated import Kernel, SimulatedLoop, Wire, as_port, instance_of, loop_of, netlink_of
from tests.vrrp.making import OURS, a_router, after

SECOND = seconds(1)


class Agent:
    """The other end of the channel: a mirror that reads when it is let."""

    def __init__(self, theirs: socket.socket) -> None:
        theirs.setblocking(False)
        self.theirs = theirs
        self.mirror = Mirror()
        self.heard: list[Message] = []

    def read(self) -> int:
        """Everything that is there now; how much it was."""
        before = len(self.heard)
        with suppress(BlockingIOError):
            while packet := self.theirs.recv(MAX_MESSAGE_BYTES):
                self.heard.append(decode(packet))
                self.mirror.update(self.heard[-1])
        return len(self.heard) - before

    def routers(self) -> list[dict[str, Any]] | None:
        status = status_document(self.mirror, 0)
        found: list[dict[str, Any]] | None = status["virtual_routers"] if status else None
        return found


class Bench:
    """An engine's routers, their status feed, and an agent."""

    def __init__(self, stack: ExitStack, *routers: VirtualRouter) -> None:
        self.stack = stack
        self.loop = SimulatedLoop()
        self.channel = Channel(loop_of(self.loop), lambda _: None)
        stack.callback(self.channel.close)
        loop = loop_of(self.loop)
        self.transmitter = Transmitter(loop, netlink_of(Kernel()))
        wire = as_port(Wire())
        self.beat = Beat(loop, seconds(1), partial(wire.send, Family.IPV4))
        self.instances: list[Instance] = []
        for router in routers:
            self.instances.append(self.another(router))
        engine = SimpleNamespace(instances=self.instances, later=self.transmitter.tell)
        self.status_feed = StatusFeed(self.channel, cast(Engine, engine), Punctuality(DaemonSettings()), loop)
        for instance in self.instances:
            instance.attach(wire, OURS[Family.IPV4], self.loop.now)
            instance.start(None, self.loop.now)
        self.transmitter.finish()

    def another(self, router: VirtualRouter) -> Instance:
        """One that is not told of yet."""
        loop, name = loop_of(self.loop), f"VR_{len(self.instances)}"
        return instance_of(router, loop, self.transmitter, self.beat, self.publish, name)

    def publish(self, event: Event, instance: Instance) -> None:
        self.status_feed.event(event, instance)

    def agent(self) -> Agent:
        """A new one, greeted."""
        agent = Agent(self.stack.enter_context(self.channel.open()))
        self.status_feed.everything()
        return agent

    def second(self) -> None:
        """What the daemon does in one."""
        self.loop.run(after(self.loop.now, SECOND))
        self.status_feed._refresh()
        self.loop.round()


@pytest.fixture
def bench_of() -> Iterator[Callable[..., Bench]]:
    with ExitStack() as stack:
        yield partial(Bench, stack)


def excluded(count: int) -> tuple[VirtualAddress, ...]:
    return tuple(ip_interface(f"10.{n // 60_000}.{n // 250 % 240}.{n % 250 + 1}/8") for n in range(count))


MASTER = a_router(priority=255, beat_phase=Interval(0))
"""From its start on, and it advertises a second apart."""


def test_a_router_with_five_thousand_addresses_shows_up_with_all_of_them(bench_of: Callable[..., Bench]) -> None:
    addresses = excluded(5000)
    bench = bench_of(replace(MASTER, excluded_addresses=addresses), MASTER)
    agent = bench.agent()
    bench.transmitter.finish()
    agent.read()
    shown = agent.routers()
    assert shown is not None
    assert [one["name"] for one in shown] == ["VR_0", "VR_1"]
    assert shown[0]["addresses"] == [str(one) for one in (*MASTER.addresses, *addresses)]
    assert bench.channel.dropped == 0


def test_a_thousand_routers_are_told_in_portions_and_the_status_is_never_a_part_of_them(
    bench_of: Callable[..., Bench],
) -> None:
    bench = bench_of(*[replace(MASTER, vrid=1 + n % 255, beat_phase=None) for n in range(1000)])
    agent = bench.agent()
    news: deque[Callable[[], None]] = bench.transmitter._news
    portions = 0
    while news:
        agent.read()
        assert agent.routers() is None
        news.popleft()()
        portions += 1
    agent.read()
    shown = agent.routers()
    assert shown is not None
    assert [one["name"] for one in shown] == [f"VR_{n}" for n in range(1000)]
    assert portions == 32, "each of a few hundred microseconds"


def test_events_are_told_within_a_millisecond_with_the_routers_status_after_them(
    bench_of: Callable[..., Bench],
) -> None:
    bench = bench_of(MASTER, replace(MASTER, vrid=52))
    agent = bench.agent()
    bench.transmitter.finish()
    agent.read()
    agent.heard.clear()
    bench.instances[1].stop(bench.loop.now)()
    bench.loop.round()
    agent.read()
    assert agent.heard == [], "first comes what is done"
    bench.loop.run(after(bench.loop.now, seconds(0.001)))
    agent.read()
    event, changed = agent.heard
    assert isinstance(event, Event)
    assert event.name == "VR_1"
    assert isinstance(changed, Changed)
    assert changed.routers.keys() == {1}
    assert changed.routers[1].state == "INITIALIZE"


def test_counters_move_within_two_seconds_and_nothing_else_is_told_for_them(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(MASTER, replace(MASTER, vrid=52))
    agent = bench.agent()
    for _ in range(10):  # the addresses are announced once more, which is another state
        bench.second()
    agent.read()
    for _ in range(5):
        agent.heard.clear()
        before = agent.routers()
        bench.second()
        bench.second()
        agent.read()
        shown = agent.routers()
        assert before is not None
        assert shown is not None
        for was, one, instance in zip(before, shown, bench.instances, strict=True):
            sent = one["counters"]["advertisements_sent"]
            assert sent == was["counters"]["advertisements_sent"] + 2 == instance.counters.advertisements_sent
        assert not [one for one in agent.heard if isinstance(one, Changed | Holds)]


def test_what_has_not_moved_is_not_told_again(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(a_router())
    agent = bench.agent()
    bench.second()
    agent.read()
    agent.heard.clear()
    bench.second()
    agent.read()
    assert not [one for one in agent.heard if isinstance(one, Changed | Holds | Counted)]


def test_what_nobody_asks_for_is_told_once_a_minute(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(MASTER)
    agent = bench.agent()
    told = []
    for second in range(0, 200, 10):
        bench.loop.run(after(bench.loop.now, seconds(10)))
        bench.status_feed.keep_up(bench.loop.now)
        bench.loop.round()
        agent.heard.clear()
        agent.read()
        told += [second for one in agent.heard if isinstance(one, Counted)]
    assert told == [0, 60, 120, 180]


def test_events_that_wait_are_told_as_soon_as_the_daemon_looks_again(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(MASTER)
    agent = bench.agent()
    bench.status_feed.keep_up(bench.loop.now)
    bench.transmitter.finish()
    while bench.channel.is_clear:
        bench.channel.send(Event(at=0, kind="x" * 60_000))
    agent.read()
    assert not bench.channel.is_clear
    bench.status_feed.keep_up(after(bench.loop.now, seconds(10)))
    assert bench.channel.is_clear


def test_after_messages_were_dropped_everything_is_told_anew(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(replace(MASTER, excluded_addresses=excluded(1200)), replace(MASTER, vrid=52))
    agent = bench.agent()
    # It does not read: greeting and all else wait, and are pushed out by events.
    filler = Event(at=0, kind="x" * 1000)
    while bench.channel.is_clear:
        bench.channel.send(filler)
    bench.transmitter.finish()
    for number in range(QUEUE_LIMIT + 10):
        bench.channel.send(Event(at=number, kind="x"))
    bench.status_feed.keep_up(bench.loop.now)
    bench.instances[1].stop(bench.loop.now)()
    bench.transmitter.finish()
    assert bench.channel.dropped
    assert bench.channel.is_incomplete
    assert status_document(agent.mirror, 0) is None
    while agent.read():
        bench.channel.flush()
    assert agent.routers() is None, "what was lost is not there"
    bench.status_feed.keep_up(after(bench.loop.now, seconds(10)))
    bench.loop.round()
    agent.read()
    shown = agent.routers()
    assert shown is not None
    assert [one["state"] for one in shown] == ["MASTER", "INITIALIZE"]
    assert len(shown[0]["addresses"]) == 1202
    assert not bench.channel.is_incomplete
    assert agent.mirror.dropped == bench.channel.dropped


def test_to_an_agent_that_is_behind_only_events_are_added(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(MASTER)
    bench.agent()
    bench.transmitter.finish()
    while bench.channel.is_clear:
        bench.channel.send(Event(at=0, kind="x" * 60_000))
    waiting = len(bench.channel._queue)
    for _ in range(5):
        bench.second()
    assert len(bench.channel._queue) == waiting


def test_who_asks_is_told_what_has_changed_and_then_that_this_was_all(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(MASTER)
    agent = bench.agent()
    bench.transmitter.finish()
    bench.loop.run(after(bench.loop.now, 5 * SECOND))
    bench.second()
    agent.read()
    agent.heard.clear()
    bench.loop.run(after(bench.loop.now, SECOND))
    bench.status_feed.answer(Ask(7))
    bench.loop.round()
    agent.read()
    *changed, lag, told = agent.heard
    assert [type(one) for one in changed] == [Counted]
    assert isinstance(lag, EngineLag)
    assert told == Told(7)


def test_after_a_reload_the_agent_knows_other_routers_and_at_no_moment_a_part_of_them(
    bench_of: Callable[..., Bench],
) -> None:
    bench = bench_of(*(a_router(vrid=vrid) for vrid in (1, 2, 3)))
    agent = bench.agent()
    bench.loop.round()
    agent.read()
    first, second, third = bench.instances
    fourth = bench.another(a_router(vrid=4))
    bench.instances[:] = [fourth, third, first]
    bench.status_feed.reconfigured([first])
    seen: list[list[int]] = []
    while not seen or seen[-1] != [4, 3, 1]:
        bench.loop.round()
        agent.read()
        seen.append([router["vrid"] for router in agent.routers() or []])
    assert [known for known in seen if known not in ([1, 2, 3], [4, 3, 1])] == []
    bench.status_feed.event(
        Event(at=1, kind="state_changed", name="VR_1"), second
    )  # it has gone, and this is the last of it
    agent.read()
    assert agent.heard[-1] == Event(at=1, kind="state_changed", name="VR_1")
    bench.second()
    agent.read()
    assert [router["vrid"] for router in agent.routers() or []] == [4, 3, 1]


def test_the_next_agent_is_told_everything_as_well(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(MASTER, replace(MASTER, vrid=52))
    for _ in range(2):
        agent = bench.agent()
        bench.second()
        agent.read()
        shown = agent.routers()
        assert shown is not None
        assert len(shown) == 2
        agent.theirs.close()
        bench.second()
