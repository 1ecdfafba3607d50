"""Steady state leaves nothing behind: no reference cycle for a collector that is off, and no byte of growth."""

import gc
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from ipaddress import ip_address
from types import SimpleNamespace
from typing import cast

import pytest

from failover.config import instances, parse
from failover.engine.attachment import Attachment
from failover.engine.instance import Instance
from failover.engine.lateness import Lateness
from failover.engine.loop import Loop
from failover.engine.timers import Alarm, AlarmQueue
from failover.linux.addresses import Batch, Failure
from failover.linux.inbox import Received
from failover.linux.timer import now as read_clock
from failover.messages import Event, encode
from failover.vrrp import Address, Advertisement, Family, Fault, Instant, ReceivedFrom, Version, seconds
from failover.vrrp import encode as encode_advertisement
from failover.vrrp.protocol import GROUPS

OURS, PEER = ip_address("192.0.2.11"), ip_address("192.0.2.12")
SECOND = seconds(1)
HOUR = 3600


class Net:
    """The network as an `Attachment` shows it: takes everything, or refuses it."""

    def __init__(self) -> None:
        self.interface = SimpleNamespace(ifindex=2, mac=bytes(6))
        self.refuses = False
        self.sent = 0

    def send(self, family: Family, datagrams: Sequence[bytes]) -> None:
        self._take(len(datagrams))

    def announce(self, frames: Sequence[bytes]) -> None:
        self._take(len(frames))

    def _take(self, count: int) -> None:
        if self.refuses:
            raise OSError(100, "Network is down")
        self.sent += count

    def reopen(self, family: Family, vrid: int, at: Instant) -> None:
        """Nothing is closed here."""

    def apply(self, batch: Batch) -> tuple[Failure, ...]:
        return ()


class Alarms:
    """A `Loop` without descriptors, in simulated time."""

    def __init__(self) -> None:
        self.now = Instant(read_clock())
        self.lateness = Lateness(self.now)
        self._queue = AlarmQueue(self.lateness.note)

    def alarm(self, callback: Callable[[Instant], None]) -> Alarm:
        return self._queue.alarm(callback)

    def pass_second(self) -> None:
        self.now = Instant(self.now + SECOND)
        self._queue.ring(self.now, self.now)
        self.lateness.turn(self.now)


class Bench:
    """One virtual router, and a peer that says what the test wants."""

    def __init__(self) -> None:
        text = '{"vrid": 51, "interface_name": "eth0", "ip_addresses": ["192.0.2.100/24"]}'
        configuration = parse(text)
        (router,) = instances(configuration.virtual_routers[0])
        self.alarms = Alarms()
        self.net = Net()
        self.events = 0
        loop = cast("Loop", self.alarms)
        self.instance = Instance("VR_1", "eth0", router, loop, self.take)
        self.instance.stand(cast("Attachment", self.net), OURS, frozenset(), self.alarms.now)
        self.instance.start(None, self.alarms.now)

    def take(self, event: Event, of: Instance) -> None:
        self.events += bool(encode(event)) and bool(of.status())

    def hears(self, packet: Received) -> None:
        self.instance.hear(packet, self.alarms.now)

    def becomes_master(self) -> None:
        while not self.instance.is_master:
            self.alarms.pass_second()


def packet(priority: int = 200, source: Address = PEER, hop_limit: int = 255) -> Received:
    advertisement = Advertisement(
        version=Version.V3, vrid=51, priority=priority, interval=SECOND, addresses=(ip_address("192.0.2.100"),)
    )
    payload = encode_advertisement(advertisement, source)
    return Received(payload, ReceivedFrom(source, GROUPS[Family.IPV4], hop_limit))


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
        bench.alarms.pass_second()

    return second


def master(bench: Bench) -> Callable[[], None]:
    """A MASTER alone."""
    bench.becomes_master()
    return bench.alarms.pass_second


def pestered_master(bench: Bench) -> Callable[[], None]:
    """A MASTER that hears a rival of lower priority, and what is invalid."""
    bench.becomes_master()
    heard = packet(priority=50), packet(hop_limit=3), packet(source=OURS), Received(b"\x31\x33", packet().meta)

    def second() -> None:
        for one in heard:
            bench.hears(one)
        bench.alarms.pass_second()

    return second


def unheard_master(bench: Bench) -> Callable[[], None]:
    """A MASTER whose network takes nothing."""
    bench.becomes_master()
    bench.net.refuses = True
    return bench.alarms.pass_second


def flapping(bench: Bench) -> Callable[[], None]:
    """A router that becomes MASTER and BACKUP in turn, for a better one comes and resigns."""
    better, resigns = packet(), packet(priority=0)

    def second() -> None:
        bench.becomes_master()
        bench.hears(better)
        bench.hears(resigns)
        bench.alarms.pass_second()

    return second


def faulted(bench: Bench) -> Callable[[], None]:
    """A router whose interface goes down and comes up."""
    fault = Fault("no_carrier", "eth0 has no carrier")

    def second() -> None:
        bench.instance.link_changed(fault, bench.alarms.now)
        bench.instance.link_changed(None, bench.alarms.now)
        bench.alarms.pass_second()

    return second


Life = Callable[[Bench], Callable[[], None]]
LIVES: list[Life] = [backup, master, pestered_master, unheard_master, flapping, faulted]


@pytest.mark.parametrize("life", LIVES)
def test_no_event_leaves_a_cycle_behind(life: Life) -> None:
    bench = Bench()
    second = life(bench)
    second()
    with no_collector():
        for _ in range(300):
            second()
        assert gc.collect() == 0


@pytest.mark.parametrize("life", LIVES)
def test_an_hour_leaves_not_a_block_of_memory_behind(life: Life) -> None:
    bench = Bench()
    second = life(bench)
    blocks = counted()
    with no_collector():
        for part in range(3):
            for _ in range(HOUR):
                second()
            blocks[part] = sys.getallocatedblocks()
    assert blocks[2] == blocks[1]


def test_the_loop_itself_leaves_nothing_behind() -> None:
    rung = [0]
    with closing(Loop()) as loop:

        def ring(now: Instant) -> None:
            rung[0] += 1
            alarm.set(now, rehearse)

        def rehearse(_: Instant) -> None:
            pass

        alarm = loop.alarm(ring)
        alarm.set(read_clock(), rehearse)
        blocks = counted()
        with no_collector():
            for part in range(3):
                for _ in range(2000):
                    loop.wait()
                blocks[part] = sys.getallocatedblocks()
            assert gc.collect() == 0
    assert rung[0] == 6000
    assert blocks[2] == blocks[1]
