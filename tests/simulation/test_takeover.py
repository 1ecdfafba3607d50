"""Whole engines on simulated hosts: who is MASTER, who holds the addresses, and when that changes."""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_interface

import pytest
from msgspec.structs import replace

from failover.config import VirtualRouter
from failover.linux.netlink.rtnetlink import AddressAdded, AddressRemoved
from failover.messages import Event
from failover.vrrp import Address, Family, Instant, Interval, Master, PreferredLifetime, VirtualAddress, seconds
from tests.simulation.host import SimulatedHost
from tests.simulation.lan import Lan
from tests.simulation.router import Router
from tests.simulation.world import World

VRID = 51
FAMILIES = pytest.mark.parametrize("family", Family)
ADDRESSES: dict[Family, tuple[VirtualAddress, ...]] = {
    Family.IPV4: (ip_interface("192.0.2.100/24"),),
    Family.IPV6: (ip_interface("fe80::100/64"), ip_interface("2001:db8::100/64")),
}
LATENCY = seconds(0.0001)


@dataclass
class Pair:
    """Two hosts on a LAN, each with a router of the same virtual router."""

    world: World
    lan: Lan
    one: Router
    """Of the higher priority."""
    two: Router
    addresses: tuple[VirtualAddress, ...]
    healed: Instant

    def masters(self) -> list[str]:
        return [router.host.name for router in (self.one, self.two) if router.is_master(VRID)]

    def holders(self) -> list[set[str]]:
        """Of each address."""
        hosts = self.one.host, self.two.host
        return [{host.name for host in hosts if host.holds(address)} for address in self.addresses]

    def announced_since_healed(self) -> set[tuple[str, Address]]:
        return {(one.host, one.address) for one in self.lan.announced if one.at >= self.healed}

    def last_advert_of_one(self) -> Instant:
        return [advert.at for advert in self.lan.adverts if advert.host == "one"][-1]

    def first_advert_of_two(self, since: Instant) -> Instant:
        return next(self.lan.adverts_of("two", since)).at


def host(world: World, lan: Lan, name: str, number: int) -> SimulatedHost:
    made = SimulatedHost(world, name)
    made.connect(lan, "eth0", f"192.0.2.{number}/24")
    return made


def virtual_router(family: Family, priority: int, advert_interval: float = 1.0) -> VirtualRouter:
    return VirtualRouter(
        vrid=VRID,
        interface_name="eth0",
        ip_addresses=ADDRESSES[family],
        priority=priority,
        advert_interval=advert_interval,
    )


def elected(family: Family, advert_interval: float = 1.0) -> Pair:
    """After some time together."""
    world = World()
    lan = Lan(world)
    one = Router(host(world, lan, "one", 1), [virtual_router(family, 200, advert_interval)])
    two = Router(host(world, lan, "two", 2), [virtual_router(family, 100, advert_interval)])
    world.run_for(20 * advert_interval)
    return Pair(world, lan, one, two, ADDRESSES[family], world.now)


def only(name: str, pair: Pair) -> bool:
    """Whether that host, and no other, is MASTER and holds the addresses."""
    return pair.masters() == [name] and pair.holders() == [{name}] * len(pair.addresses)


def kinds(events: Iterable[Event]) -> list[str]:
    return [event.kind for event in events]


@FAMILIES
def test_of_two_the_one_with_the_higher_priority_is_elected_and_it_alone_holds_the_addresses(family: Family) -> None:
    pair = elected(family)
    assert only("one", pair)
    assert {advert.host for advert in pair.lan.adverts} == {"one"}
    assert pair.two.instance(VRID).counters.transitions_to_master == 0


def test_nothing_of_the_real_kernel_is_open_meanwhile() -> None:
    before = os.listdir("/proc/self/fd")  # noqa: PTH208 - numbers
    pair = elected(Family.IPV4)
    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208
    assert only("one", pair)


@FAMILIES
def test_a_backup_sleeps_while_its_master_only_repeats_itself(family: Family) -> None:
    pair = elected(family)
    before = pair.two.rounds
    heard = pair.two.instance(VRID).counters.advertisements_received
    pair.world.run_for(60)
    assert pair.two.instance(VRID).counters.advertisements_received - heard == pytest.approx(60, abs=4)
    assert pair.two.rounds - before < 60 / 2


