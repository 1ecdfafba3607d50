"""Interfaces that are missing, go down, lose their carrier or their address: INITIALIZE with the reason, and back."""

import errno
import fcntl
import os
import signal
import struct
import time
from typing import Any

import pytest

from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from tests.engine.daemons import OurDaemon, router

pytestmark = pytest.mark.root


def holds(host: Host, address: str = "192.0.2.100/24") -> bool:
    return address in {str(one) for one in host.held()}


def make_eth1(host: Host, *more: str) -> None:
    """An interface with a carrier and an address, both ends here."""
    host.ip(
        "link add eth1 type veth peer name eth1peer",
        "link set eth1peer up",
        "link set eth1 up",
        "addr add 198.51.100.11/24 dev eth1",
        *more,
    )


def test_an_interface_may_come_later_go_and_come_again_as_another_one(lan: Lan, host: Host) -> None:
    daemon = OurDaemon(host, router(51, "198.51.100.100/24", interface_name="eth1"))
    daemon.wait_for("INITIALIZE", "interface_missing")
    make_eth1(host)
    daemon.wait_for("MASTER")
    assert holds(host, "198.51.100.100/24")
    host.ip("link del eth1")
    daemon.wait_for("INITIALIZE", "interface_missing")
    host.ip("link add spare type veth peer name sparepeer")
    make_eth1(host)
    daemon.wait_for("MASTER")
    assert holds(host, "198.51.100.100/24")
    assert daemon.stop() == 0
    assert not holds(host, "198.51.100.100/24")


def test_an_interface_replaced_at_once_gets_its_address_again(lan: Lan, host: Host) -> None:
    make_eth1(host)
    daemon = OurDaemon(host, router(51, "198.51.100.100/24", interface_name="eth1"))
    daemon.wait_for("MASTER")
    daemon.signal(signal.SIGSTOP)  # both in one reading
    host.ip("link del eth1")
    make_eth1(host)
    daemon.signal(signal.SIGCONT)
    wait_until(lambda: holds(host, "198.51.100.100/24"), "the address is on the new interface")
    daemon.wait_for("MASTER")
    assert daemon.stop() == 0
    assert not holds(host, "198.51.100.100/24")


def test_a_renamed_interface_is_another_one_and_loses_the_address(lan: Lan, host: Host) -> None:
    make_eth1(host)
    daemon = OurDaemon(host, router(51, "198.51.100.100/24", interface_name="eth1"))
    daemon.wait_for("MASTER")
    host.ip("link set eth1 down", "link set eth1 name eth9", "link set eth9 up")
    daemon.wait_for("INITIALIZE", "interface_missing")
    assert not holds(host, "198.51.100.100/24")
    host.ip("link set eth9 down", "link set eth9 name eth1", "link set eth1 up")
    daemon.wait_for("MASTER")


SECOND = router(52, "198.51.101.100/24", interface_name="eth2")


@pytest.mark.parametrize("also", [[], [SECOND]], ids=["one has a router", "both have"])
def test_interfaces_that_swap_names_at_once_take_no_address_along(lan: Lan, host: Host, also: list[Any]) -> None:
    eth2 = ("link add eth2 type veth peer name eth2peer", "link set eth2peer up", "link set eth2 up")
    make_eth1(host, *eth2, "addr add 198.51.101.11/24 dev eth2")
    one = router(51, "198.51.100.100/24", "fe80::51:1/64", interface_name="eth1")
    daemon = OurDaemon(host, one, *also)
    for number in range(2 + len(also)):
        daemon.wait_for("MASTER", number=number)
    daemon.signal(signal.SIGSTOP)  # all in one reading
    host.ip(
        *("link set eth1 down", "link set eth2 down", "link set eth1 name spare", "link set eth2 name eth1"),
        *("link set spare name eth2", "link set eth1 up", "link set eth2 up"),
    )
    daemon.signal(signal.SIGCONT)

    def each_is_where_it_should_be() -> bool:
        there = [host.run(["ip", "addr", "show", "dev", name]).stdout for name in ("eth1", "eth2")]
        return [("100.100/" in one, "101.100/" in one, "fe80::51:1/" in one) for one in there] == [
            (True, False, True),
            (False, bool(also), False),
        ]

    wait_until(each_is_where_it_should_be, "each address is on the interface of its name, and on no other")
    assert daemon.stop() == 0
    left = host.run(["ip", "addr"]).stdout
    assert not any(address in left for address in ("198.51.100.100/", "198.51.101.100/", "fe80::51:1/"))


