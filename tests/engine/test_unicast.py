"""Advertisements to peers one by one, to another group, and from an address of choice: on real sockets."""

import socket
from ipaddress import ip_address
from typing import Any

import pytest

from failover.frames import advertisement_datagram
from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from failover.vrrp import Advertisement, ChecksumForm, encode, seconds
from failover.vrrp.protocol import Version
from tests.engine.daemons import OurDaemon, router
from tests.engine.test_reload import reload

pytestmark = pytest.mark.root

ADDRESSES = {4: ("192.0.2.100/24",), 6: ("fe80::51:1/64", "2001:db8::100/64")}
PEERS = {4: ["192.0.2.11", "192.0.2.12", "192.0.2.13"], 6: ["2001:db8::11", "2001:db8::12", "2001:db8::13"]}
BOTH = pytest.mark.parametrize("family", [4, 6])


def host(lan: Lan, label: str, number: int) -> Host:
    return lan.host(label, f"192.0.2.{number}/24", f"2001:db8::{number}/64")


def unicast(family: int, priority: int = 100, **settings: Any) -> dict[str, Any]:
    return router(51, *ADDRESSES[family], priority=priority, **{"unicast_peers": PEERS[family], **settings})


def destinations(daemon: OurDaemon) -> Any:
    return daemon.router().get("destinations")


@BOTH
def test_peers_elect_one_master_and_nothing_is_multicast(lan: Lan, family: int) -> None:
    one, two = host(lan, "one", 11), host(lan, "two", 12)
    capture = lan.capture()
    first, second = OurDaemon(one, unicast(family, 200)), OurDaemon(two, unicast(family))
    first.wait_for("MASTER")
    second.wait_for("BACKUP")
    wait_until(lambda: second.router().get("master") == PEERS[family][0], "the BACKUP follows it")
    assert destinations(first) == PEERS[family][1:]
    assert destinations(second) == [PEERS[family][0], PEERS[family][2]]
    assert first.router()["source"] == PEERS[family][0]
    at, size = (30, 4) if family == 4 else (38, 16)
    sent = [frame.data for frame in capture.frames() if b"\x70" in (frame.data[23:24], frame.data[20:21])]
    assert {str(ip_address(data[at : at + size])) for data in sent} <= set(PEERS[family])
    assert second.router()["counters"]["discarded"] == {}
    groups = one.run(["ip", "maddr", "show", "dev", "eth0"]).stdout
    assert "224.0.0.18" not in groups
    assert "ff02::12" not in groups
    first.stop()
    second.wait_for("MASTER")


@BOTH
def test_a_stranger_costs_nothing_and_a_peer_beyond_its_hop_limit_is_named(lan: Lan, family: int) -> None:
    one, two = host(lan, "one", 11), host(lan, "two", 12)
    daemon = OurDaemon(one, unicast(family, 200))
    daemon.wait_for("MASTER")
    sent = Advertisement(
        version=Version.V3,
        vrid=51,
        priority=254,
        interval=seconds(0.05),
        addresses=tuple(ip_address(text.partition("/")[0]) for text in ADDRESSES[family]),
        checksum=ChecksumForm.PSEUDO_HEADER,
    )
    ours = ip_address(PEERS[family][0])
    for source, hop_limit in (("192.0.2.99" if family == 4 else "2001:db8::99", 255), (PEERS[family][1], 254)):
        here = ip_address(source)
        forged = advertisement_datagram(here, encode(sent, here, ours), ours, hop_limit)
        raw(two, family, forged, str(ours))
    reason = "hop_limit"
    wait_until(lambda: reason in daemon.router()["counters"]["discarded"], "the peer's is discarded")
    assert daemon.router()["counters"]["discarded"] == {reason: 1}
    assert daemon.router()["state"] == "MASTER"


def raw(sender: Host, family: int, datagram: bytes, to: str) -> None:
    """Send a datagram with its IP header as it is."""
    domain = socket.AF_INET if family == 4 else socket.AF_INET6
    with sender.enter(), socket.socket(domain, socket.SOCK_RAW, socket.IPPROTO_RAW) as opened:
        opened.sendto(datagram, (to, 0))


def test_a_peer_is_added_by_a_reload_without_an_outage(lan: Lan) -> None:
    one, two, three = host(lan, "one", 11), host(lan, "two", 12), host(lan, "three", 13)
    first = OurDaemon(one, unicast(4, 200, unicast_peers=PEERS[4][:2]))
    first.wait_for("MASTER")
    second = OurDaemon(two, unicast(4, 100, unicast_peers=PEERS[4][:2]))
    second.wait_for("BACKUP")
    third = OurDaemon(three, unicast(4, 50))
    third.wait_for("MASTER")  # nobody speaks to it
    for daemon, priority in ((first, 200), (second, 100)):
        assert reload(daemon, unicast(4, priority))["changed"]
    third.wait_for("BACKUP")
    assert destinations(first) == PEERS[4][1:]
    assert first.router()["counters"]["transitions_to_master"] == 1
    assert second.router()["counters"]["transitions_to_master"] == 0


