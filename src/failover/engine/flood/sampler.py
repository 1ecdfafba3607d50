"""What keeps a flood of good advertisements from taking the CPU: of it, the kernel passes a sample while it lasts.

Such a flood cannot be refused: as long as it comes, the MASTER that it speaks of is there. But a thousand of them a
second say that as well as fifty thousand. So a sender's stream that is faster than any real one is sampled, and nothing
else is: resignations, other senders, and other virtual routers of the same sender pass whole. What is sampled wakes
nobody. It is read every hundredth of a second, when the last of it says all: when it arrived, by the kernel's own note.

The flood may be a copy of what a living MASTER says, which is in the same stream. So each stream has an end of its own:
when so much of its sample is missing that it cannot be chance, all of it passes again.

Only what a router heeds is counted: each such packet holds off a takeover. What is refused, or loses, does not, and may
come in the name of a living MASTER: if that were sampled, the MASTER's own would be missed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from failover.engine.environment import EventLoop
from failover.linux.filter.bpf import ALL
from failover.linux.filter.sample import MOST_STREAMS, Stream, interval_of, stream_of
from failover.vrrp import Family, Instant, Interval, seconds

FLOOD: Final = 2000
"""Advertisements a second of a stream that is a flood: at the shortest interval, 0.01 s, a sender has a hundred."""
SAMPLE: Final = 4000
"""Of them so many pass: all sampled streams of a socket together."""
_OF_EACH: Final = 2000
"""The most that pass of one of them."""
TICK: Final = seconds(0.01)
"""How often the sample is read, and looked at for the end of a flood."""
_WINDOW: Final = seconds(0.1)
_WORTH_A_LOOK: Final = FLOOD * _WINDOW // seconds(1)
"""Packets of a socket in a window: those of many virtual routers may be as many, and then no stream is fast."""
_LOOKED_AT: Final = 256
"""The most packets, about, that are told apart by streams to find a fast one."""
_OF_A_STREAM: Final = 10
"""The fewest packets that say how fast a stream is."""
_REST: Final = seconds(0.05)
"""From a look in vain to the next, which takes a quarter of a millisecond: a pause of a flood's sender may spoil it."""
_LONGEST_REST: Final = seconds(1)
"""After each look in vain it is twice as long, up to this."""
_SUSPICION: Final = seconds(10)
"""For so long after a flood its packets are thinned as they are read: it may have been but the first of many."""
_MOST_SUSPECTS: Final = 64
"""Packets that are thinned: of a flood of ever new contents only the sample helps."""
_JUDGED_EVERY: Final = seconds(0.1)
_SILENT_INTERVALS: Final = 0.5
"""Advertisement intervals without a packet, and a flood has ended. With a tick and one interval it is less than three
of them even of 0.01 s, so that a MASTER in the same stream is heard in time. A flood's own sender may pause a while."""
_MISSING: Final = 8
"""Packets of a stream that must be missing at least: of up to two streams ten are, in half of the shortest interval."""

Arrived = tuple[bytes, Instant]
"""A packet, and when it arrived."""


@dataclass(slots=True)
class _Flood:
    """What is known of a stream of which the kernel passes a share."""

    rate: float
    """Packets a second, as it was judged last."""
    last: Arrived
    share: int = ALL
    """So many of `ALL` pass."""
    passed: int = 0
    """How many did since it was judged."""


