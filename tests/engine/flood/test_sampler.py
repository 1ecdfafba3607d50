"""`failover.engine.flood.sampler`: what is found to be a flood, of what a share passes, and for how long."""

import errno
from collections import Counter
from itertools import cycle
from typing import cast

import pytest

from failover.engine.flood.sampler import FLOOD, SAMPLE, TICK, Arrived, Sampler, fast_streams
from failover.frames import advertisement_datagram
from failover.linux.filter.bpf import ALL
from failover.linux.filter.sample import MOST_STREAMS, Stream, stream_of
from failover.linux.packet import lay_out
from failover.vrrp import Address, Family, Instant, encode, seconds
from tests.engine.simulated import SimulatedLoop, loop_of
from tests.vrrp.making import GREATER, NOW, SMALLER, a_router, after, an_advertisement

SECOND = seconds(1)


def packet(
    vrid: int = 51, source: Address = GREATER[Family.IPV4], priority: int = 200, interval: float = 0.01
) -> bytes:
    advertisement = an_advertisement(a_router(vrid=vrid), priority=priority, interval=seconds(interval))
    return lay_out(Family.IPV4, advertisement_datagram(source, encode(advertisement, source)), 1)


STREAM = Stream(0x31, 51, GREATER[Family.IPV4].packed, None)


