"""Virtual MAC addresses: the interface that the daemon makes, whom it answers, and what happens to it."""

import json
import socket
import struct
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from ipaddress import IPv4Address
from typing import Any, Final

import pytest

from failover.lab.judge import who_has
from failover.lab.network.client import Client
from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from failover.vrrp.packet.checksum import checksum
from tests.engine.daemons import OurDaemon, router
from tests.rfc.marks import negative, positive

pytestmark = pytest.mark.root

LINK_LOCAL: Final = "fe80::51:1/64"
IPV4: Final = router(51, "192.0.2.100/24", virtual_mac=True)
IPV6: Final = router(51, LINK_LOCAL, "2001:db8::100/64", virtual_mac=True)
MAC4: Final = "00:00:5e:00:01:33"
MAC6: Final = "00:00:5e:00:02:33"


@pytest.fixture
def host(lan: Lan) -> Host:
    return lan.host("one", "192.0.2.11/24", "2001:db8::11/64")


@pytest.fixture
def other(lan: Lan) -> Host:
    return lan.host("two", "192.0.2.12/24", "2001:db8::12/64")


def links(host: Host) -> dict[str, dict[str, Any]]:
    """The macvlans there, as `ip` shows them, with their addresses."""
    shown = json.loads(host.run(["ip", "-j", "-d", "address", "show"]).stdout)
    return {one["ifname"]: one for one in shown if one.get("linkinfo", {}).get("info_kind") == "macvlan"}


def held(host: Host, name: str) -> list[str]:
    """The addresses of one of them, without that of the loopback."""
    found = links(host).get(name, {"addr_info": []})
    return [f"{one['local']}/{one['prefixlen']}" for one in found["addr_info"] if not one["local"].startswith("127.")]


def tables(host: Host) -> int:
    listed = json.loads(host.run(["nft", "-j", "list", "tables"]).stdout)["nftables"]
    return sum("table" in one for one in listed)


def reload(daemon: OurDaemon, *document: dict[str, Any]) -> None:
    before = daemon.log().count("reloaded")
    daemon.config.write_text(json.dumps(list(document)))
    daemon.signal(1)
    wait_until(lambda: daemon.log().count("reloaded") > before, "it is reloaded")


@positive("R-058", "R-060", "R-085", "R-087", "R-088", "R-091", "R-097")
@negative("R-058", "R-060", "R-085", "R-091", "R-097")
def test_addresses_of_both_families_are_answered_for_with_the_virtual_mac_address_alone(
    host: Host, other: Host
) -> None:
    daemon = OurDaemon(host, {**IPV4, "ip_addresses": ["192.0.2.100/24", LINK_LOCAL, "2001:db8::100/64"]})
    daemon.wait_for("MASTER")
    daemon.wait_for("MASTER", number=1)
    for address, mac in (("192.0.2.100", MAC4), ("2001:db8::100", MAC6), ("fe80::51:1", MAC6)):
        wait_until(lambda address=address, mac=mac: who_has(other, address, 0.3) == {mac}, f"{mac} has {address}")  # type: ignore[misc]
        with Client(other, address) as client:
            client.wait_for_answer()
    for number, mac, name in ((0, MAC4, "vrrp4.51"), (1, MAC6, "vrrp6.51")):
        status = daemon.router(number)
        assert (status["virtual_mac"], status["virtual_mac_interface"], status["interface"]) == (mac, name, "eth0")
    assert who_has(other, "192.0.2.11", 0.3) == {host.mac}
    assert daemon.stop() == 0
    assert links(host) == {}
    assert tables(host) == 0


@positive("R-089")
@negative("R-089")
def test_a_backup_has_nothing_on_the_interface_and_is_asked_in_vain(lan: Lan, host: Host, other: Host) -> None:
    master = OurDaemon(other, {**IPV4, "priority": 200}, {**IPV6, "priority": 200})
    master.wait_for("MASTER")
    daemon = OurDaemon(host, IPV4, IPV6)
    daemon.wait_for("BACKUP")
    daemon.wait_for("BACKUP", number=1)
    assert held(host, "vrrp4.51") == held(host, "vrrp6.51") == []
    third = lan.host("three", "192.0.2.13/24", "2001:db8::13/64")
    assert who_has(third, "192.0.2.11", 0.3) == {host.mac}
    assert who_has(third, "2001:db8::11", 0.3) == {host.mac}


