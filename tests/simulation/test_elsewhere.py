"""Another host that has a virtual address as well: when it is told, and that no hand-over ever is."""

from ipaddress import ip_interface

from msgspec.structs import replace

from failover.linux.netlink.rtnetlink import SCOPE_GLOBAL, AddressAdded, AddressRemoved, AssignedAddress
from failover.vrrp import Family
from tests.simulation.host import SimulatedHost
from tests.simulation.lan import Lan
from tests.simulation.router import Router
from tests.simulation.test_takeover import ADDRESSES, FAMILIES, VRID, Pair, elected, host, virtual_router
from tests.simulation.world import World

LOOK = 11.5
"""Seconds: between two looks, and a moment for the answers."""
MINUTE = 70


def third(pair: Pair) -> SimulatedHost:
    """A host that runs no daemon."""
    return host(pair.world, pair.lan, "three", 3)


def assign(one: SimulatedHost, family: Family, *, there: bool = True) -> None:
    for address in ADDRESSES[family]:
        change = AddressAdded if there else AddressRemoved
        one.kernel.change(change(one.kernel.get("eth0").ifindex, AssignedAddress(address, 0, SCOPE_GLOBAL, 0)))


def told(router: Router) -> list[tuple[str, str]]:
    kinds = ("address_elsewhere", "address_elsewhere_over")
    return [(event.kind, str(event.fields["mac"])) for event in router.events if event.kind in kinds]


def problems(router: Router) -> list[str]:
    found = [problem for problem in router.instance(VRID).status().problems if problem.what == "address_elsewhere"]
    return [problem.source for problem in found]


def mac(one: SimulatedHost) -> str:
    return one.kernel.get("eth0").mac.hex(":")


@FAMILIES
def test_an_address_that_another_host_has_is_told_at_the_second_look_until_it_has_it_no_more(family: Family) -> None:
    pair = elected(family)
    stranger = third(pair)
    assign(stranger, family)
    pair.world.run_until(lambda: problems(pair.one), MINUTE + LOOK)
    pair.world.run_for(0.1)
    assert told(pair.one) == [("address_elsewhere", mac(stranger))]
    assert problems(pair.one) == [mac(stranger)]
    counted = pair.one.instance(VRID).counters.address_elsewhere
    assert counted == 2
    pair.world.run_for(5 * MINUTE)
    assert 4 <= len(told(pair.one)) <= 7, "once a minute"
    event = next(event for event in pair.one.events if event.kind == "address_elsewhere")
    assert event.fields["addresses"] == ", ".join(sorted(str(address.ip) for address in ADDRESSES[family]))
    assign(stranger, family, there=False)
    pair.world.run_for(LOOK)
    assert told(pair.one)[-1] == ("address_elsewhere_over", mac(stranger))
    assert problems(pair.one) == []
    assert told(pair.two) == []


def test_what_is_found_once_is_not_told() -> None:
    pair = elected(Family.IPV4)
    stranger = third(pair)
    assign(stranger, Family.IPV4)
    instance = pair.one.instance(VRID)
    pair.world.run_until(lambda: instance.counters.address_elsewhere, MINUTE + LOOK)
    assign(stranger, Family.IPV4, there=False)
    pair.world.run_for(2 * MINUTE)
    assert instance.counters.address_elsewhere == 1
    assert told(pair.one) == []


@FAMILIES
def test_two_that_do_not_hear_each_other_for_their_vrids_tell_of_each_other(family: Family) -> None:
    pair = elected(family)
    other = Router(third(pair), [replace(virtual_router(family, 100), vrid=52)])
    pair.world.run_for(MINUTE + 2 * LOOK)
    assert problems(pair.one) == [mac(other.host)]
    status = other.instance(52).status()
    assert [problem.source for problem in status.problems] == [mac(pair.one.host)]


@FAMILIES
def test_hand_overs_are_never_told_whenever_they_come(family: Family) -> None:
    pair = elected(family)
    for number in range(60):
        pair.world.run_for(3.7 + number * 0.31)
        pair.one.reconfigure([virtual_router(family, 50 if number % 2 == 0 else 200)])
    assert len([event for event in pair.one.events if event.kind == "state_changed"]) > 50
    assert told(pair.one) == told(pair.two) == []


def test_who_is_no_master_any_more_has_no_such_problem() -> None:
    pair = elected(Family.IPV4)
    assign(third(pair), Family.IPV4)
    pair.world.run_until(lambda: problems(pair.one), MINUTE + LOOK)
    pair.one.reconfigure([virtual_router(Family.IPV4, 50)])
    pair.world.run_until(lambda: pair.two.is_master(VRID), 5)
    pair.world.run_for(LOOK)
    assert problems(pair.one) == []
    pair.world.run_for(LOOK)
    assert problems(pair.two)


def test_another_interface_of_this_host_on_the_same_link_is_not_another_host() -> None:
    pair = elected(Family.IPV4)
    pair.one.host.connect(pair.lan, "eth1")
    nic = pair.one.host.nic(pair.one.host.kernel.get("eth1").ifindex)
    mine = pair.one.host.kernel.get("eth1").mac
    nic.answers = lambda _: mine  # as Linux does where arp_ignore is 0
    pair.world.run_for(2 * MINUTE)
    assert pair.one.instance(VRID).counters.address_elsewhere == 0
    assert told(pair.one) == []


def test_many_addresses_are_all_asked_for_and_no_more_than_32_at_once() -> None:
    world = World()
    lan = Lan(world)
    stranger = host(world, lan, "three", 3)
    asked: list[int] = []
    nic = stranger.nic(stranger.kernel.get("eth0").ifindex)
    addresses = tuple(ip_interface(f"192.0.2.{number}/24") for number in range(100, 200))

    def count(address: object) -> None:
        if asked and asked[-1] == world.now:
            counts[-1] += 1
        else:
            counts.append(1)
        asked.append(world.now)
        seen.add(address)

    counts: list[int] = []
    seen: set[object] = set()
    nic.answers = count
    many = [replace(virtual_router(Family.IPV4, 200), ip_addresses=addresses)]
    Router(host(world, lan, "one", 1), many)
    world.run_for(60)
    assert seen == {address.ip for address in addresses}
    assert max(counts) <= 32
