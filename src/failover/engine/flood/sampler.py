"""What keeps a flood of good advertisements from taking the CPU: of it, the kernel passes a sample while it lasts.

Such a flood cannot be refused: as long as it comes, the MASTER that it speaks of is there. But a thousand of them a
second say that as well as fifty thousand. So a sender's stream that is faster than any real one is sampled, and nothing
else is: resignations, other senders, and other virtual routers of the same sender pass whole. What is sampled wakes
nobody. It is read every hundredth of a second, when the last of it says all: when it arrived, by the kernel's own note.

Only what a router heeds is counted: each such packet holds off a takeover. What is refused, or loses, does not, and may
come in the name of a living MASTER: if that were sampled, the MASTER's own would be missed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from failover.engine.environment import EventLoop
from failover.linux.filter.bpf import ALL
from failover.linux.filter.sample import MOST_STREAMS, Stream, stream_of
from failover.vrrp import Family, Instant, Interval, seconds

FLOOD: Final = 2000
"""Advertisements a second of a stream that is a flood: at the shortest interval, 0.01 s, a sender has a hundred."""
SAMPLE: Final = 1000
"""Of them so many pass: all sampled streams of a socket together."""
TICK: Final = seconds(0.01)
"""How often the sample is read, and looked at for the end of the flood."""
_WINDOW: Final = seconds(0.1)
_WORTH_A_LOOK: Final = FLOOD * _WINDOW // seconds(1)
"""Packets of a socket in a window: those of many virtual routers may be as many, and then no stream is fast."""
_LOOKED_AT: Final = 256
"""Packets that are told apart by streams to find a fast one."""
_OF_A_STREAM: Final = 10
"""The fewest packets that say how fast a stream is."""
_REST: Final = seconds(1)
"""From one look in vain to the next: a look takes a quarter of a millisecond."""
_SUSPICION: Final = seconds(10)
"""For so long after a flood its packets are thinned as they are read: it may have been but the first of many."""
_MOST_SUSPECTS: Final = 64
"""Packets that are thinned: of a flood of ever new contents only the sample helps."""
_TICKS_TO_ADJUST: Final = 10
_SILENCE: Final = 3
"""Of the sample's twenty packets in two ticks: so few mean that the flood has ended."""