def echo(of: Host, mac: str, address: str) -> bytes:
    """A frame to a MAC address with a ping for an address."""
    message = struct.pack("!BBHHH", 8, 0, 0, 7, 7)
    message = message[:2] + checksum(message).to_bytes(2) + message[4:]
    header = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(message), 0, 0, 9, 1, 0, of.ipv4.packed, IPv4Address(address).packed
    )
    header = header[:10] + checksum(header).to_bytes(2) + header[12:]
    ends = bytes.fromhex(mac.replace(":", "")) + bytes.fromhex(of.mac.replace(":", ""))
    return ends + b"\x08\x00" + header + message


def is_answered(by: str, client: Host, mac: str) -> bool:
    """Whether a ping in a frame to `mac` is answered by an address."""
    with client.enter():
        listening = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        sending = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    with closing(listening), closing(sending):
        listening.settimeout(0.3)
        sending.bind((client.interface, 0))
        sending.send(echo(client, mac, by))
        try:
            return listening.recv(100)[20] == 0
        except TimeoutError:
            return False


@positive("R-047", "R-062")
@negative("R-047", "R-062")
def test_a_backup_discards_what_is_sent_to_the_virtual_mac_address_and_a_master_does_not(
    lan: Lan, host: Host, other: Host
) -> None:
    # With its own MAC address it lets the virtual one be unknown to the switch, which then sends it to all.
    master = OurDaemon(other, router(51, "192.0.2.100/24", priority=200))
    master.wait_for("MASTER")
    host.sysctl("ipv4/ip_forward", "1")
    daemon = OurDaemon(host, IPV4)
    daemon.wait_for("BACKUP")
    third = lan.host("three", "192.0.2.13/24")
    lan.switch.ip(f"link set dev {host.label} type bridge_slave flood on")
    assert is_answered("192.0.2.11", third, host.mac)
    assert not is_answered("192.0.2.11", third, MAC4)
    assert not is_answered("192.0.2.12", third, MAC4)
    master.stop()
    daemon.wait_for("MASTER")
    assert is_answered("192.0.2.11", third, MAC4)
    assert is_answered("192.0.2.100", third, MAC4)
    assert is_answered("192.0.2.12", third, MAC4), "it is forwarded"


@negative("R-091")
def test_the_host_does_not_ask_for_others_in_the_name_of_a_virtual_address(lan: Lan, host: Host, other: Host) -> None:
    """Whoever hears a question notes where it comes from, and would note the interface's own MAC address."""
    capture = lan.capture()
    daemon = OurDaemon(host, IPV4)
    daemon.wait_for("MASTER")
    with Client(other, "192.0.2.100") as client:
        client.wait_for_answer()
        for _ in range(5):
            host.run(["ip", "neigh", "flush", "dev", "eth0"])
            client.wait_for_answer()
    told = [one for one in capture.claims(host="one") if str(one.address) == "192.0.2.100"]
    assert {one.mac for one in told} == {MAC4}
    asked = [one for one in capture.claims(host="one") if str(one.address) == "192.0.2.11"]
    assert {one.mac for one in asked} == {host.mac}


def test_what_a_killed_daemon_left_is_used_again(host: Host, other: Host) -> None:
    killed = OurDaemon(host, IPV4)
    killed.wait_for("MASTER")
    index = links(host)["vrrp4.51"]["ifindex"]
    killed.kill()
    wait_until(lambda: tables(host) == 0, "the kernel has removed the tables")
    master = OurDaemon(other, {**IPV4, "priority": 200})
    master.wait_for("MASTER")
    again = OurDaemon(host, IPV4, label="again")
    again.wait_for("BACKUP")
    wait_until(lambda: held(host, "vrrp4.51") == [], "its address has gone")
    assert links(host)["vrrp4.51"]["ifindex"] == index
    assert who_has(other, "192.0.2.100", 0.3) == frozenset()
    master.stop()
    again.wait_for("MASTER")
    assert who_has(other, "192.0.2.100", 0.3) == {MAC4}


def test_what_a_killed_daemon_left_goes_where_it_is_configured_no_more(host: Host) -> None:
    killed = OurDaemon(host, IPV4, IPV6)
    killed.wait_for("MASTER")
    killed.kill()
    again = OurDaemon(host, IPV6, label="again")
    again.wait_for("MASTER")
    assert list(links(host)) == ["vrrp6.51"]


def test_teardown_removes_what_a_killed_daemon_left_and_leaves_a_living_ones(host: Host) -> None:
    def teardown() -> str:
        command = [sys.executable, "-m", "failover", "teardown", "--config", str(killed.config)]
        return host.run([*command, "--runtime-dir", str(host.directory / "another")], check=False).stdout

    killed = OurDaemon(host, IPV4)
    killed.wait_for("MASTER")
    teardown()
    assert list(links(host)) == ["vrrp4.51"]
    killed.kill()
    assert "removed vrrp4.51" in teardown()
    assert links(host) == {}


