"""`failover.frames.ipv4`: the header that we send, against scapy and tshark; the datagrams that we take apart."""

import struct
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, IPOption_Router_Alert
from scapy.packet import Raw

from failover.frames import ipv4
from failover.vrrp.packet.checksum import verifies
from tests.rfc.marks import negative, positive

GROUP = IPv4Address("224.0.0.18")
ADVERTISEMENT = bytes.fromhex("31336401006475730a000064")
"""Version 3, VRID 51, priority 100, 1 s, 10.0.0.100; from 10.0.0.1."""

HEADERS = [
    ("45c0002000000000ff70d09a0a000001e0000012", "10.0.0.1", 12),
    ("45c0002800000000ff70b5e9c0a86401e0000012", "192.168.100.1", 20),
    ("45c0041800000000ff70258fac100504e0000012", "172.16.5.4", 1028),
]
cases = pytest.mark.parametrize(("wire", "source", "length"), HEADERS)


@cases
@positive("R-005", "R-009")
def test_a_header_has_the_bytes_of_the_table(wire: str, source: str, length: int) -> None:
    assert ipv4.header(IPv4Address(source), GROUP, length).hex() == wire


@cases
def test_scapy_builds_the_same_header(wire: str, source: str, length: int) -> None:
    theirs = IP(src=source, dst="224.0.0.18", tos=0xC0, ttl=255, proto=112, id=0, flags=0) / Raw(bytes(length))
    assert bytes(theirs)[:20].hex() == wire


@cases
def test_a_datagram_of_the_table_parses_back(wire: str, source: str, length: int) -> None:
    payload = bytes(length)
    expected = ipv4.Datagram(IPv4Address(source), GROUP, 255, payload)
    assert ipv4.parse(bytes.fromhex(wire) + payload) == expected


@given(st.ip_addresses(v=4), st.ip_addresses(v=4), st.binary(max_size=1500), st.binary(max_size=46))
def test_what_was_sent_is_read_whatever_ethernet_padded(
    source: IPv4Address, destination: IPv4Address, payload: bytes, padding: bytes
) -> None:
    header = ipv4.header(source, destination, len(payload))
    assert verifies(header)
    assert ipv4.parse(header + payload + padding) == ipv4.Datagram(source, destination, 255, payload)


@positive("R-010")
def test_the_payload_starts_after_the_options() -> None:
    theirs = IP(src="10.0.0.1", dst="224.0.0.18", ttl=255, proto=112, options=[IPOption_Router_Alert()])
    datagram = bytes(theirs / Raw(ADVERTISEMENT))
    assert datagram[0] == 0x46
    parsed = ipv4.parse(datagram)
    assert parsed is not None
    assert parsed.payload == ADVERTISEMENT


def test_the_ttl_is_that_of_the_packet() -> None:
    parsed = ipv4.parse(bytes(IP(src="10.0.0.1", dst="224.0.0.18", ttl=64, proto=112) / Raw(ADVERTISEMENT)))
    assert parsed is not None
    assert parsed.ttl == 64


GOOD = bytes.fromhex(HEADERS[0][0]) + ADVERTISEMENT


@negative("R-010")
@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(GOOD[:19], id="less than a header"),
        pytest.param(b"\x44" + GOOD[1:], id="IHL 4"),
        pytest.param(b"\x40" + GOOD[1:], id="IHL 0"),
        pytest.param(b"\x49" + GOOD[1:], id="IHL beyond the packet"),
        pytest.param(b"\x65" + GOOD[1:], id="version 6"),
        pytest.param(GOOD[:-1], id="total length beyond the packet"),
        pytest.param(GOOD[:2] + b"\0\x13" + GOOD[4:], id="total length less than a header"),
        pytest.param(b"\x46" + GOOD[1:2] + b"\0\x17" + GOOD[4:], id="total length less than the header's options"),
    ],
)
def test_a_malformed_datagram_is_none(datagram: bytes) -> None:
    assert ipv4.parse(datagram) is None


@given(st.binary(max_size=80))
def test_parse_is_total(datagram: bytes) -> None:
    parsed = ipv4.parse(datagram)
    assert parsed is None or len(parsed.payload) <= len(datagram) - 20


def test_a_payload_that_no_datagram_holds_is_an_error() -> None:
    with pytest.raises(struct.error):
        ipv4.header(IPv4Address("10.0.0.1"), GROUP, 65516)