@pytest.mark.parametrize("name", ["lo", "back"])
def test_a_loopback_has_no_master_whatever_it_is_called(host: Host, name: str) -> None:
    if name != "lo":
        host.ip("link set lo down", f"link set lo name {name}")
    host.ip(f"addr add 198.51.100.11/24 dev {name}", f"addr add fe80::9/64 dev {name}", f"link set {name} up")
    daemon = OurDaemon(host, router(51, "198.51.100.100/24", "fe80::51:1/64", interface_name=name))
    for number in range(2):
        daemon.wait_for("INITIALIZE", "loopback", number)
    daemon.wait_for_log(f"{name} is the loopback, which no other host can reach", count=2)
    assert not holds(host, "198.51.100.100/24")
    assert daemon.stop() == 0


def test_an_altname_is_named_as_what_it_is_whenever_it_comes(host: Host) -> None:
    daemon = OurDaemon(host, router(51, interface_name="uplink"))
    daemon.wait_for("INITIALIZE", "interface_missing")
    assert daemon.router()["fault"]["detail"] == "interface uplink does not exist"
    host.ip("link property add dev eth0 altname uplink")
    detail = "interface uplink does not exist; that is an altname of eth0: write eth0"
    wait_until(lambda: daemon.router()["fault"]["detail"] == detail, "it says so")
    host.ip("link property del dev eth0 altname uplink")
    wait_until(lambda: daemon.router()["fault"]["detail"] != detail, "it is none any more")
    again = OurDaemon(host, router(52, "192.0.2.101/24", interface_name="ETH0"), label="again")
    again.wait_for_log("interface ETH0 does not exist; write eth0")


def test_administratively_down(lan: Lan, host: Host) -> None:
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    host.ip("link set eth0 down")
    daemon.wait_for("INITIALIZE", "interface_down")
    assert "192.0.2.100" not in host.run(["ip", "-4", "addr", "show", "dev", "eth0"]).stdout
    host.ip("link set eth0 up")
    daemon.wait_for("MASTER")
    assert holds(host)


def test_a_port_of_a_bridge_hears_nobody_and_does_not_become_master_beside_the_master(lan: Lan, host: Host) -> None:
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    host.ip("link add br9 type bridge", "link set eth0 master br9")
    daemon.wait_for("INITIALIZE", "port")
    assert daemon.router()["fault"]["detail"].startswith("eth0 is a port of a bridge")
    assert not holds(host)
    host.ip("link set eth0 nomaster")
    daemon.wait_for("MASTER")


def test_a_port_of_a_bridge_may_be_one_at_the_start_and_the_bridge_itself_is_fine(lan: Lan, host: Host) -> None:
    host.ip("link add br9 type bridge", "link set br9 up", "address add 192.0.2.31/24 dev br9")
    host.ip("link set eth0 master br9")
    daemon = OurDaemon(host, router(51), router(52, "192.0.2.101/24", interface_name="br9"))
    daemon.wait_for("INITIALIZE", "port")
    daemon.wait_for("MASTER", number=1)
    host.ip("link set eth0 nomaster")
    daemon.wait_for("MASTER")


def test_carrier_lost(lan: Lan, host: Host) -> None:
    capture = lan.capture()
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    lan.cut(host)
    daemon.wait_for("INITIALIZE", "no_carrier")
    assert not holds(host)
    lan.restore(host)
    back = time.time_ns()
    daemon.wait_for("MASTER")
    wait_until(lambda: capture.adverts(since=back), "adverts on the restored cable")
    assert "fault cleared (was: eth0 has no carrier)" in daemon.log()


def test_no_source_address(lan: Lan, host: Host) -> None:
    host.ip("addr del 192.0.2.11/24 dev eth0")
    daemon = OurDaemon(host, router())
    daemon.wait_for("INITIALIZE", "no_source_address")
    host.ip("addr add 192.0.2.11/24 dev eth0")
    daemon.wait_for("MASTER")
    host.ip("addr del 192.0.2.11/24 dev eth0")
    daemon.wait_for("INITIALIZE", "no_source_address")
    assert not holds(host)


def test_the_hosts_only_address_is_not_taken_because_a_router_lists_it(lan: Lan, host: Host) -> None:
    daemon = OurDaemon(host, router(51, "192.0.2.11/24"))
    daemon.wait_for("INITIALIZE", "no_source_address")
    assert holds(host, "192.0.2.11/24")
    assert "192.0.2.11 is configured as a virtual address" in daemon.router()["fault"]["detail"]
    host.ip("addr add 198.51.100.12/24 dev eth0")
    daemon.wait_for("MASTER")
    assert daemon.stop() == 0
    assert not holds(host, "192.0.2.11/24")


def test_flushing_the_interface_is_a_fault_and_no_crash(lan: Lan, host: Host) -> None:
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    host.run(["ip", "addr", "flush", "dev", "eth0"])
    daemon.wait_for("INITIALIZE", "no_source_address")
    host.ip("addr add 192.0.2.11/24 dev eth0")
    daemon.wait_for("MASTER")
    assert daemon.stop() == 0


