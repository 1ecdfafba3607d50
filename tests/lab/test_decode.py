"""The judge's reading of frames, against frames that scapy made."""

from ipaddress import ip_address

import pytest
from scapy.layers.inet import IP
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6NDOptDstLLAddr, IPv6
from scapy.layers.l2 import ARP, Ether
from scapy.layers.vrrp import VRRP, VRRPv3

from failover.lab.network.decode import Frame, advert, claim

MAC = "02:00:00:00:00:01"
TARGET = "02:00:00:00:00:09"


def frame(packet: Ether) -> Frame:
    return Frame(7, "one", bytes(packet))


V2 = IP(src="192.0.2.1", dst="224.0.0.18", ttl=255, proto=112) / VRRP(
    vrid=51, priority=200, adv=2, addrlist=["192.0.2.100", "192.0.2.101"]
)
V3 = IP(src="192.0.2.1", dst="224.0.0.18", ttl=255, proto=112) / VRRPv3(
    vrid=51, priority=0, adv=10, addrlist=["192.0.2.100"]
)
V3_IPV6 = IPv6(src="fe80::1", dst="ff02::12", hlim=255, nh=112) / bytes.fromhex(
    "31 33 64 01 0064 0000 fe80 0000 0000 0000 0000 0000 0000 0051".replace(" ", "")
)


@pytest.mark.parametrize(
    ("packet", "version", "priority", "interval", "addresses"),
    [
        (V2, 2, 200, 2_000_000_000, ["192.0.2.100", "192.0.2.101"]),
        (V3, 3, 0, 100_000_000, ["192.0.2.100"]),
        (V3_IPV6, 3, 100, 1_000_000_000, ["fe80::51"]),
    ],
    ids=["v2", "v3-ipv4", "v3-ipv6"],
)
def test_an_advertisement_is_read_whole(
    packet: IP | IPv6, version: int, priority: int, interval: int, addresses: list[str]
) -> None:
    heard = advert(frame(Ether(src=MAC) / packet))
    assert heard is not None
    assert (heard.at, heard.host, heard.mac) == (7, "one", MAC)
    assert (heard.version, heard.vrid, heard.priority, heard.interval) == (version, 51, priority, interval)
    assert heard.count == len(addresses)
    assert heard.addresses == tuple(map(ip_address, addresses))
    assert heard.source == ip_address(packet.src)


def test_ethernet_padding_is_not_part_of_an_advertisement() -> None:
    padded = Frame(7, "one", bytes(Ether(src=MAC) / V3) + bytes(14))
    assert advert(padded) == advert(frame(Ether(src=MAC) / V3))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(Ether() / IP(src="192.0.2.1", dst="192.0.2.2") / b"x"),
        bytes(Ether() / IP(proto=112) / b"\x21\x33"),
        bytes(Ether() / IP(proto=112) / bytes(8)),
        bytes(Ether() / ARP()),
    ],
    ids=["nothing", "other protocol", "too short", "not an advertisement", "ARP"],
)
def test_what_is_no_advertisement_is_none(data: bytes) -> None:
    assert advert(Frame(7, "one", data)) is None


@pytest.mark.parametrize(
    ("message", "is_reply", "is_gratuitous"),
    [
        (ARP(op=1, hwsrc=MAC, psrc="192.0.2.100", pdst="192.0.2.100"), False, True),
        (ARP(op=2, hwsrc=MAC, psrc="192.0.2.100", pdst="192.0.2.100"), False, True),
        (ARP(op=2, hwsrc=MAC, psrc="192.0.2.100", pdst="192.0.2.3"), True, False),
        (ARP(op=1, hwsrc=MAC, psrc="192.0.2.100", pdst="192.0.2.3"), False, False),
    ],
    ids=["gratuitous request", "gratuitous reply", "answer", "question"],
)
def test_an_arp_message_says_who_has_its_sender_address(message: ARP, *, is_reply: bool, is_gratuitous: bool) -> None:
    said = claim(frame(Ether(src=TARGET) / message))
    assert said is not None
    assert (said.address, said.mac) == (ip_address("192.0.2.100"), MAC)
    assert (said.is_reply, said.is_gratuitous) == (is_reply, is_gratuitous)


@pytest.mark.parametrize("solicited", [True, False])
def test_a_neighbour_advertisement_names_the_mac_of_its_option(*, solicited: bool) -> None:
    message = ICMPv6ND_NA(tgt="2001:db8::100", S=int(solicited), O=1) / ICMPv6NDOptDstLLAddr(lladdr=TARGET)
    said = claim(frame(Ether(src=MAC) / IPv6(src="fe80::1", dst="ff02::1", hlim=255) / message))
    assert said is not None
    assert (said.address, said.mac) == (ip_address("2001:db8::100"), TARGET)
    assert (said.is_reply, said.is_gratuitous) == (solicited, not solicited)


def test_a_neighbour_advertisement_without_the_option_names_the_sender() -> None:
    message = ICMPv6ND_NA(tgt="2001:db8::100", S=1)
    said = claim(frame(Ether(src=MAC) / IPv6(src="fe80::1", dst="ff02::1", hlim=255) / message))
    assert said is not None
    assert said.mac == MAC


@pytest.mark.parametrize(
    "data", [b"", bytes(Ether() / V3), bytes(Ether() / IPv6(nh=58) / b"\x88\0")], ids=["nothing", "VRRP", "cut short"]
)
def test_what_says_nothing_about_addresses_is_none(data: bytes) -> None:
    assert claim(Frame(7, "one", data)) is None
