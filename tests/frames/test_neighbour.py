"""`failover.frames.neighbour`: the unsolicited Neighbour Advertisement, against scapy and tshark."""

from collections.abc import Callable
from ipaddress import IPv6Address

import pytest
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import Ether

from failover.frames import neighbour
from tests.rfc.marks import positive
from tests.tshark import Fields

Judge = Callable[[bytes], Fields]

FRAMES = [
    (
        (
            "33330000000100005e00023386dd"
            "6c00000000203aff20010db8000000000000000000000100ff020000000000000000000000000001"
            "880018faa000000020010db8000000000000000000000100020100005e000233"
        ),
        "00:00:5e:00:02:33",
        "2001:db8::100",
        True,
    ),
    (
        (
            "33330000000102000000000a86dd"
            "6c00000000203afffe800000000000000000000000000100ff020000000000000000000000000001"
            "8800559420000000fe800000000000000000000000000100020102000000000a"
        ),
        "02:00:00:00:00:0a",
        "fe80::100",
        False,
    ),
]
cases = pytest.mark.parametrize(("wire", "mac", "address", "is_router"), FRAMES)


def ours(mac: str, address: str, is_router: bool) -> bytes:  # noqa: FBT001 - a column of the table
    return neighbour.unsolicited(bytes.fromhex(mac.replace(":", "")), IPv6Address(address), is_router=is_router)


@cases
@positive("R-040")
def test_a_frame_has_the_bytes_of_the_table(wire: str, mac: str, address: str, is_router: bool) -> None:  # noqa: FBT001 - likewise
    assert ours(mac, address, is_router).hex() == wire


@cases
def test_scapy_builds_the_same_frame(wire: str, mac: str, address: str, is_router: bool) -> None:  # noqa: FBT001 - likewise
    theirs = (
        Ether(dst="33:33:00:00:00:01", src=mac)
        / IPv6(src=address, dst="ff02::1", tc=0xC0, hlim=255)
        / ICMPv6ND_NA(R=int(is_router), S=0, O=1, tgt=address)
        / ICMPv6NDOptDstLLAddr(lladdr=mac)
    )
    assert bytes(theirs).hex() == wire


@cases
def test_tshark_reads_it_without_a_complaint(
    wire: str,
    mac: str,
    address: str,
    is_router: bool,  # noqa: FBT001 - likewise
    dissect_frame: Judge,
) -> None:
    fields = dissect_frame(ours(mac, address, is_router))
    assert "icmpv6_icmpv6_checksum_status" in fields
    assert fields["ipv6_ipv6_hlim"] == ["255"]
    assert fields["ipv6_ipv6_src"] == fields["icmpv6_icmpv6_nd_na_target_address"] == [address]
    assert fields["ipv6_ipv6_dst"] == ["ff02::1"]
    assert fields["eth_eth_dst"] == ["33:33:00:00:00:01"]
    assert fields["icmpv6_icmpv6_nd_na_flag_r"] == [str(is_router)]
    assert fields["icmpv6_icmpv6_nd_na_flag_s"] == ["False"]
    assert fields["icmpv6_icmpv6_nd_na_flag_o"] == ["True"]
    assert fields["icmpv6_icmpv6_opt_target_linkaddr"] == fields["eth_eth_src"] == [mac]


def test_the_router_flag_is_set_by_default() -> None:
    _, mac, address, _ = FRAMES[0]
    frame = neighbour.unsolicited(bytes.fromhex(mac.replace(":", "")), IPv6Address(address))
    assert frame == ours(mac, address, is_router=True)


QUESTIONS = [
    ("02:00:00:00:00:0a", "fe80::a", "2001:db8::51:100", "33:33:ff:51:01:00", "ff02::1:ff51:100"),
    ("02:00:00:00:00:0b", "2001:db8::b", "fe80::1", "33:33:ff:00:00:01", "ff02::1:ff00:1"),
]
questions = pytest.mark.parametrize(("mac", "source", "address", "group_mac", "group"), QUESTIONS)


def question(mac: str, source: str, address: str) -> bytes:
    return neighbour.solicitation(bytes.fromhex(mac.replace(":", "")), IPv6Address(source), IPv6Address(address))


@questions
def test_scapy_builds_the_same_solicitation(mac: str, source: str, address: str, group_mac: str, group: str) -> None:
    theirs = (
        Ether(dst=group_mac, src=mac)
        / IPv6(src=source, dst=group, tc=0xC0, hlim=255)
        / ICMPv6ND_NS(tgt=address)
        / ICMPv6NDOptSrcLLAddr(lladdr=mac)
    )
    assert bytes(theirs) == question(mac, source, address)


@cases
def test_what_an_advertisement_says_is_read_from_it(wire: str, mac: str, address: str, is_router: bool) -> None:  # noqa: FBT001 - likewise
    message = ours(mac, address, is_router)[54:]
    assert neighbour.advertised(message) == (IPv6Address(address), bytes.fromhex(mac.replace(":", "")))
    for without in (message[:24], message[:28], message[:24] + bytes((14, 1)) + message[26:]):
        assert neighbour.advertised(without) == (IPv6Address(address), None)
