"""Addresses come and go by requests, and whoever follows them learns of it when he reads."""

from errno import EADDRNOTAVAIL, ENODEV
from ipaddress import ip_interface

from failover.linux.netlink.addresses import prepare_add, prepare_remove
from tests.simulation.host import SimulatedHost
from tests.simulation.kernel import SimulatedInterfaces, SimulatedNetlink
from tests.simulation.lan import Lan
from tests.simulation.loop import SimulatedLoop
from tests.simulation.world import World

INDEX = 2
OWN = ip_interface("192.0.2.1/24")
VIRTUAL = (ip_interface("192.0.2.100/24"), ip_interface("2001:db8::1/64"))


def a_host() -> SimulatedHost:
    world = World()
    host = SimulatedHost(world, "host")
    host.connect(Lan(world), "eth0", str(OWN))
    return host


def followed(host: SimulatedHost) -> SimulatedInterfaces:
    return SimulatedInterfaces(host.kernel, SimulatedLoop(host.world))


def known(interfaces: SimulatedInterfaces) -> set[object]:
    interface = interfaces.get("eth0")
    return {assigned.address for assigned in interface.addresses} if interface else set()


def test_what_is_added_is_there_with_our_tag_and_what_is_removed_is_not() -> None:
    host = a_host()
    netlink = SimulatedNetlink(host.kernel)
    before = host.kernel.addresses("eth0")
    assert netlink.apply(prepare_add(INDEX, VIRTUAL)) == ()
    assert host.kernel.addresses("eth0") == before | set(VIRTUAL)
    tagged = {assigned.address for assigned in host.kernel.get("eth0").addresses if assigned.is_tagged}
    assert tagged == set(VIRTUAL)
    assert netlink.apply(prepare_remove(INDEX, VIRTUAL)) == ()
    assert host.kernel.addresses("eth0") == before


def test_what_is_so_already_is_refused_by_the_numbers_of_its_requests() -> None:
    netlink = SimulatedNetlink(a_host().kernel)
    adding, removing = prepare_add(INDEX, (OWN, *VIRTUAL), 10), prepare_remove(INDEX, VIRTUAL, 20)
    (added,), (removed,) = netlink.carry_out(adding.datagrams), netlink.carry_out((*removing.datagrams,))
    assert (added, removed) == ([], [])
    (again,) = netlink.carry_out(removing.datagrams)
    assert [(one.sequence, one.errno) for one in again] == [(20, EADDRNOTAVAIL), (21, EADDRNOTAVAIL)]
    (elsewhere,) = netlink.carry_out(prepare_add(INDEX + 1, VIRTUAL).datagrams)
    assert {one.errno for one in elsewhere} == {ENODEV}


def test_news_wait_until_they_are_read_and_an_interface_without_any_is_the_same_object() -> None:
    host = a_host()
    interfaces = followed(host)
    before = interfaces.get("eth0")
    SimulatedNetlink(host.kernel).apply(prepare_add(INDEX, VIRTUAL))
    assert interfaces.get("eth0") is before
    assert not interfaces.read()
    assert known(interfaces) == host.kernel.addresses("eth0")
    assert interfaces.get("eth0") is interfaces.get("eth0")


def test_what_was_overlooked_is_in_the_list_that_follows() -> None:
    host = a_host()
    interfaces = followed(host)
    interfaces.overlook_addresses()
    SimulatedNetlink(host.kernel).apply(prepare_add(INDEX, VIRTUAL))
    assert not interfaces.read()
    assert interfaces.is_outdated
    assert not known(interfaces) & set(VIRTUAL)
    interfaces.catch_up()
    assert interfaces.read()
    assert not interfaces.is_outdated
    assert known(interfaces) == host.kernel.addresses("eth0")


def test_a_carrier_that_goes_takes_no_address_along() -> None:
    host = a_host()
    before = host.kernel.get("eth0")
    host.kernel.set_carrier("eth0", there=False)
    after = host.kernel.get("eth0")
    assert (after.up, after.running) == (True, False)
    assert after.addresses == before.addresses
