"""Which routers advertise together, and when in their interval: groups small enough for every receiver, spread evenly.

Pure. A burst of `AT_ONCE` is what one system call sends, and far from filling a receiver's default socket buffer.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from failover.linux.outbox import AT_ONCE
from failover.vrrp import Family, Interval, VirtualRouter


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
            phase = None if alone else Interval(interval * turn // len(together))
            places.update((number, Place(interface, family, interval, phase)) for number in members)
    return [places[number] for number in range(len(routers))]