class Sampler:
    """For one socket: finds floods, has its filter set by `renew`, and watches for their end."""

    def __init__(self, loop: EventLoop, family: Family, renew: Callable[[], None], read: Callable[[], None]) -> None:
        """`renew` sets the filter as `shares` says, and may fail with `OSError`; `read` reads what has arrived."""
        self._clock = loop.clock
        self._family = family
        self._renew = renew
        self._read = read
        self._alarm = loop.alarm(self._tick)
        self._count, self._since = 0, Instant(0)
        """Packets of this window that are in no flood, and when it began."""
        self._look: list[Arrived] | None = None
        """The packets of a look that is not complete, and when they arrived."""
        self._look_from, self._rests_until, self._rest = Instant(0), Instant(0), _REST
        self._fast: Mapping[Stream, float] = {}
        """What was fast at the first of two looks: a burst is not fast at both."""
        self._suspects: dict[bytes, Instant] = {}
        """Packets that are or were a flood a short while ago, and when the last copy arrived that was heard."""
        self._suspected_until = Instant(0)
        self._floods: dict[Stream, _Flood] = {}
        self._counted_since, self._due = Instant(0), Instant(0)
        """What passed before is no sample; and when the next tick is due: what arrived by then has been read."""

    @property
    def shares(self) -> Mapping[Stream, int]:
        """Of which streams the kernel is to pass a share, and which: so many of `bpf.ALL`."""
        return {stream: flood.share for stream, flood in self._floods.items()}

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
        if self._count < _WORTH_A_LOOK and self._look is None and not self._floods and not self._suspects:
            return
        others = list(zip(packets, arrived, strict=True))
        if self._floods:
            others = self._besides_floods(others)
            self._count -= len(packets) - len(others)
        elif arrived[-1] > self._suspected_until:
            self._suspects.clear()
        if others:
            self._consider(others)

    def forget(self) -> None:
        """A router has changed: what it heeded it may not heed any more."""
        self._suspects.clear()

    def close(self) -> None:
        """The socket is closed: find nothing any more, and forget who would be told."""
        self._alarm.retire()
        self._renew = self._read = _nothing

    # --- the beginning of a flood

    def _consider(self, arrived: list[Arrived]) -> None:
        last = arrived[-1][1]
        if self._look is None:
            if self._count < _WORTH_A_LOOK:
                return
            began = arrived[-_WORTH_A_LOOK][1] if len(arrived) >= _WORTH_A_LOOK else self._since
            is_fast = last - began <= _WINDOW and last >= self._rests_until
            self._count, self._since = 0, last
            if not is_fast:
                return
            self._look, self._look_from = [], Instant(0)
        look = self._look
        look += (one for one in arrived if one[1] >= self._look_from)
        if len(look) >= _LOOKED_AT or (look and last - look[0][1] >= TICK):
            self._look = None
            self._count, self._since = 0, last
            self._looked(look, last)

    def _looked(self, look: list[Arrived], last: Instant) -> None:
        fast, before = fast_streams(self._family, look), self._fast
        room = MOST_STREAMS - len(self._floods)
        self._fast = {}
        if before:
            found = {stream: min(rate, before[stream]) for stream, rate in fast.items() if stream in before}
            fastest = sorted(found, key=found.__getitem__)[-room:] if room else []
            if fastest:
                latest = {stream_of(self._family, one[0]): one for one in look}
                self._set(self._floods | {stream: _Flood(found[stream], latest[stream]) for stream in fastest})
            return
        if not fast or not room:
            self._rests_until = Instant(last + self._rest)
            self._rest = min(Interval(2 * self._rest), _LONGEST_REST)
            return
        self._rest = _REST
        for packet in dict.fromkeys(packet for packet, _ in look):
            if len(self._suspects) < _MOST_SUSPECTS and stream_of(self._family, packet) in fast:
                self._suspects.setdefault(packet, Instant(0))
        self._suspected_until = Instant(last + _SUSPICION)
        self._fast, self._look, self._look_from = fast, [], Instant(last + TICK)

    # --- while it lasts

    def _besides_floods(self, arrived: list[Arrived]) -> list[Arrived]:
        """Those of no flood. Of the others it is noted that they have come."""
        others = []
        for one in arrived:
            packet, at = one
            flood = self._floods.get(stream_of(self._family, packet))  # type: ignore[arg-type]  # None: of none
            if flood is None:
                others.append(one)
            else:
                flood.last = one
                flood.passed += at > self._counted_since
        return others

    def _set(self, wanted: Mapping[Stream, _Flood]) -> None:
        before = self._floods
        self._floods = {
            stream: _Flood(flood.rate, flood.last, _share(flood.rate, len(wanted))) for stream, flood in wanted.items()
        }
        try:
            self._renew()
        except OSError:  # out of memory: as it was, until it is tried again
            self._floods = before
        now = self._clock.now()
        self._suspected_until = Instant(now + _SUSPICION)
        self._count_from(now)
        self._due = Instant(now + TICK)
        self._alarm.set(self._due if self._floods else None)

    def _count_from(self, now: Instant) -> None:
        self._counted_since = now
        for flood in self._floods.values():
            flood.passed = 0

    def _tick(self, now: Instant) -> None:
        """The sample has just been read, as packets always are before alarms ring."""
        due, self._due = self._due, Instant(now + TICK)
        self._alarm.set(self._due)
        took = now - self._counted_since
        if took >= _JUDGED_EVERY:
            for flood in self._floods.values():
                flood.rate = flood.passed * seconds(1) / took * ALL / flood.share
            self._count_from(now)
        lasting = {stream: flood for stream, flood in self._floods.items() if self._lasts(flood, due)}
        if len(lasting) < len(self._floods):
            self._set(lasting)
            self._read()  # what came just before wakes nobody
        elif any(
            not flood.share / 2 < _share(flood.rate, len(lasting)) < flood.share * 2 for flood in lasting.values()
        ):
            self._set(lasting)

    def _lasts(self, flood: _Flood, at: Instant) -> bool:
        packet, arrived = flood.last
        silence = _SILENT_INTERVALS * interval_of(self._family, packet)
        missing = _MISSING * seconds(1) / _each(len(self._floods))
        return flood.rate >= FLOOD / 2 and at - arrived <= max(silence, missing)


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


def _each(streams: int) -> int:
    """Packets a second of the sample of each of so many streams."""
    return min(_OF_EACH, SAMPLE // streams)


def _share(rate: float, streams: int) -> int:
    """What share of `rate` packets a second is the sample of one of so many streams."""
    return min(ALL - 1, max(1, int(ALL * _each(streams) / rate)))


def _nothing() -> None:
    pass
