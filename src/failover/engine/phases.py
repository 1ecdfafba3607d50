"""Which routers advertise together, and when in their interval: groups small enough for every receiver, spread evenly.

Pure. A burst of `AT_ONCE` is what one system call sends, and far from filling a receiver's default socket buffer.

The kernel's own timers, on all CPUs, expire at whole milliseconds of the clock that beats are counted by (its tick is
1, 4 or 10 ms long), and the work they begin comes first. So a beat comes between two of them. Measured beside two
processes that take all CPU they get: 1 of 50 wake-ups that met a tick was 4 ms late, and 1 of 1000 that did not.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from failover.linux.outbox import AT_ONCE
from failover.vrrp import Family, Interval, VirtualRouter

_TICK: Final = 1_000_000
"""Nanoseconds: every tick begins at a multiple."""


class Place(NamedTuple):
    """Those with the same place have one beat."""

    interface: str
    family: Family
    interval: Interval
    phase: Interval | None
    """None where no other router has this interval: there is nothing to be in step with."""


def assign_beats(
    routers: Sequence[tuple[str, VirtualRouter]], occupied: Mapping[Place, int] = MappingProxyType({})
) -> list[Place]:
    """A place for each router, given with its interface's name.

    `occupied`: the places of routers that run already, which keep them, and how many there are at each. Where there is
    room others join them; new bursts fall into the widest gaps.
    """
    groups: dict[tuple[str, Family, Interval], list[int]] = defaultdict(list)
    for number, (interface, router) in enumerate(routers):
        groups[interface, router.family, router.advertisement_interval].append(number)
    places: dict[int, Place] = {}
    for place, count in occupied.items():
        if place.phase is not None and (group := groups.get(place[:3])):
            joining = group[: AT_ONCE - count]
            del group[: AT_ONCE - count]
            places.update((number, place) for number in joining)
    bursts: dict[Interval, list[tuple[str, Family, list[int]]]] = defaultdict(list)
    for (interface, family, interval), members in groups.items():
        for start in range(0, len(members), AT_ONCE):
            bursts[interval].append((interface, family, members[start : start + AT_ONCE]))
    for interval, together in bursts.items():
        others = [place for place in occupied if place.interval == interval]
        alone = len(together) == len(together[0][2]) == 1 and not others
        phases = _phases(interval, len(together), {place.phase for place in others if place.phase is not None})
        for (interface, family, members), phase in zip(together, phases, strict=True):
            place = Place(interface, family, interval, None if alone else phase)
            places.update((number, place) for number in members)
    return [places[number] for number in range(len(routers))]


def _phases(interval: Interval, count: int, taken: Collection[Interval]) -> list[Interval]:
    """Where in the interval so many more bursts are sent."""
    if not taken:
        return [_between_ticks(interval, interval * turn // count, interval // count) for turn in range(count)]
    phases: list[Interval] = []
    for _ in range(count):
        known = sorted((*taken, *phases))
        gap, start = max(
            ((after - before) % interval or interval, before)
            for before, after in zip(known, (*known[1:], known[0]), strict=True)
        )
        phases.append(_between_ticks(interval, start + gap // 2, gap // 2))
    return phases


def _between_ticks(interval: Interval, at: int, room: int) -> Interval:
    """`at`, moved to where no tick is, unless bursts are so close that they would meet."""
    if room >= _TICK:
        at += _TICK // 2 - at % _TICK
    return Interval(at % interval)
