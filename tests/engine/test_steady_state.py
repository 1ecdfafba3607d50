"""Steady state leaves nothing behind: no reference cycle for a collector that is off, and no byte of growth."""

import gc
import sys
from array import array
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from itertools import count

import pytest

from failover.config import instances, parse
from failover.engine.loop.loop import Loop
from failover.engine.router.instance import Instance
from failover.engine.transmit.beat import Beat
from failover.engine.transmit.transmitter import Transmitter
from failover.linux.clock import now as read_clock
from failover.linux.interfaces.table import present
from failover.linux.packet import Received
from failover.messages import Event, encode
from failover.vrrp import Address, Advertisement, Family, Fault, Instant, Interval, ReceivedFrom, Version, seconds
from failover.vrrp import encode as encode_advertisement
from failover.vrrp.scope import GROUPS
from tests.engine.simulated import Kernel, SimulatedLoop, Wire, as_port, instance_of, loop_of, netlink_of

OURS, PEER = ip_address("192.0.2.11"), ip_address("192.0.2.12")
SECOND = seconds(1)
HOUR = 3600


class Bench:
    """Three virtual routers that advertise together, and a peer that says what the test wants to the first of them."""

    def __init__(self) -> None:
        text = '{"vrid": 51, "interface_name": "eth0", "ip_addresses": ["192.0.2.100/24"]}'
        (router,) = instances(parse(text).virtual_routers[0])
        self.simulated = SimulatedLoop(Instant(read_clock()))
        self.wire = Wire()
        self.events = 0
        loop, port = loop_of(self.simulated), as_port(self.wire)
        self.transmitter = Transmitter(loop, netlink_of(Kernel()))
        self.beat = Beat(loop, router.advertisement_interval, partial(port.send, router.family))
        self.instances = [
            instance_of(routed, loop, self.transmitter, self.beat, self.take)
            for routed in (replace(router, vrid=vrid, beat_phase=Interval(SECOND // 3)) for vrid in (51, 52, 53))
        ]
        self.instance = self.instances[0]
        for instance in self.instances:
            instance.attach(port, OURS, self.now)
            instance.start(None, self.now)

    @property
    def now(self) -> Instant:
        return self.simulated.now

    def take(self, event: Event, of: Instance) -> None:
        self.events += bool(encode(event)) and bool(of.status())

    def hears(self, packet: Received) -> None:
        self.instance.hear(packet, self.now)

    def pass_second(self) -> None:
        self.simulated.run(Instant(self.now + SECOND))
        self.simulated.round()
        self.simulated.lateness.turn(self.now)

    def oversleeps(self, interval: Interval) -> None:
        self.simulated.sleep(Instant(self.now + interval))

    def becomes_master(self) -> None:
        while not all(instance.is_master for instance in self.instances):
            self.pass_second()


def packet(priority: int = 200, source: Address = PEER, hop_limit: int = 255) -> Received:
    advertisement = Advertisement(
        version=Version.V3, vrid=51, priority=priority, interval=SECOND, addresses=(ip_address("192.0.2.100"),)
    )
    payload = encode_advertisement(advertisement, source)
    return Received(payload, ReceivedFrom(source, GROUPS[Family.IPV4], hop_limit))


@pytest.fixture
def bench() -> Bench:
    return Bench()


@contextmanager
def no_collector() -> Iterator[None]:
    """As the daemon runs: what is there stays out of it, be it garbage later."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def counted() -> "array[int]":
    """Room for numbers of blocks that takes none itself. The first stretch is for caches to fill."""
    return array("q", (0, 0, 0))


def backup(bench: Bench) -> Callable[[], None]:
    """A BACKUP and its MASTER's advertisements."""
    heard = packet()

    def second() -> None:
        bench.hears(heard)
        bench.pass_second()

    return second


def master(bench: Bench) -> Callable[[], None]:
    """MASTERs that nobody disturbs."""
    bench.becomes_master()
    return bench.pass_second


def late_master(bench: Bench) -> Callable[[], None]:
    """A MASTER that sleeps through a beat now and then, and every tenth time through so many that it must listen."""
    bench.becomes_master()
    seconds_passed = count()

    def second() -> None:
        bench.oversleeps(seconds(5 if next(seconds_passed) % 10 == 0 else 1.5))
        bench.becomes_master()

    return second


def crowded_master(bench: Bench) -> Callable[[], None]:
    """A MASTER whose transmit queue has little room."""
    bench.becomes_master()

    def second() -> None:
        bench.wire.room = 1
        for instance in bench.instances:
            instance.addresses_present(present(None), bench.now)
        bench.simulated.run(Instant(bench.now + seconds(0.005)))
        bench.wire.room = 100
        bench.pass_second()

    return second


def pestered_master(bench: Bench) -> Callable[[], None]:
    """A MASTER that hears a rival of lower priority, and what is invalid."""
    bench.becomes_master()
    heard = packet(priority=50), packet(hop_limit=3), packet(source=OURS), Received(b"\x31\x33", packet().meta)

    def second() -> None:
        for one in heard:
            bench.hears(one)
        bench.pass_second()

    return second


def unheard_master(bench: Bench) -> Callable[[], None]:
    """A MASTER whose network takes nothing."""
    bench.becomes_master()
    bench.wire.refuses = lambda _: True
    return bench.pass_second


def flapping(bench: Bench) -> Callable[[], None]:
    """A router that becomes MASTER and BACKUP in turn, for a better one comes and resigns."""
    better, resigns = packet(), packet(priority=0)

    def second() -> None:
        bench.becomes_master()
        bench.hears(better)
        bench.hears(resigns)
        bench.pass_second()

    return second


def faulted(bench: Bench) -> Callable[[], None]:
    """A router whose interface goes down and comes up."""
    fault = Fault("no_carrier", "eth0 has no carrier")

    def second() -> None:
        bench.instance.link_changed(fault, bench.now)
        bench.instance.link_changed(None, bench.now)
        bench.pass_second()

    return second


Life = Callable[[Bench], Callable[[], None]]
LIVES: list[Life] = [backup, master, late_master, crowded_master, pestered_master, unheard_master, flapping, faulted]


def test_masters_advertise_together_here(bench: Bench) -> None:
    second = master(bench)
    before = bench.beat.count
    second()
    assert bench.beat.count == before + 1
    assert len(bench.beat._members) == 3


@pytest.mark.parametrize("life", LIVES)
def test_no_event_leaves_a_cycle_behind(bench: Bench, life: Life) -> None:
    second = life(bench)
    second()
    with no_collector():
        for _ in range(300):
            second()
        assert gc.collect() == 0


@pytest.mark.parametrize("life", LIVES)
def test_an_hour_leaves_not_a_block_of_memory_behind(bench: Bench, life: Life) -> None:
    second = life(bench)
    blocks = counted()
    with no_collector():
        for part in range(3):
            for _ in range(HOUR):
                second()
            blocks[part] = sys.getallocatedblocks()
    assert blocks[2] <= blocks[1], "fewer there may be: the runner's own threads free some meanwhile"


def test_the_loop_itself_leaves_nothing_behind() -> None:
    rung = [0]
    with closing(Loop()) as loop:

        def ring(now: Instant) -> None:
            rung[0] += 1
            alarm.set(now, prewarm)

        def prewarm(_: Instant) -> None:
            pass

        alarm = loop.alarm(ring)
        alarm.set(read_clock(), prewarm)
        blocks = counted()
        with no_collector():
            for part in range(3):
                for _ in range(2000):
                    loop.wait()
                blocks[part] = sys.getallocatedblocks()
            assert gc.collect() == 0
    assert rung[0] == 6000
    assert blocks[2] <= blocks[1], "fewer there may be: the runner's own threads free some meanwhile"
