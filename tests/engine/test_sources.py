"""Where advertisements come from: no election is won from an address that nobody can have, and odd ones are named."""

import socket
import time
from dataclasses import replace
from ipaddress import ip_address

import pytest

from failover.frames import advertisement_datagram
from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from failover.vrrp import Address, Advertisement, Family, encode
from tests.engine.daemons import INTERVAL, OurDaemon, router
from tests.engine.garbage import V3, V6

pytestmark = pytest.mark.root

BETTER, BETTER_6 = replace(V3, priority=200), replace(V6, vrid=51, priority=200)
TIMES = 3
IMPOSSIBLE = ["0.0.0.0", "0.0.0.7", "192.0.2.255", "240.0.0.1", "192.0.2.100"]  # noqa: S104 - no binding
IMPOSSIBLE_6 = ["::", "::ffff:192.0.2.7", "::192.0.2.7", "64:ff9b::1", "fe80::", "fe80::54:1"]

_LINK_LAYER = {Family.IPV4: ("01:00:5e:00:00:12", 0x0800), Family.IPV6: ("33:33:00:00:00:12", 0x86DD)}
"""The Ethernet address of the VRRP group, and the protocol of the frame."""


@pytest.fixture
def daemon(lan: Lan) -> OurDaemon:
    host = lan.host("one", "192.0.2.11/24")
    host.sysctl("ipv4/conf/eth0/accept_local", "1")  # so that a packet from an address that a MASTER has reaches it
    daemon = OurDaemon(host, router(51, "192.0.2.100/24"), router(51, "fe80::54:1/64", name="6"))
    daemon.wait_for("MASTER", number=0)
    daemon.wait_for("MASTER", number=1)
    return daemon


@pytest.fixture
def stranger(lan: Lan) -> Host:
    return lan.host("two", "192.0.2.12/24")


def send(stranger: Host, advertisement: Advertisement, source: Address, times: int = 1) -> None:
    """As whole frames, a beat apart: the kernel would put an address of its own in the place of 0.0.0.0."""
    family = Family(source.version)
    group, kind = _LINK_LAYER[family]
    frame = bytes.fromhex((group + stranger.mac).replace(":", "")) + kind.to_bytes(2)
    frame += advertisement_datagram(source, encode(advertisement, source))
    with stranger.enter(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
        sender.bind(("eth0", 0))
        for _ in range(times):
            sender.send(frame)
            time.sleep(INTERVAL)


def counted(daemon: OurDaemon, number: int, where: str, what: str) -> int:
    found: dict[str, int] = daemon.router(number)["counters"][where]
    return found.get(what, 0)


def test_nobody_wins_an_election_from_an_address_that_no_host_can_have(daemon: OurDaemon, stranger: Host) -> None:
    for number, sources, better in ((0, IMPOSSIBLE, BETTER), (1, IMPOSSIBLE_6, BETTER_6)):
        for source in sources:
            send(stranger, better, ip_address(source), TIMES)
        wait_until(
            lambda number=number, sources=sources: (  # type: ignore[misc]
                counted(daemon, number, "discarded", "impossible_source") == TIMES * len(sources)
            ),
            f"all are counted by router {number}",
        )
        for source in sources:
            assert daemon.log().count(f"impossible source {ip_address(source)} (") == 1, source
    assert "(broadcast address of 192.0.2.0/24)" in daemon.log()
    assert [daemon.router(number)["counters"]["transitions_to_master"] for number in range(2)] == [1, 1]
    assert [daemon.router(number)["counters"]["advertisements_received"] for number in range(2)] == [0, 0]
    assert daemon.stop() == 0


@pytest.mark.parametrize(
    ("number", "better", "source"),
    [
        pytest.param(0, replace(BETTER, priority=255), "192.0.2.100", id="the owner's own address"),
        pytest.param(1, replace(BETTER_6, priority=255), "fe80::54:1", id="the owner's own address, IPv6"),
        pytest.param(0, BETTER, "192.0.2.7", id="a neighbour"),
        pytest.param(0, BETTER, "192.0.2.0", id="the lowest address of the subnet"),
        pytest.param(1, BETTER_6, "fe80::7", id="a neighbour, IPv6"),
    ],
)
def test_a_better_router_wins_from_each_address_that_it_can_have(
    daemon: OurDaemon, stranger: Host, number: int, better: Advertisement, source: str
) -> None:
    send(stranger, better, ip_address(source), 2)
    daemon.wait_for_log(f"MASTER -> BACKUP: {source} had the higher priority ({better.priority})")
    assert counted(daemon, number, "discarded", "impossible_source") == 0
    assert not any("source" in oddity for oddity in daemon.router(number)["counters"]["oddities"])


@pytest.mark.parametrize(
    ("number", "better", "source", "oddity", "words"),
    [
        (0, BETTER, "198.51.100.7", "source_off_subnet", "is in none of this host's subnets (192.0.2.0/24)"),
        (1, BETTER_6, "2001:db8::7", "source_not_link_local", "is not a link-local address"),
    ],
    ids=["ipv4", "ipv6"],
)
def test_a_better_router_with_an_odd_address_wins_and_is_named_once(
    daemon: OurDaemon, stranger: Host, number: int, better: Advertisement, source: str, oddity: str, words: str
) -> None:
    send(stranger, better, ip_address(source), 10)
    daemon.wait_for_log(f"MASTER -> BACKUP: {source} had the higher priority (200)")
    wait_until(lambda: counted(daemon, number, "oddities", oddity) == 10, "each is counted")
    assert daemon.log().count(f"{source} {words}") == 1
    # while it is heard, it is followed as any MASTER, and missed when it is silent
    daemon.wait_for("MASTER", number=number)


def test_a_subnet_that_comes_and_goes_decides_what_is_odd(daemon: OurDaemon, stranger: Host) -> None:
    source = ip_address("198.51.100.7")
    daemon.host.ip("addr add 198.51.100.11/24 dev eth0")
    wait_until(lambda: "198.51.100.11" in map(str, (a.ip for a in daemon.host.held())), "the address is there")
    time.sleep(0.5)  # for the daemon to read of it
    send(stranger, replace(BETTER, priority=1), ip_address("198.51.100.255"))
    daemon.wait_for_log("impossible source 198.51.100.255 (")
    send(stranger, replace(BETTER, priority=1), source)
    wait_until(lambda: counted(daemon, 0, "oddities", "rival_master") == 1, "it is heard")
    assert counted(daemon, 0, "oddities", "source_off_subnet") == 0
    daemon.host.ip("addr del 198.51.100.11/24 dev eth0")

    def is_odd() -> bool:
        send(stranger, replace(BETTER, priority=1), source)
        return counted(daemon, 0, "oddities", "source_off_subnet") > 0

    wait_until(is_odd, "it is odd again")
    assert daemon.router(0)["counters"]["transitions_to_master"] == 1


def test_where_the_own_address_says_nothing_of_the_subnet_no_neighbour_is_odd(lan: Lan, stranger: Host) -> None:
    daemon = OurDaemon(lan.host("one", "192.0.2.11/32"), router(51, "192.0.2.100/24"))
    daemon.wait_for("MASTER")
    send(stranger, BETTER, ip_address("192.0.2.12"), 3)
    daemon.wait_for_log("MASTER -> BACKUP: 192.0.2.12")
    assert daemon.router(0)["counters"]["oddities"] == {}