@FAMILIES
@pytest.mark.parametrize("advert_interval", [0.01, 0.1, 1.0, 40.95])
def test_when_the_master_dies_the_other_takes_over_a_master_down_interval_after_it_heard_it_last(
    family: Family, advert_interval: float
) -> None:
    began = time.perf_counter()
    pair = elected(family, advert_interval)
    pair.world.run_for(0.3 * advert_interval)
    pair.one.host.kill()
    heard = Instant(pair.last_advert_of_one() + LATENCY)
    pair.world.run_for(10 * advert_interval)
    took = time.perf_counter() - began
    skew = 156 * seconds(advert_interval) // 256
    # To the nanosecond: in simulated time neither to wake up nor to work takes any.
    assert pair.first_advert_of_two(heard) == heard + 3 * seconds(advert_interval) + skew
    assert only("two", pair)
    announced = [one for one in pair.lan.announced if one.host == "two"]
    assert {one.address for one in announced} == {address.ip for address in pair.addresses}
    assert announced[0].at == pair.first_advert_of_two(heard)
    print(f"{advert_interval:5} s: {took * 1000:.1f} ms of real time")
    assert took < 1


@FAMILIES
def test_a_master_that_stops_in_order_hands_over_within_the_skew_time(family: Family) -> None:
    pair = elected(family)
    pair.world.run_for(0.3)
    stopped = pair.world.now
    pair.one.stop()
    assert not any(pair.one.host.holds(address) for address in pair.addresses)
    pair.world.run_for(1)
    skew = 156 * seconds(1) // 256
    assert pair.first_advert_of_two(stopped) == stopped + LATENCY + skew
    assert only("two", pair)


def healed_just_before(speaks: Router, pair: Pair) -> None:
    """Cut the cable, wait for two MASTERs, and heal it when that one is about to advertise, and the other is not."""
    pair.lan.cut("two")
    pair.world.run_for(5)
    assert pair.masters() == ["one", "two"]
    assert pair.holders() == [{"one", "two"}] * len(pair.addresses)
    state = speaks.instance(VRID).state
    assert isinstance(state, Master)
    pair.world.run(Instant(state.advertise_at - LATENCY))
    pair.lan.heal("two")
    pair.healed = pair.world.now
    pair.world.run_for(2)


@FAMILIES
def test_a_cut_cable_makes_two_masters_and_when_it_is_healed_the_loser_is_told_and_the_other_announces_again(
    family: Family,
) -> None:
    pair = elected(family)
    healed_just_before(pair.two, pair)
    assert only("one", pair)
    assert pair.announced_since_healed() == {("one", address.ip) for address in pair.addresses}


@FAMILIES
@pytest.mark.parametrize(("slow", "fast"), [(10.0, 1.0), (40.95, 1.0), (40.95, 0.1)])
def test_a_faster_rival_whose_answer_was_lost_is_answered_the_next_time(
    family: Family, slow: float, fast: float
) -> None:
    world = World()
    lan = Lan(world)
    one = Router(host(world, lan, "one", 1), [virtual_router(family, 200, slow)])
    two = Router(host(world, lan, "two", 2), [virtual_router(family, 100, fast)])
    lan.cut("two")
    world.run_for(5 * slow)
    assert one.is_master(VRID)
    assert two.is_master(VRID)
    slow_beat = one.instance(VRID).state
    assert isinstance(slow_beat, Master)
    world.run(Instant(slow_beat.advertise_at + seconds(slow / 10)))
    lan.heal("two")
    healed = world.now
    world.run_until(lambda: list(lan.adverts_of("two", healed)), fast)
    lan.loss = 1.0  # the copy of that one is under way
    world.run_until(lambda: list(lan.adverts_of("one", healed)), fast)
    lan.loss = 0.0
    lost = world.now
    world.run_until(lambda: not two.is_master(VRID), 1.5 * fast)
    assert [advert.at for advert in lan.adverts_of("one", lost)] == [lost, lost + seconds(fast)]


@FAMILIES
def test_where_the_winner_is_heard_first_the_loser_gives_up_in_silence(family: Family) -> None:
    pair = elected(family)
    healed_just_before(pair.one, pair)
    assert only("one", pair)
    # RFC 9568 §6.4.3 has it so. The winner does not learn that there was another, and has no reason to announce:
    # whoever was on the other side of the cut goes on to send to the loser until it finds out by itself.
    assert pair.announced_since_healed() == set()


@FAMILIES
def test_a_router_whose_link_goes_down_waits_in_initialize_and_comes_back_with_it(family: Family) -> None:
    pair = elected(family)
    pair.one.host.kernel.set_carrier("eth0", there=False)
    pair.world.run_for(0.1)
    instance = pair.one.instance(VRID)
    assert instance.state_label == "INITIALIZE"
    assert instance.fault is not None
    assert instance.fault.reason == "no_carrier"
    assert pair.holders() == [set()] * len(pair.addresses)
    pair.world.run_for(5)
    assert only("two", pair)
    pair.one.host.kernel.set_carrier("eth0", there=True)
    pair.world.run_for(0.1)
    assert instance.state_label == "BACKUP"
    pair.world.run_for(5)
    assert only("one", pair)


