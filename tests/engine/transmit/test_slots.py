"""Who advertises with whom, and when."""

from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.engine.transmit.slots import Place, assign_beats, needs_another, weight
from failover.linux.sockets.outbox import AT_ONCE
from failover.vrrp import Family, Interval, VirtualRouter, seconds
from tests.vrrp.making import a_router, virtual_addresses

TICK = 1_000_000
INTERVALS = [seconds(0.01), seconds(0.03), seconds(1)]
MANY = virtual_addresses(*(f"fe80::{n:x}/64" for n in range(255)))
"""Addresses for a packet of 4 KB."""
SHAPES = [
    a_router(),
    a_router(with_version_2=True),
    a_router(Family.IPV6),
    a_router(Family.IPV6, addresses=MANY[:100]),
    a_router(Family.IPV6, addresses=MANY),
]
"""They weigh 1, 2, 1, 2 and 3."""
KINDS = st.tuples(st.sampled_from(["eth0", "eth1"]), st.sampled_from(SHAPES), st.sampled_from(INTERVALS))
ROUTERS = st.lists(st.tuples(KINDS, st.integers(1, 80)), max_size=8).map(
    lambda groups: [
        (name, replace(router, advertisement_interval=interval))
        for (name, router, interval), n in groups
        for _ in range(n)
    ]
)
"""A few groups, some of them large."""

Routers = list[tuple[str, VirtualRouter]]


def together(places: list[Place]) -> Counter[Place]:
    """How many there are at each."""
    return Counter(places)


def loads(routers: Routers, places: list[Place]) -> Counter[Place]:
    """What those at each weigh."""
    carried = Counter[Place]()
    for (_, router), place in zip(routers, places, strict=True):
        carried[place] += weight(router)
    return carried


@given(ROUTERS)
def test_every_router_has_a_place_on_its_interface_with_its_family_and_interval(routers: Routers) -> None:
    places = assign_beats(routers)
    assert [place[:3] for place in places] == [
        (name, router.family, router.advertisement_interval) for name, router in routers
    ]


@given(ROUTERS)
def test_no_group_is_larger_than_a_burst_and_none_more_than_it_takes(routers: Routers) -> None:
    places = assign_beats(routers)
    carried = loads(routers, places)
    assert max(carried.values(), default=0) <= AT_ONCE
    groups: dict[tuple[str, Family, Interval], list[Place]] = defaultdict(list)
    for place in carried:
        groups[place[:3]].append(place)
    for group in groups.values():
        for place, later in pairwise(group):
            # who begins the next one did not fit
            assert carried[place] + weight(routers[places.index(later)][1]) > AT_ONCE


@given(ROUTERS)
def test_the_bursts_of_an_interval_are_spread_evenly_over_it(routers: Routers) -> None:
    """Those of all interfaces and families: they share the host, and the bursts of a group share the receivers."""
    phases: dict[Interval, list[Interval]] = defaultdict(list)
    for place in together(assign_beats(routers)):
        if place.phase is not None:
            phases[place.interval].append(place.phase)
    for interval, found in phases.items():
        even = interval / len(found)
        assert 0 <= min(found) < TICK
        assert max(found) < interval
        assert all(abs(later - earlier - even) <= TICK for earlier, later in pairwise(sorted(found)))


@given(ROUTERS)
def test_a_beat_comes_halfway_between_two_ticks_where_there_is_room(routers: Routers) -> None:
    places = together(assign_beats(routers))
    bursts = Counter(place.interval for place in places)
    for place in places:
        if place.phase is not None and bursts[place.interval] * TICK <= place.interval:
            assert place.phase % TICK == TICK / 2


@given(ROUTERS)
def test_a_router_alone_with_its_interval_keeps_its_own_time_and_no_other(routers: Routers) -> None:
    alone = Counter(router.advertisement_interval for _, router in routers)
    for place in assign_beats(routers):
        assert (place.phase is None) == (alone[place.interval] == 1)


