"""Rules of the RFC that only a kernel can show kept: who answers, who accepts, what is forwarded, what is counted."""

import socket
from dataclasses import replace
from ipaddress import IPv6Address, ip_address

import pytest

from failover.lab.judge import who_has
from failover.lab.network.client import Client
from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from failover.vrrp import seconds
from tests.engine.daemons import OurDaemon, router
from tests.engine.garbage import V3, V6
from tests.engine.test_sources import send
from tests.rfc.marks import negative, positive

pytestmark = pytest.mark.root

ADDRESSES = "192.0.2.100/24", "fe80::51:1/64", "2001:db8::100/64"
WHERE = ("192.0.2.{}/24", "2001:db8::{}/64")


def host(lan: Lan, label: str, number: int) -> Host:
    return lan.host(label, *(pattern.format(number) for pattern in WHERE))


def daemon(host: Host, priority: int = 100, vrid: int = 51, *addresses: str) -> OurDaemon:
    made = OurDaemon(host, router(vrid, *(addresses or ADDRESSES), priority=priority))
    made.wait_for("BACKUP" if priority < 100 else "MASTER", number=0)
    return made


def is_answered(judge: Host, address: str, mac: str) -> bool:
    """Whether an echo request to a virtual address is, that is sent to this MAC address."""
    judge.ip(f"neigh replace {address} lladdr {mac} nud permanent dev eth0")
    with Client(judge, address, interval=0.01, patience=1) as client:
        wait_until(lambda: len(client.probes()) > 20, "it asks")
        return any(probe.answered for probe in client.probes())


@positive("R-036", "R-044", "R-045", "R-048", "R-063")
@positive("R-035", "R-058", "R-060", "R-064", "R-091", "R-097", "R-107", "S-013")
def test_the_master_alone_answers_for_its_addresses_and_accepts_what_is_sent_to_them(lan: Lan) -> None:
    one, two, judge = host(lan, "one", 11), host(lan, "two", 12), host(lan, "judge", 13)
    daemon(one)
    backup = daemon(two, 50)
    for address in (text.partition("/")[0] for text in ADDRESSES):
        wait_until(lambda address=address: who_has(judge, address) == {one.mac}, f"the MASTER answers for {address}")  # type: ignore[misc]
        assert is_answered(judge, address, one.mac)
        assert not is_answered(judge, address, two.mac)
    assert backup.router()["counters"]["transitions_to_master"] == 0


@positive("R-059")
@negative("R-059")
def test_the_master_alone_is_in_the_solicited_node_groups_of_its_addresses(lan: Lan) -> None:
    one, two = host(lan, "one", 11), host(lan, "two", 12)
    daemon(one)
    daemon(two, 50)

    def groups(of: Host) -> set[str]:
        return set(of.run(["ip", "-6", "maddr", "show", "dev", "eth0"]).stdout.split())

    base = int(IPv6Address("ff02::1:ff00:0"))
    wanted = {str(IPv6Address(base | int(ip_address(text.partition("/")[0])) & 0xFFFFFF)) for text in ADDRESSES[1:]}
    wait_until(lambda: wanted <= groups(one), "the MASTER has joined them")
    assert not wanted & groups(two)


@positive("R-105")
def test_an_unsolicited_neighbour_advertisement_is_taken_in_by_a_backup_and_by_a_master(lan: Lan) -> None:
    one, two, three = (host(lan, label, number) for number, label in enumerate(("one", "two", "three"), 11))
    third = OurDaemon(three, router(51, *ADDRESSES[1:], priority=50), router(53, "192.0.2.103/24"))
    third.wait_for("MASTER", number=1)
    OurDaemon(one, router(51, *ADDRESSES[1:])).wait_for("MASTER")
    third.wait_for("BACKUP", number=0)
    three.ip("neigh replace 2001:db8::100 lladdr 02:00:00:00:00:99 nud stale dev eth0")
    OurDaemon(two, router(51, *ADDRESSES[1:], priority=200)).wait_for("MASTER")

    def known() -> str:
        return three.run(["ip", "-6", "neigh", "show", "2001:db8::100"]).stdout

    wait_until(lambda: two.mac in known(), "it knows the new MASTER")