@FAMILIES
def test_what_a_killed_process_leaves_behind_the_next_one_removes(family: Family) -> None:
    pair = elected(family)
    pair.one.kill()
    pair.world.run_for(5)
    assert pair.holders() == [{"one", "two"}] * len(pair.addresses), "nobody is there to remove them"
    pair.one = Router(pair.one.host, [virtual_router(family, 50)])
    pair.world.run_for(0.1)
    assert kinds(pair.one.events) == ["leftovers_removed", "state_changed"]
    pair.world.run_for(5)
    assert only("two", pair)


@FAMILIES
def test_a_master_that_stalled_gives_way_to_the_one_that_took_over_meanwhile_and_says_nothing_before(
    family: Family,
) -> None:
    pair = elected(family)
    pair.one.stall(10)
    resumes = Instant(pair.world.now + seconds(10))
    pair.world.run_for(9)
    assert pair.holders() == [{"one", "two"}] * len(pair.addresses), "a stalled process removes nothing"
    pair.world.run_for(1.1)
    assert only("two", pair)
    assert not list(pair.lan.adverts_of("one", resumes))
    pair.world.run_for(5)
    assert only("one", pair), "it has the higher priority still"


@FAMILIES
def test_an_address_that_somebody_removes_from_the_master_comes_back(family: Family) -> None:
    pair = elected(family)
    kernel = pair.one.host.kernel
    interface = kernel.get("eth0")
    for assigned in interface.addresses:
        if assigned.address in pair.addresses:
            kernel.request(AddressRemoved(interface.ifindex, assigned))
    assert pair.holders() == [set()] * len(pair.addresses)
    pair.world.run_for(0.2)
    assert only("one", pair)
    assert "addresses_restored" in kinds(pair.one.events)


@FAMILIES
def test_lifetimes_that_somebody_gives_to_addresses_of_the_master_are_set_again_and_nobody_is_told_that_they_moved(
    family: Family,
) -> None:
    pair = elected(family)
    kernel = pair.one.host.kernel
    interface = kernel.get("eth0")
    ours = [assigned for assigned in interface.addresses if assigned.address in pair.addresses]
    expected = {PreferredLifetime.NONE if family is Family.IPV6 else PreferredLifetime.FOREVER}
    assert {assigned.lifetime for assigned in ours} == expected
    announced = len(pair.lan.announced)
    for assigned in ours:
        kernel.request(AddressAdded(interface.ifindex, replace(assigned, lifetime=None)))
    pair.world.run_for(0.2)
    assert list(kernel.get("eth0").addresses) == list(interface.addresses)
    assert len(pair.lan.announced) == announced
    assert kinds(pair.one.events)[-1] == "lifetimes_restored"
    assert "addresses_restored" not in kinds(pair.one.events)


def test_hundreds_of_addresses_are_taken_over_and_given_up_whole() -> None:
    world = World()
    lan = Lan(world)
    advertised = [ip_interface(f"192.0.2.{number}/24") for number in range(10, 210)]
    excluded = [ip_interface(f"198.51.{number // 100}.{number % 100 + 1}/24") for number in range(300)]
    hosts = [host(world, lan, name, number) for number, name in enumerate(("one", "two"), 1)]
    one, two = hosts
    for priority, where in zip((200, 100), hosts, strict=True):
        entry = VirtualRouter(
            vrid=VRID,
            interface_name="eth0",
            ip_addresses=advertised,
            excluded_ip_addresses=excluded,
            priority=priority,
        )
        Router(where, [entry])
    everything = frozenset(advertised + excluded)
    world.run_for(5)
    assert everything <= one.kernel.addresses("eth0")
    one.kernel.set_carrier("eth0", there=False)
    world.run_for(5)
    assert everything.isdisjoint(one.kernel.addresses("eth0"))
    assert everything <= two.kernel.addresses("eth0")
    one.kernel.set_carrier("eth0", there=True)
    world.run_for(5)
    assert everything <= one.kernel.addresses("eth0")
    assert everything.isdisjoint(two.kernel.addresses("eth0"))


def test_both_families_of_one_entry_are_elected_and_taken_over_together() -> None:
    world = World()
    lan = Lan(world)
    addresses = ADDRESSES[Family.IPV4] + ADDRESSES[Family.IPV6]
    routers = [
        Router(
            host(world, lan, name, number),
            [VirtualRouter(vrid=VRID, interface_name="eth0", ip_addresses=addresses, priority=100 * number)],
        )
        for number, name in enumerate(("low", "high"), 1)
    ]
    low, high = routers
    world.run_for(10)
    assert all(high.host.holds(address) and not low.host.holds(address) for address in addresses)
    high.host.kill()
    world.run_for(5)
    assert all(low.host.holds(address) for address in addresses)
    took_over = {advert.family: advert.at for advert in reversed(lan.adverts) if advert.host == "low"}
    assert abs(took_over[Family.IPV4] - took_over[Family.IPV6]) <= Interval(seconds(0.5)), "beats of half an interval"
