"""Which routers advertise together, and when in their interval: groups small enough for every receiver, spread evenly.

Pure. A burst of `AT_ONCE` is what one system call sends, and far from filling a receiver's default socket buffer.

The kernel's own timers, on all CPUs, expire at whole milliseconds of the clock that beats are counted by (its tick is
1, 4 or 10 ms long), and the work they begin comes first. So a beat comes between two of them. Measured beside two
processes that take all CPU they get: 1 of 50 wake-ups that met a tick was 4 ms late, and 1 of 1000 that did not.
"""

from collections import defaultdict
from collections.abc import Sequence
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


def assign_beats(routers: Sequence[tuple[str, VirtualRouter]]) -> list[Place]:
    """A place for each router, given with its interface's name."""
    groups: dict[tuple[str, Family, Interval], list[int]] = defaultdict(list)
    for number, (interface, router) in enumerate(routers):
        groups[interface, router.family, router.advertisement_interval].append(number)
    bursts: dict[Interval, list[tuple[str, Family, list[int]]]] = defaultdict(list)
    for (interface, family, interval), members in groups.items():
        for start in range(0, len(members), AT_ONCE):
            bursts[interval].append((interface, family, members[start : start + AT_ONCE]))
    places: dict[int, Place] = {}
    for interval, together in bursts.items():
        for turn, (interface, family, members) in enumerate(together):
            alone = len(together) == len(members) == 1
            phase = None if alone else _phase(interval, turn, len(together))
            places.update((number, Place(interface, family, interval, phase)) for number in members)
    return [places[number] for number in range(len(routers))]


def _phase(interval: Interval, turn: int, bursts: int) -> Interval:
    """Where in the interval one of its bursts is sent."""
    spread = interval * turn // bursts
    if interval >= bursts * _TICK:
        spread += _TICK // 2 - spread % _TICK
    return Interval(spread)