class Bench:
    """A sampler, and a flood that its filter is in the way of."""

    def __init__(self) -> None:
        self.loop = SimulatedLoop()
        self.fails = False
        self.set = 0
        self.reads = 0
        self.heard = 0
        self.sampler = Sampler(loop_of(self.loop), Family.IPV4, self._renew, self._read)
        self._owed = Counter[Stream]()
        """Of each stream, what is to pass of one more packet: so many of `ALL`."""

    @property
    def streams(self) -> set[Stream]:
        return set(self.sampler.shares)

    def _renew(self) -> None:
        if self.fails:
            raise OSError(errno.ENOMEM, "no memory")
        self.set += 1

    def _read(self) -> None:
        self.reads += 1

    def read(self, packets: list[bytes], arrived: list[Instant]) -> list[Arrived]:
        """As a receiver does with what is heeded; what of it was heard."""
        came = list(zip(packets, arrived, strict=True))
        heard, copies = self.sampler.thinned(came) if self.sampler.thins else (came, [])
        self.heard += len(heard)
        assert sorted(heard + copies) == sorted(came)
        self.sampler.heeded(packets, arrived)
        return heard

    def comes(self, rate: int, duration: float, *packets: bytes) -> int:
        """These, by turns, so many a second in all, read every millisecond; how many passed."""
        passed, sent, began, end = 0, 0, self.loop.now, after(self.loop.now, seconds(duration))
        turns = cycle(packets)
        while self.loop.now < end:
            self.loop.run(after(self.loop.now, SECOND // 1000))
            came = list[bytes]()
            arrived = list[Instant]()
            while sent < (self.loop.now - began) * rate // SECOND:
                sent += 1
                packet = next(turns)
                if self._passes(packet):
                    came.append(packet)
                    arrived.append(after(began, sent * SECOND // rate))
            if came:
                self.read(came, arrived)
            passed += len(came)
        return passed

    def _passes(self, packet: bytes) -> bool:
        stream = stream_of(Family.IPV4, packet)
        if stream is None or stream not in self.sampler.shares:
            return True
        self._owed[stream] += self.sampler.shares[stream]
        passes, self._owed[stream] = divmod(self._owed[stream], ALL)
        return passes > 0


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("rate", [3000, 10_000, 50_000])
def test_of_a_flood_a_sample_passes_as_long_as_it_lasts(bench: Bench, rate: int) -> None:
    bench.comes(rate, 0.5, packet())
    assert bench.streams == {STREAM}
    assert bench.comes(rate, 2, packet()) == pytest.approx(SAMPLE, rel=0.3), "of one stream half"
    assert bench.set < 6


def test_when_it_ends_everything_passes_after_a_tick_and_a_half(bench: Bench) -> None:
    bench.comes(50_000, 1, packet())
    assert bench.streams
    bench.comes(0, 2 * TICK / SECOND, packet())
    assert not bench.streams
    assert bench.reads == 1, "what came before the filter was set wakes nobody"
    assert bench.comes(500, 1, packet()) == pytest.approx(500, abs=2)
    assert not bench.streams


@pytest.mark.parametrize("interval", [0.2, 1, 40.95])
def test_at_a_longer_interval_it_may_pause(bench: Bench, interval: float) -> None:
    for _ in range(10):
        bench.comes(50_000, 0.06, packet(interval=interval))
        bench.comes(0, 0.03, packet())
    assert bench.streams == {STREAM}
    assert bench.set < 4, "and what passes is adjusted"
    bench.comes(0, 0.21, packet())
    assert not bench.streams


@pytest.mark.parametrize("rate", [100, 700])
def test_when_it_becomes_slow_everything_passes(bench: Bench, rate: int) -> None:
    bench.comes(50_000, 1, packet())
    bench.comes(rate, 0.3, packet())
    assert not bench.streams


def test_the_share_follows_the_rate(bench: Bench) -> None:
    for rate in (4000, 40_000, 8000):
        bench.comes(rate, 1.5, packet())
        assert bench.comes(rate, 1, packet()) < 1.1 * SAMPLE
        assert bench.streams == {STREAM}


def test_two_hundred_routers_of_one_sender_at_the_shortest_interval_are_no_flood(bench: Bench) -> None:
    everybody = [packet(vrid) for vrid in range(1, 201)]
    assert bench.comes(20_000, 1, *everybody) == pytest.approx(20_000, rel=0.01)
    assert bench.set == 0


def test_nor_is_one_that_slept_and_reads_much_at_once(bench: Bench) -> None:
    arrived = [after(NOW, number * SECOND // 100) for number in range(1000)]
    for _ in range(5):
        bench.read([packet()] * 1000, arrived)
    assert bench.set == 0


def test_nor_five_rivals(bench: Bench) -> None:
    rivals = [packet(source=type(GREATER[Family.IPV4])(int(GREATER[Family.IPV4]) + n)) for n in range(5)]
    bench.comes(500, 2, *rivals)
    assert bench.set == 0


@pytest.mark.parametrize(
    ("packets", "streams"),
    [
        ([packet(), packet(priority=201)], {STREAM}),
        ([packet(), packet(52)], {STREAM, STREAM._replace(vrid=52)}),
        (
            [packet(), packet(source=SMALLER[Family.IPV4])],
            {STREAM, STREAM._replace(source=SMALLER[Family.IPV4].packed)},
        ),
        ([packet(priority=0)], {STREAM._replace(priority=0)}),
        ([packet(), packet(priority=0)], {STREAM, STREAM._replace(priority=0)}),
    ],
    ids=["contents", "virtual routers", "senders", "resignations", "both kinds"],
)
def test_each_stream_that_floods_is_sampled(bench: Bench, packets: list[bytes], streams: set[Stream]) -> None:
    bench.comes(50_000, 1, *packets)
    assert bench.streams == streams


def test_one_that_joins_is_sampled_too(bench: Bench) -> None:
    bench.comes(50_000, 1, packet())
    bench.comes(50_000, 2, packet(), packet(52))
    assert bench.streams == {STREAM, STREAM._replace(vrid=52)}
    assert SAMPLE / 2 < bench.comes(50_000, 1, packet(), packet(52)) < 1.1 * SAMPLE


def test_of_very_many_some_are_sampled_and_then_there_is_rest(bench: Bench) -> None:
    many = [packet(vrid) for vrid in range(1, MOST_STREAMS + 5)]
    bench.comes(100_000, 1, *many)
    assert len(bench.streams) == MOST_STREAMS
    bench.set = 0
    whole = 100_000 * 4 / len(many)
    assert bench.comes(100_000, 2, *many) == pytest.approx(2 * (SAMPLE + whole), rel=0.1)
    assert bench.set == 0


def test_one_that_ends_passes_whole_while_others_go_on(bench: Bench) -> None:
    bench.comes(50_000, 0.3, packet(), packet(52))
    bench.comes(25_000, 2 * TICK / SECOND, packet(52))
    assert bench.streams == {STREAM._replace(vrid=52)}
    assert bench.comes(25_000, 0.5, packet(52)) == pytest.approx(SAMPLE / 4, rel=0.1)
    assert bench.streams == {STREAM._replace(vrid=52)}


def test_one_of_very_many_that_ends_passes_whole_a_little_later(bench: Bench) -> None:
    many = [packet(vrid) for vrid in range(1, MOST_STREAMS + 1)]
    bench.comes(100_000, 1, *many)
    bench.comes(100_000 * 15 // 16, 0.05, *many[1:])
    assert bench.streams == {stream_of(Family.IPV4, one) for one in many[1:]}


def test_a_flood_of_which_a_look_saw_a_pause_is_soon_looked_at_again(bench: Bench) -> None:
    bench.comes(50_000, 0.009, packet())
    assert bench.sampler._look, "it has just begun"
    bench.comes(0, 0.08, packet())
    bench.comes(50_000, 0.15, packet())
    assert bench.streams == {STREAM}


def test_a_burst_is_no_flood_however_many_there_are_in_it(bench: Bench) -> None:
    for _ in range(5):
        now = bench.loop.now
        bench.read([packet()] * 300, [after(now, number * 3000) for number in range(300)])
        bench.comes(100, 0.5, packet())
        for half in range(2):
            now = bench.loop.now
            bench.read([packet()] * 256, [after(now, number * 3000) for number in range(256)])
            bench.loop.run(after(now, SECOND // 1000 * (1 + half)))
        bench.comes(100, 0.5, packet())
    assert bench.set == 0


def test_without_memory_for_the_filter_all_is_as_it_was_and_it_is_tried_again(bench: Bench) -> None:
    bench.fails = True
    bench.comes(50_000, 0.5, packet())
    assert not bench.streams
    bench.fails = False
    bench.comes(50_000, 2, packet())
    assert bench.streams == {STREAM}
    bench.fails = True
    bench.comes(0, 0.1, packet())
    assert bench.streams == {STREAM}
    bench.fails = False
    bench.comes(0, 0.1, packet())
    assert not bench.streams


def test_a_closed_one_does_nothing_more(bench: Bench) -> None:
    bench.comes(50_000, 1, packet())
    bench.sampler.close()
    before = bench.set
    bench.loop.run(after(bench.loop.now, SECOND))
    assert bench.set == before


def test_a_stream_is_fast_by_when_its_packets_arrived() -> None:
    fast = [(packet(), after(NOW, number * SECOND // (2 * FLOOD))) for number in range(40)]
    slow = [(packet(52), after(NOW, number * SECOND // 100)) for number in range(40)]
    at_once = [(packet(53), NOW)] * 40
    assert fast_streams(Family.IPV4, fast + slow + at_once) == {STREAM: pytest.approx(2 * FLOOD)}
    assert fast_streams(Family.IPV4, cast("list[tuple[bytes, Instant]]", [])) == {}


def test_of_a_flood_that_was_found_few_copies_are_heard_and_of_all_else_everything(bench: Bench) -> None:
    bench.comes(50_000, 0.5, packet())
    now = bench.loop.now
    waited = [packet()] * 2000 + [packet(52), packet(priority=0)] + [packet()] * 699 + [packet(53)] * 3
    arrived = [after(now, -number * SECOND // 50_000) for number in reversed(range(len(waited)))]
    heard = bench.read(waited, arrived)
    names = [one for one, _ in heard]
    assert (names.count(packet(52)), names.count(packet(priority=0)), names.count(packet(53))) == (1, 1, 3)
    assert 1 <= names.count(packet()) <= len(waited) * SECOND // 50_000 // TICK + 2
    assert [at for _, at in heard] == sorted(at for _, at in heard)
    assert (packet(), arrived[-4]) in heard, "the last of it says until when it came"


def test_when_a_router_has_changed_all_is_heard_again(bench: Bench) -> None:
    bench.comes(50_000, 0.5, packet())
    bench.sampler.forget()
    assert len(bench.read([packet()] * 100, [bench.loop.now] * 100)) == 100


def test_and_what_is_sampled_stays_so(bench: Bench) -> None:
    bench.comes(50_000, 0.5, packet())
    bench.set = 0
    bench.sampler.forget()
    assert bench.comes(50_000, 1, packet()) == pytest.approx(SAMPLE / 2, rel=0.1)
    assert bench.set == 0


def test_a_flood_that_comes_in_bursts_is_thinned_between_them_too(bench: Bench) -> None:
    bench.comes(100_000, 0.05, packet())
    heard = bench.heard
    assert heard < 800
    for _ in range(20):
        bench.comes(0, 0.05, packet())
        bench.comes(100_000, 0.02, packet())
    assert bench.heard - heard <= 20 * (0.02 * 1000 + 1), "two thousand came in each"


def test_once_the_flood_is_long_over_all_is_heard_again(bench: Bench) -> None:
    bench.comes(50_000, 1, packet())
    bench.comes(0, 11, packet())
    before = bench.heard
    bench.comes(500, 1, packet())
    assert bench.heard - before == pytest.approx(500, abs=2)


def test_the_adverts_of_a_master_are_not_thinned_even_at_the_shortest_interval(bench: Bench) -> None:
    bench.comes(50_000, 1, packet())
    before = bench.heard
    bench.comes(100, 1, packet())
    assert bench.heard - before == pytest.approx(100, abs=2)