@positive("R-040", "R-060")
def test_hosts_see_a_router_where_the_master_forwards_and_none_where_it_does_not(lan: Lan) -> None:
    """The flag of our announcements and that of the kernel's own answers are the same, whatever it is."""
    one, client = host(lan, "one", 11), host(lan, "two", 12)
    daemon(one)

    def entry() -> str:
        return client.run(["ip", "-6", "neigh", "show", "2001:db8::100"]).stdout

    for forwards in ("1", "0", "1"):
        one.sysctl("ipv6/conf/all/forwarding", forwards)
        client.ip("neigh replace 2001:db8::100 lladdr 02:00:00:00:00:99 nud stale dev eth0")
        one.sysctl("ipv6/conf/eth0/forwarding", str(1 - int(forwards)))
        one.sysctl("ipv6/conf/eth0/forwarding", forwards)
        wait_until(lambda: one.mac in entry(), "it is announced")
        wait_until(lambda forwards=forwards: (" router" in entry()) == (forwards == "1"), "the flag is announced")  # type: ignore[misc]
        client.ip("neigh flush dev eth0")
        with Client(client, "2001:db8::100", interval=0.01, patience=1) as pings:
            wait_until(lambda: any(probe.answered for probe in pings.probes()), "it is answered")
        assert (" router" in entry()) == (forwards == "1"), "the kernel's answer says the same"


@positive("R-003", "R-004")
def test_an_advertisement_is_not_forwarded_whatever_its_hop_limit(lan: Lan) -> None:
    one, stranger = host(lan, "one", 11), host(lan, "two", 12)
    for name in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
        one.sysctl(name, "1")
    one.ip(
        "link add name beyond type veth peer name far",
        "link set dev far up",
        "link set dev beyond up",
        "addr add 198.51.100.1/24 dev beyond",
        "addr add 2001:db8:1::1/64 dev beyond nodad",
        "route add 224.0.0.0/4 dev beyond",
        "neigh add 198.51.100.9 lladdr 02:00:00:00:00:98 dev beyond",
    )
    stranger.ip("route add 198.51.100.0/24 via 192.0.2.11")
    daemon(one)
    with one.enter(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as beyond:
        beyond.bind(("beyond", 3))
        beyond.settimeout(5)
        for advertisement, source in ((V3, "192.0.2.12"), (replace(V6, vrid=51), "fe80::ff:fe00:2")):
            send(stranger, replace(advertisement, priority=1), ip_address(source), 3)
        with stranger.enter(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"last", ("198.51.100.9", 9))
        frames: list[bytes] = []
        while not frames or not frames[-1].endswith(b"last"):
            frames.append(beyond.recv(2048))
    assert not [frame for frame in frames if frame[23:24] == b"\x70" or frame[20:21] == b"\x70"]


@positive("R-062", "R-085")
def test_a_master_sends_from_the_mac_address_of_its_interface_and_forwards_what_comes_to_that(lan: Lan) -> None:
    one, client = host(lan, "one", 11), host(lan, "two", 12)
    one.sysctl("ipv4/ip_forward", "1")
    one.ip(
        "link add name beyond type veth peer name far",
        "link set dev far up",
        "link set dev beyond up",
        "addr add 198.51.100.1/24 dev beyond",
        "neigh add 198.51.100.9 lladdr 02:00:00:00:00:98 dev beyond",
    )
    client.ip("route add 198.51.100.0/24 via 192.0.2.100")
    capture = lan.capture(only=one)
    daemon(one)
    with one.enter(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as beyond:
        beyond.bind(("beyond", 3))
        beyond.settimeout(5)
        with client.enter(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"through", ("198.51.100.9", 9))
        while not beyond.recv(2048).endswith(b"through"):
            pass
    # from its first one on: IPv4 with protocol 112, IPv6 with next header 112
    adverts = [f.data for f in capture.frames() if b"\x70" in (f.data[23:24], f.data[20:21])]
    assert len(adverts) > 1
    assert {data[6:12].hex(":") for data in adverts} == {one.mac}


@positive("M-001", "M-002", "M-003", "M-005")
def test_the_counters_of_the_mib_are_there(lan: Lan) -> None:
    one, two = host(lan, "one", 11), host(lan, "two", 12)
    master = daemon(one, 100, 51, ADDRESSES[0])
    other = replace(V3, priority=1, interval=seconds(0.33), addresses=(ip_address("192.0.2.7"),))
    send(two, other, two.ipv4.ip, 3)
    send(two, replace(V3, priority=0), two.ipv4.ip, 2)

    def counters() -> dict[str, int]:
        found = master.router()["counters"]
        return {**found, **found["oddities"]}

    wait_until(lambda: counters()["priority_zero_received"] == 2, "all are counted")
    found = counters()
    assert found["advertisements_received"] == 5
    assert found["interval_mismatch"] == found["address_list_mismatch"] == 3
    assert found["transitions_to_master"] == 1
    assert found["advertisements_sent"] > 3
