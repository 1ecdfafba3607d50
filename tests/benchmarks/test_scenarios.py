"""What scenarios compute from what was seen on the wire."""

from ipaddress import ip_address

from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg

from benchmarks.address_watch import new_addresses
from benchmarks.packets import frame, message
from benchmarks.scenarios import ABOUT, ALL, addresses, false_failovers
from failover.lab.network.decode import Advert, Frame, advert
from failover.lab.router import RouterSpec

SPEC = RouterSpec(addresses=("10.0.1.1/16",), vrid=7, interval=0.1)


def said(at: int, vrid: int = 1) -> Advert:
    return Advert(at, "two", "", ip_address("10.0.0.2"), 3, vrid, 100, 1, 10, ())


def netlink(address: str, kind: int) -> bytes:
    request = ifaddrmsg()
    request["family"], request["prefixlen"], request["index"] = 2, 16, 3
    request["attrs"] = [("IFA_ADDRESS", address), ("IFA_LOCAL", address), ("IFA_LABEL", "eth0")]
    request["header"]["type"] = kind
    request.encode()
    return bytes(request.data)


def test_no_scenario_has_the_name_of_another_and_each_group_is_smoked() -> None:
    names = [scenario.name for scenario in ALL]
    assert len(set(names)) == len(names)
    assert {scenario.group for scenario in ALL if scenario.is_smoked} == {scenario.group for scenario in ALL}


def test_the_report_says_what_each_group_measures() -> None:
    assert set(ABOUT) == {scenario.group for scenario in ALL}
    assert all(ABOUT.values())


def test_each_silence_of_a_backup_that_ends_is_a_false_failover() -> None:
    apart = false_failovers.APART + 1
    assert false_failovers.failovers([]) == 0
    assert false_failovers.failovers([said(5), said(6), said(7)]) == 1
    assert false_failovers.failovers([said(5), said(6), said(6 + apart)]) == 2
    assert false_failovers.failovers([said(5, vrid=1), said(5, vrid=2)]) == 2


def test_a_burst_ends_where_nothing_follows_for_a_while() -> None:
    gap = addresses.BURST_GAP + 1
    assert addresses.first_burst_end([1, 2, 3]) == 3
    assert addresses.first_burst_end([1, 2, 2 + gap, 3 + gap]) == 2


def test_addresses_are_read_from_the_kernels_notifications() -> None:
    data = netlink("10.0.8.1", 20) + netlink("10.0.8.2", 20) + netlink("10.0.8.3", 21)
    assert new_addresses(data) == [ip_address("10.0.8.1"), ip_address("10.0.8.2")]


def test_no_two_of_many_virtual_routers_have_an_address_in_common() -> None:
    for case in addresses.CASES:
        assert len(case.all_addresses) == case.routers * case.addresses
        specs = case.specs
        assert sum(len(spec.addresses) + len(spec.excluded) for spec in specs) == len(case.all_addresses)


def test_a_scripted_advertisement_is_read_as_one() -> None:
    data = frame("02:00:00:00:00:09", "10.0.0.9", message(SPEC, "10.0.0.9", 50))
    read = advert(Frame(0, "client", data))
    assert read is not None
    assert (read.vrid, read.priority, read.interval, read.mac) == (7, 50, 100_000_000, "02:00:00:00:00:09")
    assert read.addresses == (ip_address("10.0.1.1"),)