@given(ROUTERS)
def test_the_same_routers_have_the_same_places_each_time(routers: Routers) -> None:
    assert assign_beats(routers) == assign_beats(list(routers))


def test_two_hundred_routers_make_four_bursts() -> None:
    places = assign_beats([("eth0", a_router())] * 200)
    assert list(together(places).items()) == [
        (Place("eth0", Family.IPV4, seconds(1), Interval(turn * seconds(0.25) + TICK // 2)), size)
        for turn, size in enumerate((64, 64, 64, 8))
    ]


def test_two_families_on_an_interface_take_turns() -> None:
    four, six = assign_beats([("eth0", a_router(family)) for family in (Family.IPV4, Family.IPV6)])
    assert (four.phase, six.phase) == (TICK // 2, seconds(0.5) + TICK // 2)


def test_more_bursts_than_ticks_are_spread_all_the_same() -> None:
    places = together(assign_beats([("eth0", a_router(advertisement_interval=seconds(0.01)))] * 1280))
    assert [place.phase for place in places] == [turn * seconds(0.0005) for turn in range(20)]


@given(ROUTERS, ROUTERS)
def test_those_that_run_keep_their_places_and_others_fill_the_bursts_up(before: Routers, after: Routers) -> None:
    old = assign_beats(before)
    occupied = loads(before, old)
    places = assign_beats(after, occupied)
    assert [place[:3] for place in places] == [
        (name, router.family, router.advertisement_interval) for name, router in after
    ]
    carried = occupied + loads(after, places)
    assert max(carried.values(), default=0) <= AT_ONCE
    opened = {place[:3] for place in set(places) - occupied.keys()}
    for place in occupied:
        if place.phase is not None and place[:3] in opened:
            assert carried[place] > AT_ONCE - max(map(weight, SHAPES)), "there was no room for the next one"
    crowd = together(old) + together(places)
    for place in set(places) - occupied.keys():
        others = {one for one in crowd if one.interval == place.interval} - {place}
        assert (place.phase is None) == (not others and crowd[place] == 1)


@given(ROUTERS, ROUTERS)
def test_a_new_burst_falls_into_the_widest_gap(before: Routers, after: Routers) -> None:
    occupied = loads(before, assign_beats(before))
    crowd = occupied + loads(after, assign_beats(after, occupied))
    for interval in INTERVALS:
        phases = sorted(place.phase for place in crowd if place.interval == interval and place.phase is not None)
        assert len(set(phases)) == len(phases)
        if interval < len(phases) * 4 * TICK:
            continue
        gaps = [(later - earlier) % interval for earlier, later in pairwise([*phases, phases[0] if phases else 0])]
        # each halves the widest: none is narrower than a quarter of the widest, but for what ticks move them
        assert len(phases) < 2 or min(gaps) >= max(gaps) / 4 - 2 * TICK


@pytest.mark.parametrize(
    ("router", "heavy"),
    [
        (a_router(), 1),
        (a_router(with_version_2=True), 2),
        (a_router(addresses=virtual_addresses(*(f"198.51.100.{n}/24" for n in range(255)))), 1),
        *((a_router(Family.IPV6, addresses=MANY[:count]), heavy) for count, heavy in ((93, 1), (94, 2), (188, 3))),
    ],
)
def test_a_router_weighs_as_much_as_its_packets(router: VirtualRouter, heavy: int) -> None:
    assert weight(router) == heavy


def test_a_router_leaves_its_place_for_another_interval_or_weight_alone() -> None:
    before = a_router(Family.IPV6, addresses=MANY[:93])
    assert not needs_another(before, replace(before, addresses=MANY[:92], priority=7, preempt_mode=False))
    assert needs_another(before, replace(before, addresses=MANY[:94]))
    assert needs_another(before, replace(before, advertisement_interval=seconds(2)))
