"""What strangers put on the wire: counted by reason, told once, and without effect."""

import socket
import struct
from dataclasses import replace
from ipaddress import ip_address

import pytest

from failover.engine.flood import ENOUGH
from failover.frames import advertisement_datagram
from failover.lab.lan import Host, Lan
from failover.lab.waiting import wait_until
from failover.linux.sockets import AdvertisementSocket
from failover.vrrp import Address, Advertisement, ChecksumForm, DiscardReason, Family, Version, encode, seconds
from failover.vrrp.checksum import checksum
from tests.engine.daemons import INTERVAL, OurDaemon, router

pytestmark = pytest.mark.root

TIMES = 4
"""So that all together is not yet a flood."""
FLOOD = 5000
PEER, PEER_6 = ip_address("192.0.2.12"), ip_address("fe80::ff:fe00:2")
OURS = ip_address("192.0.2.11")

V3 = Advertisement(
    version=Version.V3,
    vrid=51,
    priority=90,
    interval=seconds(INTERVAL),
    addresses=(ip_address("192.0.2.100"),),
)
V2 = replace(V3, version=Version.V2, vrid=52, interval=seconds(1), addresses=(ip_address("192.0.2.101"),))
V6 = replace(V3, vrid=54, addresses=(ip_address("fe80::54:1"),), checksum=ChecksumForm.PSEUDO_HEADER)


def patched(advertisement: Advertisement, source: Address, *patches: tuple[int, int], cut: int = 0) -> bytes:
    """The datagram with bytes of its message replaced, shortened, and a checksum that is right again."""
    message = bytearray(encode(advertisement, source))
    for offset, value in patches:
        message[offset] = value
    if cut:
        del message[-cut:]
    message[6:8] = bytes(2)
    message[6:8] = checksum(bytes(message)).to_bytes(2)
    return advertisement_datagram(source, bytes(message))


def with_hop_limit(datagram: bytes, value: int) -> bytes:
    header = bytearray(datagram[:20])
    header[8] = value
    header[10:12] = bytes(2)
    header[10:12] = checksum(bytes(header)).to_bytes(2)
    return bytes(header) + datagram[20:]


def plain(advertisement: Advertisement, source: Address, tail: bytes = b"") -> bytes:
    return advertisement_datagram(source, encode(advertisement, source) + tail)


BROKEN_CHECKSUM = plain(V3, PEER)[:-1] + b"\xff"

PACKETS: dict[tuple[int, DiscardReason], bytes] = {
    (51, DiscardReason.HOP_LIMIT): with_hop_limit(plain(V3, PEER), 254),
    (51, DiscardReason.OWN_SOURCE): plain(V3, OURS),
    (51, DiscardReason.LENGTH): patched(V3, PEER, (3, 7)),
    (51, DiscardReason.VERSION): plain(replace(V2, vrid=51), PEER),
    (51, DiscardReason.TYPE): patched(V3, PEER, (0, 0x32)),
    (51, DiscardReason.ADDRESS_COUNT): patched(V3, PEER, (3, 0), cut=4),
    (51, DiscardReason.TRAILING_BYTES): plain(V3, PEER, b"more"),
    (51, DiscardReason.CHECKSUM): BROKEN_CHECKSUM,
    (51, DiscardReason.INTERVAL): plain(replace(V3, interval=seconds(0)), PEER),
    (52, DiscardReason.INTERVAL): plain(replace(V2, interval=seconds(2)), PEER),
    (52, DiscardReason.AUTHENTICATION_TYPE): patched(V2, PEER, (4, 1)),
    (52, DiscardReason.ADDRESS_LIST): plain(replace(V2, addresses=(ip_address("192.0.2.7"),)), PEER),
    (53, DiscardReason.ADDRESS_OWNER): plain(replace(V2, vrid=53), PEER),
    (54, DiscardReason.LINK_LOCAL): plain(replace(V6, addresses=(ip_address("2001:db8::1"),)), PEER_6),
}
UNREACHABLE = {
    DiscardReason.DESTINATION: "the kernel's filter passes the group alone",
    DiscardReason.VRID: "the router is found by it",
}
TOO_SHORT = [plain(V3, PEER)[:20] + plain(V3, PEER)[20:][:length] for length in range(9)]


def test_every_reason_has_a_packet_here_or_cannot_happen() -> None:
    assert {reason for _, reason in PACKETS} | UNREACHABLE.keys() == set(DiscardReason)


def test_all_together_is_no_flood() -> None:
    assert TIMES * (len(PACKETS) + len(TOO_SHORT)) < ENOUGH


def total_length(datagram: bytes) -> bytes:
    """With the length that it has in its IPv4 header."""
    header = bytearray(datagram[:20])
    header[2:4] = struct.pack("!H", len(datagram))
    header[10:12] = bytes(2)
    header[10:12] = checksum(bytes(header)).to_bytes(2)
    return bytes(header) + datagram[20:]


def open_socket(host: Host, family: Family) -> AdvertisementSocket:
    with host.enter():
        return AdvertisementSocket("eth0", socket.if_nametoindex("eth0"), family)


def test_malformed_packets_are_counted_by_reason_told_once_and_change_nothing(lan: Lan) -> None:
    host, stranger = lan.host("one", "192.0.2.11/24"), lan.host("two", "192.0.2.12/24")
    host.sysctl("ipv4/conf/eth0/accept_local", "1")  # so that a packet from our own address reaches us
    daemon = OurDaemon(
        host,
        router(51),
        router(52, "192.0.2.101/24", version=2, advert_interval=1, check_address_list=True),
        router(53, "192.0.2.102/24", version=2, advert_interval=1, priority=255),
        router(54, "fe80::54:1/64"),
    )
    daemon.wait_for("MASTER", number=0)
    daemon.wait_for("MASTER", number=3)
    sockets = {family: open_socket(stranger, family) for family in (Family.IPV4, Family.IPV6)}
    for _ in range(TIMES):
        for (vrid, _), datagram in PACKETS.items():
            sockets[Family.IPV6 if vrid == 54 else Family.IPV4].send(datagram)
        for datagram in TOO_SHORT:
            sockets[Family.IPV4].send(total_length(datagram))
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
        sender.send(PACKETS[51, REFUSED_BY_THE_KERNEL[number % len(REFUSED_BY_THE_KERNEL)]])
    wait_until(lambda: sum(discarded().values()) >= ENOUGH, "a flood's worth is counted", 5)
    before = discarded()
    assert before.keys() == {reason.value for reason in REFUSED_BY_THE_KERNEL}

    def one_more_is_counted() -> bool:
        sender.send(PACKETS[51, DiscardReason.HOP_LIMIT])
        return discarded()["hop_limit"] > before["hop_limit"]

    wait_until(one_more_is_counted, "the kernel passes single packets again", 5)
    assert sum(discarded().values()) < FLOOD / 2
    sender.close()
    assert daemon.router()["counters"]["transitions_to_master"] == 1
    assert daemon.stop() == 0
