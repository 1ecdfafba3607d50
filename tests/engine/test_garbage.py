"""What strangers put on the wire: counted by reason, told once, and without effect."""

import socket
from typing import Any

import pytest

from failover.engine.flood.policer import ENOUGH_REFUSED
from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from failover.linux.sockets.advertisement import AdvertisementSocket
from failover.vrrp import DiscardReason, Family
from tests.engine.daemons import OurDaemon, router
from tests.engine.garbage import PACKETS, TOO_SHORT, total_length
from tests.linux.sockets.sending import send_one
from tests.rfc.marks import positive

pytestmark = pytest.mark.root

TIMES = 3
"""So that all together is not yet a flood."""
FLOOD = 5000
UNREACHABLE = {
    DiscardReason.DESTINATION: "the kernel's filter passes the group alone",
    DiscardReason.VRID: "the router is found by it",
    DiscardReason.NOT_A_PEER: "there are no unicast peers here",
    **dict.fromkeys(
        (
            DiscardReason.NOT_SIGNED,
            DiscardReason.TRAILER,
            DiscardReason.KEY,
            DiscardReason.TIME,
            DiscardReason.REPLAYED,
            DiscardReason.SIGNATURE,
        ),
        "none of these has keys: see test_signed",
    ),
}


def test_every_reason_has_a_packet_here_or_cannot_happen() -> None:
    assert {reason for _, reason in PACKETS} | UNREACHABLE.keys() == set(DiscardReason)


def test_all_together_is_no_flood() -> None:
    assert TIMES * (len(PACKETS) + len(TOO_SHORT)) < ENOUGH_REFUSED


def a_password(host: Host) -> dict[str, Any]:
    file = host.directory / "password"
    file.touch(0o600)
    file.write_text("secret")
    return {"method": "password", "password": {"file": str(file)}}


def open_socket(host: Host, family: Family) -> AdvertisementSocket:
    with host.enter():
        return AdvertisementSocket("eth0", socket.if_nametoindex("eth0"), family)


@positive("R-080", "R-081", "M-004", "M-006", "M-007", "M-008", "M-011")
def test_malformed_packets_are_counted_by_reason_told_once_and_change_nothing(lan: Lan) -> None:
    host, stranger = lan.host("one", "192.0.2.11/24"), lan.host("two", "192.0.2.12/24")
    host.sysctl("ipv4/conf/eth0/accept_local", "1")  # so that a packet from our own address reaches us
    daemon = OurDaemon(
        host,
        router(51),
        router(52, "192.0.2.101/24", version=2, advert_interval=1, check_address_list=True),
        router(53, "192.0.2.102/24", version=2, advert_interval=1, priority=255),
        router(54, "fe80::54:1/64"),
        router(55, "192.0.2.103/24", version=2, advert_interval=1, authentication=a_password(host)),
    )
    daemon.wait_for("MASTER", number=0)
    daemon.wait_for("MASTER", number=3)
    sockets = {family: open_socket(stranger, family) for family in (Family.IPV4, Family.IPV6)}
    for _ in range(TIMES):
        for (vrid, _), datagram in PACKETS.items():
            send_one(sockets[Family.IPV6 if vrid == 54 else Family.IPV4], datagram)
        for datagram in TOO_SHORT:
            send_one(sockets[Family.IPV4], total_length(datagram))
    expected: dict[int, dict[str, int]] = {}
    for vrid, reason in PACKETS:
        expected.setdefault(vrid, {})[reason.value] = TIMES
    # Of the short ones those with a VRID reach us: 2 to 8 bytes, of which 8 have a header, whose count is wrong.
    expected[51]["length"] += 7 * TIMES

    def counted() -> dict[int, dict[str, int]]:
        status = daemon.status()
        return {one["vrid"]: one["counters"]["discarded"] for one in status["virtual_routers"]} if status else {}

    try:
        wait_until(lambda: counted() == expected, "all are counted", 5)
    except TimeoutError:
        assert counted() == expected
    for one in sockets.values():
        one.close()
    assert daemon.router(0)["state"] == daemon.router(3)["state"] == "MASTER"
    assert daemon.router(0)["counters"]["transitions_to_master"] == 1
    assert daemon.router(0)["counters"]["advertisements_received"] == 0
    assert daemon.log().count("discarded an advertisement from") == len(PACKETS)
    assert daemon.stop() == 0


REFUSED_BY_THE_KERNEL = [
    DiscardReason.HOP_LIMIT,
    DiscardReason.LENGTH,
    DiscardReason.VERSION,
    DiscardReason.TYPE,
    DiscardReason.ADDRESS_COUNT,
    DiscardReason.TRAILING_BYTES,
    DiscardReason.CHECKSUM,
    DiscardReason.INTERVAL,
]


def test_a_flood_is_counted_in_part_and_its_end_noticed(lan: Lan) -> None:
    host, stranger = lan.host("one", "192.0.2.11/24"), lan.host("two", "192.0.2.12/24")
    daemon = OurDaemon(host, router(51))
    daemon.wait_for("MASTER")
    sender = open_socket(stranger, Family.IPV4)

    def discarded() -> dict[str, int]:
        counted: dict[str, int] = daemon.router()["counters"]["discarded"]
        return counted

    for number in range(FLOOD):
        send_one(sender, PACKETS[51, REFUSED_BY_THE_KERNEL[number % len(REFUSED_BY_THE_KERNEL)]])
    wait_until(lambda: sum(discarded().values()) >= ENOUGH_REFUSED, "a flood's worth is counted", 5)
    before = discarded()
    assert before.keys() == {reason.value for reason in REFUSED_BY_THE_KERNEL}

    def one_more_is_counted() -> bool:
        send_one(sender, PACKETS[51, DiscardReason.HOP_LIMIT])
        return discarded()["hop_limit"] > before["hop_limit"]

    wait_until(one_more_is_counted, "the kernel passes single packets again", 5)
    assert sum(discarded().values()) < FLOOD / 2
    sender.close()
    assert daemon.router()["counters"]["transitions_to_master"] == 1
    assert daemon.stop() == 0
