"""What the lab configures a router with."""

import json
from dataclasses import replace
from pathlib import Path

from failover.lab.network.lan import Host
from failover.lab.router import Daemon, RouterSpec
from failover.vrrp.protocol import Family
from tests.lab.keepalived import Keepalived

IPV4 = RouterSpec(addresses=("192.0.2.100/24",), priority=100)
IPV6 = RouterSpec(addresses=("fe80::51/64", "2001:db8::100/64"), interval=0.1, priority=200, preempt=False)


def host(tmp_path: Path) -> Host:
    return Host("one", 1, ("192.0.2.1/24",), tmp_path)


def test_a_specification_knows_its_family_and_its_timers() -> None:
    assert (IPV4.family, IPV6.family) == (Family.IPV4, Family.IPV6)
    assert IPV4.skew_time == 609_375_000
    assert IPV4.master_down_interval == 3_609_375_000
    assert IPV6.master_down_interval == 321_875_000


def test_our_daemon_gets_the_long_form_of_the_configuration(tmp_path: Path) -> None:
    written = Daemon(host(tmp_path), IPV4, IPV6).configuration()
    assert json.loads(json.dumps(written)) == written
    one, two = written["virtual_routers"]
    assert one["ip_addresses"] == ["192.0.2.100/24"]
    assert (two["version"], two["advert_interval"], two["preempt_mode"]) == (3, 0.1, False)
    assert one["name"] != two["name"]


def test_advertisements_come_from_the_hosts_own_address(tmp_path: Path) -> None:
    router = Daemon(host(tmp_path), IPV4, IPV6)
    assert str(router.source(IPV4)) == "192.0.2.1"
    assert str(router.source(IPV6)) == "fe80::ff:fe00:1"


def test_a_router_that_never_ran_has_said_nothing(tmp_path: Path) -> None:
    assert Daemon(host(tmp_path), IPV4).log() == ""


def test_two_interfaces_and_excluded_addresses_reach_both_configurations(tmp_path: Path) -> None:
    other = replace(IPV4, interface="eth1", excluded=("192.0.2.101/24",))
    one, two = Daemon(host(tmp_path), IPV4, other).configuration()["virtual_routers"]
    assert (one["interface_name"], two["interface_name"]) == ("eth0", "eth1")
    assert (one["excluded_ip_addresses"], two["excluded_ip_addresses"]) == ([], ["192.0.2.101/24"])
    assert one["name"] != two["name"]
    plain, with_excluded = (Keepalived(host(tmp_path), spec).configuration() for spec in (IPV4, other))
    assert "excluded" not in plain
    assert "interface eth1" in with_excluded
    assert "virtual_ipaddress_excluded {\n    192.0.2.101/24\n  }" in with_excluded
