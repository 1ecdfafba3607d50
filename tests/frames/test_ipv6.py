"""`failover.frames.ipv6`: the header that we send, against scapy."""

from ipaddress import IPv6Address

import pytest
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw

from failover.frames import ipv6
from tests.rfc.marks import positive

GROUP = IPv6Address("ff02::12")
HEADERS = [
    ("6c000000001870fffe800000000000000000000000000001ff020000000000000000000000000012", "fe80::1", 24),
    (
        "6c0000000ff870fffe8000000000000084f27afffe2c6f71ff020000000000000000000000000012",
        "fe80::84f2:7aff:fe2c:6f71",
        4088,
    ),
]
cases = pytest.mark.parametrize(("wire", "source", "length"), HEADERS)


@cases
@positive("R-007", "R-009")
def test_a_header_has_the_bytes_of_the_table(wire: str, source: str, length: int) -> None:
    assert ipv6.header(IPv6Address(source), GROUP, length).hex() == wire


@cases
def test_scapy_builds_the_same_header(wire: str, source: str, length: int) -> None:
    theirs = IPv6(src=source, dst="ff02::12", tc=0xC0, fl=0, nh=112, hlim=255) / Raw(bytes(length))
    assert bytes(theirs)[:40].hex() == wire


def test_a_zone_in_the_source_does_not_reach_the_wire() -> None:
    zoned = ipv6.header(IPv6Address("fe80::1%eth0"), GROUP, 24)
    assert zoned == ipv6.header(IPv6Address("fe80::1"), GROUP, 24)