def test_advertisements_come_from_the_new_source_address_when_it_changes(lan: Lan, host: Host) -> None:
    capture = lan.capture()
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    host.ip("addr add 203.0.113.11/24 dev eth0", "addr del 192.0.2.11/24 dev eth0")
    wait_until(lambda: str(capture.adverts()[-1].source) == "203.0.113.11", "adverts from the new address")
    # It was a secondary address of the one that went, and is the primary now.
    assert holds(host)
    assert "by another program; restored" not in daemon.log()
    wait_until(lambda: daemon.router()["master"] == "203.0.113.11", "status says so")
    assert daemon.router()["state"] == "MASTER"
    assert daemon.router()["counters"]["transitions_to_master"] == 1


def test_a_new_mac_address_is_announced(lan: Lan, host: Host) -> None:
    capture = lan.capture()
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    host.ip("link set eth0 address 02:00:00:00:00:77")
    wait_until(
        lambda: any(
            claim.mac == "02:00:00:00:00:77" and str(claim.address) == "192.0.2.100" and claim.is_gratuitous
            for claim in capture.claims()
        ),
        "the virtual address is announced at the new MAC address",
        2,  # without a reason of its own it would be repeated after 5 s
    )


def test_an_mtu_that_advertisements_do_not_fit_is_a_fault(lan: Lan, host: Host) -> None:
    host.ip("link set eth0 mtu 1280")
    addresses = ["fe80::51:1/64", *(f"2001:db8::{n:x}/64" for n in range(1, 80))]
    daemon = OurDaemon(host, router(51, *addresses))
    daemon.wait_for("INITIALIZE", "mtu_too_small")
    assert "an advertisement has 1328 bytes, the MTU of eth0 is 1280" in daemon.router()["fault"]["detail"]
    host.ip("link set eth0 mtu 1500")
    daemon.wait_for("MASTER")
    host.ip("link set eth0 mtu 1280")
    daemon.wait_for("INITIALIZE", "mtu_too_small")
    assert not holds(host, "2001:db8::1/64")


def test_an_mtu_that_took_the_family_off_the_interface_for_a_while_does_not_make_it_deaf(lan: Lan, host: Host) -> None:
    """The kernel drops the group's membership with the family; a daemon that did not join again would hear nobody."""
    peer = OurDaemon(lan.host("two", "192.0.2.12/24"), router(51, "fe80::51:1/64", priority=200))
    peer.wait_for("MASTER")
    daemon = OurDaemon(host, router(51, "fe80::51:1/64"))
    daemon.wait_for("BACKUP")
    host.ip("link set eth0 mtu 1200")
    daemon.wait_for("INITIALIZE", "no_source_address")
    heard = daemon.router()["counters"]["advertisements_received"]
    host.ip("link set eth0 mtu 1500")
    wait_until(lambda: daemon.router()["counters"]["advertisements_received"] > heard, "it hears the MASTER again")
    daemon.wait_for("BACKUP")
    assert daemon.router()["counters"]["transitions_to_master"] == 0


def test_one_family_that_cannot_join_its_group_does_not_stop_the_other(lan: Lan, host: Host) -> None:
    host.sysctl("ipv4/igmp_max_memberships", "0")
    daemon = OurDaemon(host, router(51, "192.0.2.100/24", "fe80::51:1/64"))
    daemon.wait_for("MASTER", number=1)
    daemon.wait_for("INITIALIZE", "socket_refused", number=0)
    assert "joining 224.0.0.18: No buffer space available" in daemon.router(0)["fault"]["detail"]
    host.sysctl("ipv4/igmp_max_memberships", "20")
    host.ip("link set eth0 mtu 1400")  # any change makes it try again
    daemon.wait_for("MASTER", number=0)
    assert daemon.router(1)["counters"]["transitions_to_master"] == 1


def test_an_interface_that_is_not_ethernet_is_a_fault(lan: Lan, host: Host) -> None:
    """A tunnel has no MAC address to announce, and no use for VRRP."""
    with host.enter():
        try:
            tunnel = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
            fcntl.ioctl(tunnel, 0x400454CA, struct.pack("16sH14x", b"tun0", 0x1001))  # TUNSETIFF, IFF_TUN | IFF_NO_PI
        except OSError as error:
            pytest.skip(f"no tunnels on this host: {os.strerror(error.errno or errno.ENODEV)}")
    try:
        host.ip("link set tun0 up", "addr add 198.51.100.11/24 dev tun0")
        daemon = OurDaemon(host, router(51, "198.51.100.100/24", interface_name="tun0"), router(52))
        daemon.wait_for("INITIALIZE", "not_ethernet")
        daemon.wait_for("MASTER", number=1)
        assert daemon.stop() == 0
    finally:
        os.close(tunnel)