Arrived = tuple[bytes, Instant]
"""A packet, and when it arrived."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """What the kernel passes a share of."""

    streams: frozenset[Stream] = frozenset()
    share: int = ALL
    """So many of `ALL`."""


EVERYTHING: Final = Sampling()


class Sampler:
    """For one socket: finds floods, has its filter set by `renew`, and watches for their end."""

    def __init__(self, loop: EventLoop, family: Family, renew: Callable[[], None], read: Callable[[], None]) -> None:
        """`renew` sets the filter as `sampling` says, and may fail with `OSError`; `read` reads what has arrived."""
        self.sampling = EVERYTHING
        self._clock = loop.clock
        self._family = family
        self._renew = renew
        self._read = read
        self._alarm = loop.alarm(self._tick)
        self._count, self._since = 0, Instant(0)
        """Packets of this window, and when it began."""
        self._look: list[Arrived] | None = None
        """The packets of a look that is not complete, and when they arrived."""
        self._rests_until = Instant(0)
        self._suspects: dict[bytes, Instant] = {}
        """Packets that are or were a flood a short while ago, and when the last copy arrived that was heard."""
        self._suspected_until = Instant(0)
        self._set_at = Instant(0)
        """When the filter was set last: what arrived before is no sample."""
        self._passed, self._passed_before = 0, 0
        """Packets of the sample in this tick, and in the one before."""
        self._ticks, self._adjusted_at, self._sample = 0, Instant(0), 0
        """Since the share was looked at last: ticks, when that was, and packets of the sample."""

    @property
    def thins(self) -> bool:
        """Whether `thinned` may leave something out."""
        return bool(self._suspects)

    def thinned(self, arrived: list[Arrived]) -> tuple[list[Arrived], list[Arrived]]:
        """What is to be heard of these, and what need not: copies of a flood's packets, but for the last of each."""
        suspects = self._suspects
        last = {packet: place for place, (packet, _) in enumerate(arrived)}
        heard: list[Arrived] = []
        copies: list[Arrived] = []
        for place, (packet, at) in enumerate(arrived):
            before = suspects.get(packet)
            if before is not None and place != last[packet] and at < before + TICK:
                copies.append((packet, at))
                continue
            if before is not None:
                suspects[packet] = at
            heard.append((packet, at))
        return heard, copies

    def heeded(self, packets: Sequence[bytes], arrived: Sequence[Instant]) -> None:
        """These were heeded, or are copies of what was; at least one."""
        self._count += len(packets)
        if self._count < _WORTH_A_LOOK and self._look is None and not self._suspects:
            return
        streams = self.sampling.streams
        if streams:
            since = (packet for packet, at in zip(packets, arrived, strict=True) if at > self._set_at)
            self._passed += sum(stream_of(self._family, packet) in streams for packet in since)
        elif arrived[-1] > self._suspected_until:
            self._suspects.clear()
        self._consider(packets, arrived)

    def forget(self) -> None:
        """A router has changed: what it heeded it may not heed any more."""
        self._suspects.clear()

    def close(self) -> None:
        """The socket is closed: find nothing any more, and forget who would be told."""
        self._alarm.retire()
        self._renew = self._read = _nothing

    def _consider(self, packets: Sequence[bytes], arrived: Sequence[Instant]) -> None:
        last = arrived[-1]
        if self._look is None:
            if self._count < _WORTH_A_LOOK:
                return
            began = arrived[-_WORTH_A_LOOK] if len(arrived) >= _WORTH_A_LOOK else self._since
            is_fast = last - began <= _WINDOW and last >= self._rests_until
            self._count, self._since = 0, last
            if not is_fast:
                return
            self._look = []
        self._look += zip(packets, arrived, strict=True)
        if len(self._look) >= _LOOKED_AT:
            looked_at, self._look = self._look, None
            self._count, self._since = 0, last
            self._found(fast_streams(self._family, looked_at), looked_at)

    def _found(self, fast: dict[Stream, float], looked_at: list[Arrived]) -> None:
        last = looked_at[-1][1]
        for packet in dict.fromkeys(packet for packet, _ in looked_at):
            if len(self._suspects) < _MOST_SUSPECTS and stream_of(self._family, packet) in fast:
                self._suspects.setdefault(packet, Instant(0))
        new = fast.keys() - self.sampling.streams
        if not new:
            self._rests_until = Instant(last + _REST)
            return
        streams = frozenset([*self.sampling.streams, *new][:MOST_STREAMS])
        self._set(Sampling(streams, min(self.sampling.share, _share(sum(fast.values())))))

    def _set(self, wanted: Sampling) -> None:
        before, self.sampling = self.sampling, wanted
        try:
            self._renew()
        except OSError:  # out of memory: as it was, until it is tried again
            self.sampling = before
        now = self._set_at = self._clock.now()
        self._suspected_until = Instant(now + _SUSPICION)
        self._ticks, self._adjusted_at, self._sample = 0, now, 0
        self._passed, self._passed_before = 0, _SILENCE + 1
        self._alarm.set(Instant(now + TICK) if self.sampling.streams else None)

    def _tick(self, now: Instant) -> None:
        """The sample has just been read, as packets always are before alarms ring."""
        recent = self._passed + self._passed_before
        self._sample += self._passed
        self._passed, self._passed_before = 0, self._passed
        self._ticks += 1
        self._alarm.set(Instant(now + TICK))
        if recent <= _SILENCE:
            self._open()
        elif self._ticks >= _TICKS_TO_ADJUST:
            self._adjust(now)

    def _adjust(self, now: Instant) -> None:
        took = max(now - self._adjusted_at, TICK)
        rate = self._sample * seconds(1) / took * ALL / self.sampling.share
        wanted = _share(rate)
        if rate < FLOOD / 2:
            self._open()
        elif not wanted / 2 < self.sampling.share < wanted * 2:
            self._set(Sampling(self.sampling.streams, wanted))
        else:
            self._ticks, self._adjusted_at, self._sample = 0, now, 0

    def _open(self) -> None:
        self._set(EVERYTHING)
        self._count = 0
        self._read()  # what came just before wakes nobody


def fast_streams(family: Family, packets: Iterable[Arrived]) -> dict[Stream, float]:
    """The streams among these packets that are floods, and how many packets a second each has."""
    found: dict[Stream | None, list[Instant]] = {}
    for packet, at in packets:
        found.setdefault(stream_of(family, packet), []).append(at)
    rates = {
        stream: (len(arrived) - 1) * seconds(1) / span
        for stream, arrived in found.items()
        if stream is not None and len(arrived) >= _OF_A_STREAM and (span := Interval(max(arrived) - min(arrived)))
    }
    return {stream: rate for stream, rate in rates.items() if rate > FLOOD}


def _share(rate: float) -> int:
    """What share of `rate` packets a second is a sample."""
    return min(ALL - 1, max(1, int(ALL * SAMPLE / rate)))


def _nothing() -> None:
    pass
