"""Which routers advertise together, and when in their interval: groups small enough for every receiver, spread evenly.

Pure. A burst is what one system call sends, and fits into a receiver's default socket buffer (212,992 bytes) even where
each packet takes 2304 bytes of that: what one of up to 1500 bytes takes on a veth cable (a short one takes 832), and a
short one with many a network card. Measured with 50 routers at 0.1 s and 1000 at 1 s, an advertisement costs the sender
12 and 10 us in groups of 64, 17 and 14 in groups of 32: what is cold in a wake-up is paid half as often.

The kernel's own timers, on all CPUs, expire at whole milliseconds of the clock that beats are counted by (its tick is
1, 4 or 10 ms long), and the work they begin comes first. So a beat comes between two of them. Measured beside two
processes that take all CPU they get: 1 of 50 wake-ups that met a tick was 4 ms late, and 1 of 1000 that did not.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from failover.linux.sockets.outbox import AT_ONCE
from failover.vrrp import Family, Interval, VirtualRouter

_TICK: Final = 1_000_000
"""Nanoseconds: every tick of the kernel's clock begins at a multiple."""
_ORDINARY: Final = 1500
"""Bytes of a packet that takes 2304 bytes of a receiver's buffer; a larger one takes 4352, from 3700 bytes on 8448."""


class Place(NamedTuple):
    """Where a router is in its interval, and with whom: those with the same place have one beat."""

    interface: str
    family: Family
    interval: Interval
    phase: Interval | None
    """None where no other router has this interval: there is nothing to be in step with."""


def weight(router: VirtualRouter) -> int:
    """How many packets it sends at a beat, where a large one counts as several; a burst has room for `AT_ONCE`."""
    packets = (1 + router.with_version_2) * (len(router.scope.peers) or 1)
    return min(AT_ONCE, packets * (1 + len(router.addresses) * len(router.primary_address.packed) // _ORDINARY))


def assign_beats(
    routers: Sequence[tuple[str, VirtualRouter]], occupied: Mapping[Place, int] = MappingProxyType({})
) -> list[Place]:
    """A place for each router, given with its interface's name.

    `occupied`: the places of routers that run already, which keep them, and what these weigh at each. Where there is
    room others join them; new bursts fall into the widest gaps.
    """
    weights = [weight(router) for _, router in routers]
    groups: dict[tuple[str, Family, Interval], deque[int]] = defaultdict(deque)
    for number, (interface, router) in enumerate(routers):
        groups[interface, router.family, router.advertisement_interval].append(number)
    places: dict[int, Place] = {}
    for place, taken in occupied.items():
        if place.phase is not None and (group := groups.get(place[:3])):
            places.update((number, place) for number in _fill(AT_ONCE - taken, group, weights))
    bursts: dict[Interval, list[tuple[str, Family, list[int]]]] = defaultdict(list)
    for (interface, family, interval), group in groups.items():
        while group:
            bursts[interval].append((interface, family, _fill(AT_ONCE, group, weights)))
    for interval, together in bursts.items():
        others = [place for place in occupied if place.interval == interval]
        alone = len(together) == len(together[0][2]) == 1 and not others
        phases = _phases(interval, len(together), {place.phase for place in others if place.phase is not None})
        for (interface, family, members), phase in zip(together, phases, strict=True):
            place = Place(interface, family, interval, None if alone else phase)
            places.update((number, place) for number in members)
    return [places[number] for number in range(len(routers))]


def needs_another(before: VirtualRouter, after: VirtualRouter) -> bool:
    """Whether a router that becomes `after` has to leave its place."""
    return before.advertisement_interval != after.advertisement_interval or weight(before) != weight(after)


def _fill(room: int, waiting: deque[int], weights: Sequence[int]) -> list[int]:
    """Take the first of those that wait, as many as there is room for."""
    taken: list[int] = []
    while waiting and weights[waiting[0]] <= room:
        room -= weights[waiting[0]]
        taken.append(waiting.popleft())
    return taken


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