def test_a_peer_that_cannot_be_sent_to_keeps_no_other_from_hearing(lan: Lan) -> None:
    one, two = host(lan, "one", 11), host(lan, "two", 12)
    one.ip("route add unreachable 2001:db8:9::9/128")
    daemon = OurDaemon(one, unicast(6, 200, unicast_peers=["2001:db8:9::9", *PEERS[6]]))
    other = OurDaemon(two, unicast(6, unicast_peers=["2001:db8:9::9", *PEERS[6]]))
    daemon.wait_for("MASTER")
    daemon.wait_for_log("could not send an advertisement to 2001:db8:9::9: ")
    other.wait_for("BACKUP")
    wait_until(lambda: other.router().get("master") == PEERS[6][0], "the other follows")
    assert daemon.router()["state"] == "MASTER"
    assert daemon.router()["send_error"] is None


def test_only_ourselves_as_peer_or_no_such_source_are_faults_until_they_are_mended(lan: Lan) -> None:
    one = host(lan, "one", 11)
    daemon = OurDaemon(one, unicast(4, unicast_peers=PEERS[4][:1]))
    daemon.wait_for("INITIALIZE", "no_peers")
    reload(daemon, unicast(4, source_address="192.0.2.21"))
    daemon.wait_for("INITIALIZE", "no_source_address")
    one.ip("addr add 192.0.2.21/24 dev eth0")
    daemon.wait_for("MASTER")
    assert daemon.router()["source"] == "192.0.2.21"
    one.ip("addr del 192.0.2.21/24 dev eth0")
    daemon.wait_for("INITIALIZE", "no_source_address")
    reload(daemon, router(51, *ADDRESSES[4]))
    daemon.wait_for("MASTER")
    assert (daemon.router()["source"], destinations(daemon)) == ("192.0.2.11", ["224.0.0.18"])


@BOTH
def test_a_reload_brings_peers_and_a_source_to_who_had_none(lan: Lan, family: int) -> None:
    one, two = host(lan, "one", 11), host(lan, "two", 12)
    first = OurDaemon(one, router(51, *ADDRESSES[family], priority=200))
    first.wait_for("MASTER")
    second = OurDaemon(two, unicast(family))
    second.wait_for("MASTER")
    assert reload(first, unicast(family, 200))["changed"]
    second.wait_for("BACKUP")
    assert first.router()["source"] == PEERS[family][0]
    other = "192.0.2.21" if family == 4 else "2001:db8::21"
    one.ip(f"addr add {other}/{24 if family == 4 else 64} dev eth0{' nodad' * (family == 6)}")
    reload(second, unicast(family, unicast_peers=[other]))
    reload(first, unicast(family, 200, source_address=other))
    wait_until(lambda: first.router().get("source") == other, "it sends from there")
    wait_until(lambda: second.router().get("master") == other, "and is followed")
    assert reload(first, router(51, *ADDRESSES[family], priority=200))["changed"]
    wait_until(lambda: destinations(first) == ["224.0.0.18" if family == 4 else "ff02::12"], "to the group again")
    assert first.router()["counters"]["transitions_to_master"] == 1


@BOTH
def test_another_group_is_a_world_of_its_own_and_a_reload_moves_into_it(lan: Lan, family: int) -> None:
    one, two = host(lan, "one", 11), host(lan, "two", 12)
    group = "224.0.0.99" if family == 4 else "ff02::99"
    there = {"multicast_group": group}
    first = OurDaemon(one, router(51, *ADDRESSES[family], priority=200, **there))
    second = OurDaemon(two, router(51, *ADDRESSES[family]))
    first.wait_for("MASTER")
    second.wait_for("MASTER")
    assert reload(second, router(51, *ADDRESSES[family], **there))["changed"]
    second.wait_for("BACKUP")
    assert destinations(second) == [group]
    groups = two.run(["ip", "maddr", "show", "dev", "eth0"]).stdout
    assert group in groups
    assert ("224.0.0.18" if family == 4 else "ff02::12") not in groups
    assert first.router()["counters"]["transitions_to_master"] == 1


def test_group_and_peers_on_one_interface_do_not_disturb_each_other(lan: Lan) -> None:
    one, two = host(lan, "one", 11), host(lan, "two", 12)
    routers = [router(52, "192.0.2.101/24"), router(53, "192.0.2.102/24", multicast_group="224.0.0.99")]
    first = OurDaemon(one, unicast(4, 200), *(entry | {"priority": 200} for entry in routers))
    second = OurDaemon(two, unicast(4), *routers)
    for number in range(3):
        first.wait_for("MASTER", number=number)
        second.wait_for("BACKUP", number=number)
    assert [second.router(number)["counters"]["discarded"] for number in range(3)] == [{}, {}, {}]