def test_an_interface_of_somebody_elses_is_refused_by_name_until_it_goes(host: Host) -> None:
    host.ip("link add vrrp4.51 link eth0 type macvlan mode bridge", "link set vrrp4.51 alias mine")
    daemon = OurDaemon(host, IPV4)
    daemon.wait_for("INITIALIZE", "virtual_mac")
    detail = "vrrp4.51 with the virtual MAC address cannot be used on eth0: another interface has this name"
    assert daemon.router()["fault"]["detail"] == detail
    host.ip("link del vrrp4.51")
    daemon.wait_for("MASTER")
    assert daemon.stop() == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["link set vrrp4.51 down"], []),
        (["link del vrrp4.51"], []),
        (["link set eth0 down"], ["link set eth0 up"]),
        (["link set eth0 address 02:00:00:00:00:99"], []),
        (["link set eth0 mtu 1400"], []),
        (["link set eth0 down", "link set eth0 name lan0", "link set lan0 up"], ["link set lan0 name eth0"]),
    ],
    ids=["down", "deleted", "parent-down", "parent-mac", "parent-mtu", "parent-renamed"],
)
def test_it_serves_again_whatever_happens_to_it(
    host: Host, other: Host, before: Sequence[str], after: Sequence[str]
) -> None:
    daemon = OurDaemon(host, IPV4)
    daemon.wait_for("MASTER")
    host.ip(*before)
    time.sleep(0.3)
    host.ip(*after)
    wait_until(lambda: who_has(other, "192.0.2.100", 0.2) == {MAC4}, "it serves again")
    daemon.wait_for("MASTER")
    with Client(other, "192.0.2.100") as client:
        client.wait_for_answer()


def test_a_reload_takes_it_away_and_brings_it_back(host: Host, other: Host) -> None:
    plain = router(51, "192.0.2.100/24")
    daemon = OurDaemon(host, IPV4)
    daemon.wait_for("MASTER")
    reload(daemon, plain)
    daemon.wait_for("MASTER")
    assert who_has(other, "192.0.2.100", 0.3) == {host.mac}
    wait_until(lambda: links(host) == {}, "the interface has gone")
    reload(daemon, {**IPV4, "virtual_mac_interface_name": "lan51"})
    daemon.wait_for("MASTER")
    assert who_has(other, "192.0.2.100", 0.3) == {MAC4}
    assert list(links(host)) == ["lan51"]


def test_a_reload_changes_addresses_on_it(host: Host, other: Host) -> None:
    daemon = OurDaemon(host, IPV4)
    daemon.wait_for("MASTER")
    reload(daemon, {**IPV4, "ip_addresses": ["192.0.2.100/24", "192.0.2.101/24"]})
    wait_until(lambda: who_has(other, "192.0.2.101", 0.3) == {MAC4}, "the new one is served")
    assert daemon.router()["counters"]["transitions_to_master"] == 1


def test_where_reverse_paths_are_checked_strictly_it_says_what_to_set(host: Host) -> None:
    host.sysctl("ipv4/conf/all/rp_filter", "1")
    daemon = OurDaemon(host, IPV4)
    daemon.wait_for("INITIALIZE", "virtual_mac")
    assert "net.ipv4.conf.all.rp_filter is 1" in daemon.router()["fault"]["detail"]


@pytest.mark.parametrize("checked", ["0", "2"])
def test_it_works_where_reverse_paths_are_checked_loosely(host: Host, other: Host, checked: str) -> None:
    for one in (host, other):
        one.sysctl("ipv4/conf/all/rp_filter", checked)
    first = OurDaemon(host, {**IPV4, "priority": 200})
    first.wait_for("MASTER")
    second = OurDaemon(other, IPV4)
    second.wait_for("BACKUP")
    time.sleep(1)
    assert second.router()["state"] == "BACKUP"
    assert second.router()["counters"]["transitions_to_master"] == 0


def test_accept_mode_false_goes_with_it(host: Host, other: Host) -> None:
    daemon = OurDaemon(host, {**IPV4, "accept_mode": False})
    daemon.wait_for("MASTER")
    assert who_has(other, "192.0.2.100", 0.3) == {MAC4}
    assert not is_answered("192.0.2.100", other, MAC4)


def test_fifty_of_them(host: Host, other: Host) -> None:
    many = [router(number, f"192.0.2.{number + 100}/24", virtual_mac=True) for number in range(1, 51)]
    daemon = OurDaemon(host, *many)
    wait_until(lambda: daemon.router(49).get("state") == "MASTER", "all are MASTER")
    assert who_has(other, "192.0.2.150", 0.3) == {"00:00:5e:00:01:32"}
    assert daemon.stop() == 0
    assert links(host) == {}
