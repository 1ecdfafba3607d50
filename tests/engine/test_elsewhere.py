"""Another host that has a virtual address as well is named, whatever its VRID, and a hand-over is no such thing."""

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from typing import Any

import pytest

from failover.lab.network.capture import Capture
from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from failover.lab.router import RouterSpec
from tests.engine.daemons import ENVIRONMENT, OurDaemon, router
from tests.lab.keepalived import Keepalived

pytestmark = [pytest.mark.root, pytest.mark.timeout(240)]

V4, V6 = "192.0.2.100/24", "fe80::51:1/64"
GLOBAL = "2001:db8::100/64"
LATEST = 75
"""Seconds: a look comes each ten seconds or so, and two are needed; a busy machine may take longer."""
families = pytest.mark.parametrize("addresses", [(V4,), (V6, GLOBAL)], ids=["ipv4", "ipv6"])


def elsewhere(daemon: OurDaemon, number: int = 0) -> dict[str, dict[str, Any]]:
    """The problems of this kind, by the MAC address of the other host."""
    found = daemon.router(number).get("problems", [])
    return {problem["source"]: problem for problem in found if problem["what"] == "address_elsewhere"}


def is_told(daemon: OurDaemon, mac: str, *addresses: str) -> bool:
    """Whether that host is told to have all of these."""
    text = elsewhere(daemon).get(mac, {}).get("text", "")
    return bool(text) and all(address.split("/")[0] in text for address in addresses)


def questions(capture: Capture, host: Host) -> list[bytes]:
    """ARP probes and neighbour solicitations for virtual addresses that a host has sent."""
    wanted = {ip_address(address.split("/")[0]).packed for address in (V4, V6, GLOBAL)}
    frames = [frame.data for frame in capture.frames() if frame.host == host.label]
    arp = [data for data in frames if data[12:14] == b"\x08\x06" and data[28:32] == bytes(4)]
    ndp = [data for data in frames if data[12:14] == b"\x86\xdd" and data[20] == 58 and data[54] == 135]
    return [data for data in arp if data[38:42] in wanted] + [data for data in ndp if data[62:78] in wanted]


def has_asked(capture: Capture, host: Host, often: int) -> bool:
    return len(questions(capture, host)) >= often


@pytest.fixture
def hosts(lan: Lan) -> tuple[Host, Host]:
    return lan.host("one", "192.0.2.11/24"), lan.host("two", "192.0.2.12/24")


@families
def test_an_address_that_another_host_has_configured_is_told_until_it_is_gone(
    hosts: tuple[Host, Host], addresses: tuple[str, ...]
) -> None:
    here, there = hosts
    for address in addresses:
        there.ip(f"addr add {address} dev eth0" + (" nodad" if ":" in address else ""))
    daemon = OurDaemon(here, router(51, *addresses))
    daemon.wait_for("MASTER")
    wait_until(partial(is_told, daemon, there.mac, *addresses), "it is told", LATEST)
    problem = elsewhere(daemon)[there.mac]
    assert problem["severity"] == "critical"
    assert problem["count"] >= 2
    assert f"another host, {there.mac}, answers for" in problem["text"]
    assert problem["since"] < problem["last_heard"]
    assert daemon.router()["counters"]["address_elsewhere"] >= 2
    daemon.wait_for_log(problem["text"])
    command = [sys.executable, "-m", "failover", "health", "--runtime-dir", str(daemon.runtime)]
    said = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=30, check=False)
    assert said.returncode == 2
    assert there.mac in said.stdout
    for address in addresses:
        there.ip(f"addr del {address} dev eth0")
    wait_until(lambda: not elsewhere(daemon), "it is over", LATEST)
    daemon.wait_for_log(f"another host, {there.mac}, no longer answers for")
    assert daemon.router()["state"] == "MASTER"


def answers_as_virtual_router(host: Host) -> Callable[[], object]:
    """The address on a virtual MAC address, as keepalived has it with `use_vmac`."""
    host.run(["sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1"])
    host.ip("link add vrrp.52 link eth0 address 00:00:5e:00:01:34 type macvlan mode bridge")
    host.ip(f"addr add {V4} dev vrrp.52", "link set vrrp.52 up")
    return lambda: host.ip("link del vrrp.52")


def test_a_virtual_mac_address_is_told_by_its_vrid(hosts: tuple[Host, Host]) -> None:
    end = answers_as_virtual_router(hosts[1])
    daemon = OurDaemon(hosts[0], router(51, V4))
    daemon.wait_for("MASTER")
    wait_until(partial(is_told, daemon, "00:00:5e:00:01:34", V4), "it is told", LATEST)
    text = elsewhere(daemon)["00:00:5e:00:01:34"]["text"]
    assert text.startswith("virtual router 52 of another host (00:00:5e:00:01:34) answers for 192.0.2.100 on eth0")
    end()
    wait_until(lambda: not elsewhere(daemon), "it is over", LATEST)


@families
def test_both_tell_of_a_vrid_that_is_mistyped_on_one(hosts: tuple[Host, Host], addresses: tuple[str, ...]) -> None:
    one, two = (OurDaemon(host, router(vrid, *addresses)) for host, vrid in zip(hosts, (51, 52), strict=True))
    for daemon in (one, two):
        daemon.wait_for("MASTER")
    for here, there in ((one, two), (two, one)):
        wait_until(partial(is_told, here, there.host.mac, *addresses), "it is told", LATEST)
    two.kill()  # its address stays where it was
    wait_until(lambda: elsewhere(one)[two.host.mac]["count"] > 4, "it is told as long as it answers", LATEST)
    two.host.ip("addr flush dev eth0")
    wait_until(lambda: not elsewhere(one), "it is over", LATEST)


@pytest.mark.peer
def test_keepalived_with_another_vrid_is_told(hosts: tuple[Host, Host]) -> None:
    peer = Keepalived(hosts[1], RouterSpec(vrid=52, addresses=(V4,)))
    peer.start()
    daemon = OurDaemon(hosts[0], router(51, V4))
    daemon.wait_for("MASTER")
    wait_until(partial(is_told, daemon, hosts[1].mac, V4), "it is told", LATEST)
    peer.stop()
    wait_until(lambda: not elsewhere(daemon), "it is over", LATEST)


def test_hand_overs_are_not_told_and_a_backup_asks_for_nothing(lan: Lan, hosts: tuple[Host, Host]) -> None:
    routers = router(51, V4), router(61, V6, GLOBAL)
    with lan.capture() as capture:
        one = OurDaemon(hosts[0], *routers)
        wait_until(partial(has_asked, capture, hosts[0], 3), "the first MASTER has asked", LATEST)
        two = OurDaemon(hosts[1], *({**one, "priority": 200} for one in routers))
        for number in (0, 1):
            two.wait_for("MASTER", number=number)
            one.wait_for("BACKUP", number=number)
        asked = len(questions(capture, hosts[0]))
        wait_until(partial(has_asked, capture, hosts[1], 3), "the second one has asked", LATEST)
        assert len(questions(capture, hosts[0])) == asked, "a BACKUP asks for nothing"
        assert not any(elsewhere(daemon, number) for daemon in (one, two) for number in (0, 1))
        assert two.stop() == 0
        wait_until(partial(has_asked, capture, hosts[0], asked + 3), "the first one has asked again", LATEST)
        assert not any(elsewhere(one, number) for number in (0, 1))
        assert "answers for" not in one.log() + two.log()
        assert one.router()["counters"]["address_elsewhere"] == 0
