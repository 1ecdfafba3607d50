"""`failover.frames.arp`: gratuitous ARP, against scapy and tshark."""

from collections.abc import Callable
from ipaddress import IPv4Address

import pytest
from scapy.layers.l2 import ARP, Ether

from failover.frames import arp
from tests.rfc.marks import positive
from tests.tshark import Fields

Judge = Callable[[bytes], Fields]

FRAMES = [
    (
        "ffffffffffff00005e0001330806000108000604000100005e000133c0a8646400005e000133c0a86464",
        "00:00:5e:00:01:33",
        "192.168.100.100",
    ),
    (
        "ffffffffffff02000000000a0806000108000604000102000000000a0a00000902000000000a0a000009",
        "02:00:00:00:00:0a",
        "10.0.0.9",
    ),
]
NOBODY = str(IPv4Address(0))
cases = pytest.mark.parametrize(("wire", "mac", "address"), FRAMES)


def ours(mac: str, address: str) -> bytes:
    return arp.gratuitous(bytes.fromhex(mac.replace(":", "")), IPv4Address(address))


@cases
@positive("R-039", "R-051")
def test_a_frame_has_the_bytes_of_the_table(wire: str, mac: str, address: str) -> None:
    assert ours(mac, address).hex() == wire


@cases
def test_scapy_builds_the_same_frame(wire: str, mac: str, address: str) -> None:
    theirs = Ether(dst="ff:ff:ff:ff:ff:ff", src=mac) / ARP(op=1, hwsrc=mac, psrc=address, hwdst=mac, pdst=address)
    assert bytes(theirs).hex() == wire


@cases
def test_tshark_calls_it_gratuitous(wire: str, mac: str, address: str, dissect_frame: Judge) -> None:
    fields = dissect_frame(ours(mac, address))
    assert fields["arp_arp_isgratuitous"] == ["True"]
    assert fields["eth_eth_dst"] == ["ff:ff:ff:ff:ff:ff"]
    assert fields["eth_eth_src"] == fields["arp_arp_src_hw_mac"] == fields["arp_arp_dst_hw_mac"] == [mac]
    assert fields["arp_arp_src_proto_ipv4"] == fields["arp_arp_dst_proto_ipv4"] == [address]


def probe(mac: str, address: str) -> bytes:
    return arp.probe(bytes.fromhex(mac.replace(":", "")), IPv4Address(address))


@cases
def test_scapy_builds_the_same_probe(wire: str, mac: str, address: str) -> None:
    theirs = Ether(dst="ff:ff:ff:ff:ff:ff", src=mac) / ARP(
        op=1, hwsrc=mac, psrc=NOBODY, hwdst="00:00:00:00:00:00", pdst=address
    )
    assert bytes(theirs) == probe(mac, address)


@cases
def test_tshark_calls_it_a_probe(wire: str, mac: str, address: str, dissect_frame: Judge) -> None:
    fields = dissect_frame(probe(mac, address))
    assert fields["arp_arp_isprobe"] == ["True"]
    assert fields["arp_arp_dst_proto_ipv4"] == [address]


@cases
def test_who_it_comes_from_is_read_from_a_message(wire: str, mac: str, address: str) -> None:
    message = ours(mac, address)[14:] + bytes(18)
    assert arp.sender(message) == (IPv4Address(address), bytes.fromhex(mac.replace(":", "")))
