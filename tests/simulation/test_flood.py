"""A flood of good advertisements: how few of them are heard, and that all else happens when it would without it."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from itertools import cycle

import pytest

from failover.frames import advertisement_datagram
from failover.vrrp import Address, Advertisement, ChecksumForm, Family, Instant, Version, encode, seconds
from tests.simulation.lan import Lan, Nic
from tests.simulation.router import Router
from tests.simulation.test_takeover import ADDRESSES, FAMILIES, LATENCY, VRID, Pair, elected
from tests.simulation.world import World

RATE = 6000
STRANGER: dict[Family, Address] = {Family.IPV4: ip_address("192.0.2.77"), Family.IPV6: ip_address("fe80::77")}
INTERVALS = pytest.mark.parametrize("interval", [0.01, 0.2])
EARLY = seconds(0.01)
"""By which what is left of a flood may make its last packet seem older."""


def good(family: Family, interval: float, priority: int = 210) -> Advertisement:
    return Advertisement(
        version=Version.V3,
        vrid=VRID,
        priority=priority,
        interval=seconds(interval),
        addresses=tuple(address.ip for address in ADDRESSES[family]),
        checksum=ChecksumForm.PSEUDO_HEADER if family is Family.IPV6 else ChecksumForm.MESSAGE,
    )


def datagram(advertisement: Advertisement, source: Address) -> bytes:
    return advertisement_datagram(source, encode(advertisement, source))


class Stranger:
    """Floods the LAN."""

    def __init__(self, world: World, lan: Lan, *datagrams: bytes) -> None:
        self.world = world
        self.nic: Nic = lan.plug("stranger", lambda: True)
        self.last = world.now
        self._next: Iterator[bytes] = cycle(datagrams)
        self._until = world.now

    def flood(self, duration: float) -> None:
        """From now on, so many seconds; returns at once."""
        self._until = Instant(self.world.now + seconds(duration))
        self._send()

    def _send(self) -> None:
        if self.world.now < self._until:
            self.last = self.world.now
            self.nic.advertise(next(self._next))
            self.world.at(Instant(self.world.now + seconds(1) // RATE), self._send)


def heard(router: Router) -> int:
    return router.instance(VRID).counters.advertisements_received


def a_pair(family: Family, interval: float) -> Pair:
    """Whose BACKUP has heard its MASTER for so long that it sleeps through that."""
    pair = elected(family, interval)
    pair.world.run_for(3)
    return pair


@FAMILIES
@INTERVALS
@pytest.mark.parametrize("priorities", [(210,), (210, 220, 230)], ids=["of one kind", "of three kinds"])
def test_of_a_flood_a_sample_is_heard_and_when_it_ends_all_is_in_time(
    family: Family, interval: float, priorities: tuple[int, ...]
) -> None:
    pair = a_pair(family, interval)
    source = STRANGER[family]
    packets = [datagram(good(family, interval, priority), source) for priority in priorities]
    stranger = Stranger(pair.world, pair.lan, *packets)
    pair.one.host.kill()
    before, rounds = heard(pair.two), pair.two.rounds
    stranger.flood(1)
    pair.world.run_for(1)
    assert heard(pair.two) - before < 1000, "and what came before it was found to be a flood"
    assert pair.two.rounds - rounds < 1000
    assert pair.two.instance(VRID).state_label == "BACKUP"
    down = 3 * seconds(interval) + 156 * seconds(interval) // 256
    pair.world.run_for(8 * interval)
    took_over = pair.first_advert_of_two(stranger.last) - (stranger.last + LATENCY + down)
    print(f"{took_over / 1e6:.3f} ms after its time")
    assert -EARLY <= took_over <= 0
    assert pair.two.is_master(VRID)


@FAMILIES
@INTERVALS
def test_within_a_flood_a_resignation_and_other_senders_are_heard_at_once(family: Family, interval: float) -> None:
    pair = a_pair(family, interval)
    stranger = Stranger(pair.world, pair.lan, datagram(good(family, interval), STRANGER[family]))
    stranger.flood(1)
    pair.world.run_for(0.5)
    counters = pair.two.instance(VRID).counters
    other = ip_address("192.0.2.99") if family is Family.IPV4 else ip_address("fe80::99")
    for count in range(1, 6):
        stranger.nic.advertise(datagram(good(family, interval, 0), STRANGER[family]))
        pair.world.run_for(0.05)
        assert counters.priority_zero_received == count
    told = len(pair.two.events)
    odd = replace(good(family, interval, 220), addresses=(STRANGER[family],))
    stranger.nic.advertise(datagram(odd, other))
    pair.world.run_for(0.05)
    odd_sources = [event.fields["source"] for event in pair.two.events[told:] if event.kind == "oddity"]
    assert odd_sources == [str(other)]


@FAMILIES
@INTERVALS
@pytest.mark.parametrize("duration", [0.05, 0.5])
def test_a_flood_in_the_name_of_the_master_costs_it_nothing_when_it_ends(
    family: Family, interval: float, duration: float
) -> None:
    pair = a_pair(family, interval)
    source = pair.one.instance(VRID).router.primary_address
    stranger = Stranger(pair.world, pair.lan, datagram(good(family, interval, 200), source))
    for _ in range(2):
        stranger.flood(duration)
        pair.world.run_for(duration + 1)
        assert pair.masters() == ["one"]
    assert pair.two.instance(VRID).counters.transitions_to_master == 0
    # and it is missed as soon as ever, when it dies
    pair.one.host.kill()
    last = pair.last_advert_of_one()
    pair.world.run_for(8 * interval)
    down = 3 * seconds(interval) + 156 * seconds(interval) // 256
    assert pair.first_advert_of_two(last) == last + LATENCY + down


@FAMILIES
def test_a_flood_of_resignations_is_sampled_as_well(family: Family) -> None:
    pair = a_pair(family, 0.1)
    stranger = Stranger(pair.world, pair.lan, datagram(good(family, 0.1, 0), STRANGER[family]))
    for router in (pair.one, pair.two):
        before = heard(router)
        stranger.flood(1)
        pair.world.run_for(1)
        assert heard(router) - before < 1000
    pair.world.run_for(1)
    assert pair.masters() == ["one"]


@FAMILIES
@INTERVALS
def test_a_flood_in_the_name_of_the_master_that_holds_off_nothing_does_not_hide_it(
    family: Family, interval: float
) -> None:
    pair = a_pair(family, interval)
    source = pair.one.instance(VRID).router.primary_address
    copies = datagram(good(family, interval, 200), source)
    forgeries = copies[:-1] + bytes((copies[-1] ^ 1,))
    losing = datagram(good(family, interval, 1), source)
    for flood in (losing, copies, forgeries, copies, losing):
        stranger = Stranger(pair.world, pair.lan, flood)
        stranger.flood(0.3)
        pair.world.run_for(0.3)
        assert pair.two.instance(VRID).counters.transitions_to_master == 0
    pair.world.run_for(2)
    assert pair.masters() == ["one"]
    assert pair.two.instance(VRID).counters.transitions_to_master == 0
