"""`failover.engine.flood.sampler`: what is found to be a flood, of what a share passes, and for how long."""

import errno
from typing import cast

import pytest

from failover.engine.flood.sampler import EVERYTHING, FLOOD, SAMPLE, TICK, Arrived, Sampler, fast_streams
from failover.frames import advertisement_datagram
from failover.linux.filter.bpf import ALL
from failover.linux.filter.sample import MOST_STREAMS, Stream
from failover.linux.packet import lay_out
from failover.vrrp import Address, Family, Instant, encode, seconds
from tests.engine.simulated import SimulatedLoop, loop_of
from tests.vrrp.making import GREATER, NOW, SMALLER, a_router, after, an_advertisement

SECOND = seconds(1)


def packet(vrid: int = 51, source: Address = GREATER[Family.IPV4], priority: int = 200) -> bytes:
    advertisement = an_advertisement(a_router(vrid=vrid), priority=priority)
    return lay_out(Family.IPV4, advertisement_datagram(source, encode(advertisement, source)), 1)


STREAM = Stream(0x31, 51, GREATER[Family.IPV4].packed, resigns=False)


class Bench:
    """A sampler, and a flood that its filter is in the way of."""

    def __init__(self) -> None:
        self.loop = SimulatedLoop()
        self.fails = False
        self.set = 0
        self.reads = 0
        self.heard = 0
        self.sampler = Sampler(loop_of(self.loop), Family.IPV4, self._renew, self._read)
        self._owed = 0.0

    @property
    def streams(self) -> frozenset[Stream]:
        return self.sampler.sampling.streams

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
        passed, end = 0, after(self.loop.now, seconds(duration))
        while self.loop.now < end:
            share = self.sampler.sampling.share / ALL if self.streams else 1
            self._owed += rate / 1000 * share
            count, self._owed = int(self._owed), self._owed % 1
            self.loop.run(after(self.loop.now, SECOND // 1000))
            if count:
                step = SECOND // 1000 // count
                arrived = [Instant(self.loop.now - step * (count - 1 - number)) for number in range(count)]
                came = [packets[(passed + n) % len(packets)] for n in range(count)]
                self.read(came, arrived)
            passed += count
        return passed


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("rate", [3000, 10_000, 50_000])
def test_of_a_flood_a_sample_passes_as_long_as_it_lasts(bench: Bench, rate: int) -> None:
    bench.comes(rate, 0.5, packet())
    assert bench.streams == {STREAM}
    assert bench.comes(rate, 2, packet()) == pytest.approx(2 * SAMPLE, rel=0.3)
    assert bench.set < 6


def test_when_it_ends_everything_passes_after_two_ticks(bench: Bench) -> None:
    bench.comes(50_000, 1, packet())
    assert bench.streams
    bench.comes(0, 3 * TICK / SECOND, packet())
    assert bench.sampler.sampling == EVERYTHING
    assert bench.reads == 1, "what came before the filter was set wakes nobody"
    assert bench.comes(500, 1, packet()) == pytest.approx(500, abs=2)
    assert bench.sampler.sampling == EVERYTHING


@pytest.mark.parametrize("rate", [100, 700])
def test_when_it_becomes_slow_everything_passes(bench: Bench, rate: int) -> None:
    bench.comes(50_000, 1, packet())
    bench.comes(rate, 0.3, packet())
    assert bench.sampler.sampling == EVERYTHING


def test_the_share_follows_the_rate(bench: Bench) -> None:
    for rate in (4000, 40_000, 8000):
        bench.comes(rate, 1.5, packet())
        assert bench.comes(rate, 1, packet()) < 2.2 * SAMPLE
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
        ([packet(priority=0)], {STREAM._replace(resigns=True)}),
        ([packet(), packet(priority=0)], {STREAM, STREAM._replace(resigns=True)}),
    ],
    ids=["contents", "virtual routers", "senders", "resignations", "both kinds"],
)
def test_each_stream_that_floods_is_sampled(bench: Bench, packets: list[bytes], streams: set[Stream]) -> None:
    bench.comes(50_000, 1, *packets)
    assert bench.streams == streams


def test_one_that_joins_is_sampled_too_and_of_very_many_only_some(bench: Bench) -> None:
    bench.comes(50_000, 1, packet())
    bench.comes(50_000, 2, packet(), packet(52))
    assert STREAM in bench.streams
    many = Bench()
    many.comes(
        100_000, 3, *(packet(vrid) for vrid in range(1, 9)), *(packet(vrid, priority=0) for vrid in range(1, 13))
    )
    assert 0 < len(many.streams) <= MOST_STREAMS


def test_without_memory_for_the_filter_all_is_as_it_was_and_it_is_tried_again(bench: Bench) -> None:
    bench.fails = True
    bench.comes(50_000, 0.5, packet())
    assert bench.sampler.sampling == EVERYTHING
    bench.fails = False
    bench.comes(50_000, 2, packet())
    assert bench.streams == {STREAM}
    bench.fails = True
    bench.comes(0, 0.1, packet())
    assert bench.streams == {STREAM}
    bench.fails = False
    bench.comes(0, 0.1, packet())
    assert bench.sampler.sampling == EVERYTHING


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
