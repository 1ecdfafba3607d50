"""A MASTER that the host does not let send: it gives up its addresses to a rival that can, and comes back."""

import socket
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from failover.linux.sockets.looking.frame_socket import ALL_FRAMES
from failover.vrrp import seconds
from failover.vrrp.protocol import PROTOCOL_NUMBER
from tests.engine.daemons import OurDaemon, router
from tests.engine.test_problems import health

pytestmark = pytest.mark.root

FIREWALL = (
    "nft 'add table inet t; add chain inet t o { type filter hook output priority 0; policy drop; }'",
    "nft delete table inet t",
    "Operation not permitted",
)
NO_ROUTE = (
    "ip -6 route del ff00::/8 dev eth0 table local",
    "ip -6 route add multicast ff00::/8 dev eth0 table local",
    "Network is unreachable",
)
CASES = [
    pytest.param(FIREWALL, "192.0.2.100/24", id="firewall-ipv4"),
    pytest.param(FIREWALL, "fe80::100/64", id="firewall-ipv6"),
    pytest.param(NO_ROUTE, "fe80::100/64", id="route-ipv6"),
]
INTERVAL = 0.2
FIREWALLED = (
    "this host cannot send VRRP on eth0, so it cannot take over: Operation not permitted; most likely a firewall on"
    " this host drops outgoing VRRP (IP protocol 112)"
)


def holders(address: str, *hosts: Host) -> list[str]:
    return [host.label for host in hosts if address in {str(one) for one in host.held()}]


@pytest.mark.parametrize(("obstacle", "address"), CASES)
def test_a_master_that_cannot_send_gives_its_address_to_one_that_can_and_takes_it_back(
    lan: Lan, obstacle: tuple[str, str, str], address: str
) -> None:
    begin, end, error = obstacle
    one, two = lan.host("one", "192.0.2.11/24"), lan.host("two", "192.0.2.12/24")
    with lan.capture() as capture:
        better = OurDaemon(one, router(51, address, priority=200, advert_interval=INTERVAL))
        better.wait_for("MASTER")
        other = OurDaemon(two, router(51, address, priority=100, advert_interval=INTERVAL))
        other.wait_for("BACKUP")
        one.run(["sh", "-c", begin])
        better.wait_for("INITIALIZE", "cannot_send")
        other.wait_for("MASTER")
        wait_until(lambda: holders(address, one, two) == ["two"], "the one that can send holds the address")
        status = better.status()
        assert status is not None
        detail = status["virtual_routers"][0]["fault"]["detail"]
        assert detail == f"advertisements cannot be sent on eth0: {error}"
        one.run(["sh", "-c", end])
        better.wait_for("MASTER")
        other.wait_for("BACKUP")
        wait_until(lambda: holders(address, one, two) == ["one"], "the better one holds it again")
    assert other.router()["counters"]["discarded"] == {}, "what the first one tries with is no error"
    assert "discarded" not in other.log()
    took_over = capture.adverts(host="two")[0].at
    last = max(advert.at for advert in capture.adverts(host="one") if advert.at < took_over)
    assert took_over - last > 3 * seconds(INTERVAL), "it was not given up while others heard it"
    assert f"cannot be sent on eth0: {error}" in better.log()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("address", ["192.0.2.100/24", "fe80::100/64"], ids=["ipv4", "ipv6"])
def test_a_backup_that_could_not_send_says_so_before_it_has_to_and_the_lan_sees_nothing_of_the_test(
    lan: Lan, address: str
) -> None:
    begin, end, _ = FIREWALL
    one, two = lan.host("one", "192.0.2.11/24"), lan.host("two", "192.0.2.12/24")
    master = OurDaemon(one, router(51, address, priority=200, advert_interval=1))
    master.wait_for("MASTER")
    with two.enter():
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
        wire.bind(("eth0", ALL_FRAMES))
    two.run(["sh", "-c", begin])
    backup = OurDaemon(two, router(51, address, advert_interval=1))
    backup.wait_for("BACKUP")

    def problems() -> list[tuple[str, str]]:
        return [(problem["text"], problem["severity"]) for problem in backup.router().get("problems", [])]

    wait_until(lambda: problems() == [(FIREWALLED, "critical")], FIREWALLED, 40)
    backup.wait_for_log(FIREWALLED)
    assert health(backup)[0] == 2
    two.run(["sh", "-c", end])
    wait_until(lambda: problems() == [], "it can send", 40)
    backup.wait_for_log("this host can send VRRP on eth0 again")
    assert backup.router()["state"] == "BACKUP"
    assert backup.router()["counters"]["discarded"] == {}
    with closing(wire):
        assert PROTOCOL_NUMBER not in [frame[23] if frame[12] == 8 else frame[20] for frame in sent_by(two, wire)]


def sent_by(host: Host, wire: socket.socket) -> Iterator[bytes]:
    mac = bytes.fromhex(host.mac.replace(":", ""))
    with suppress(BlockingIOError):
        while True:
            frame = wire.recv(256)
            if frame[6:12] == mac:
                yield frame
