"""`failover.frames.advertisement_datagram`: whole datagrams as tshark reads them."""

from collections.abc import Callable
from ipaddress import ip_address

import pytest

from failover.frames import advertisement_datagram
from tests.rfc.marks import positive
from tests.tshark import Fields

Judge = Callable[[bytes], Fields]

IPV4_MESSAGE = bytes.fromhex("31336401006475730a000064")
"""Version 3, VRID 51, priority 100, 1 s, 10.0.0.100; summed with the pseudo-header of 10.0.0.1."""
IPV6_MESSAGE = bytes.fromhex("3133640100646cc7fe800000000000000000000000000100")
"""Likewise fe80::100, from fe80::1."""


@positive("R-005", "R-009")
def test_tshark_reads_an_ipv4_advertisement_without_a_complaint(dissect_datagram: Judge) -> None:
    fields = dissect_datagram(advertisement_datagram(ip_address("10.0.0.1"), IPV4_MESSAGE))
    assert fields["ip_ip_src"] == ["10.0.0.1"]
    assert fields["ip_ip_dst"] == ["224.0.0.18"]
    assert fields["ip_ip_ttl"] == ["255"]
    assert fields["ip_ip_dsfield"] == ["0xc0"]
    assert fields["ip_ip_flags_df"] == ["False"]
    assert {"ip_ip_checksum_status", "vrrp_vrrp_checksum_status"} <= fields.keys()
    assert fields["vrrp_vrrp_virt_rtr_id"] == ["51"]


@positive("R-007", "R-009")
def test_tshark_reads_an_ipv6_advertisement_without_a_complaint(dissect_datagram: Judge) -> None:
    fields = dissect_datagram(advertisement_datagram(ip_address("fe80::1"), IPV6_MESSAGE))
    assert fields["ipv6_ipv6_src"] == ["fe80::1"]
    assert fields["ipv6_ipv6_dst"] == ["ff02::12"]
    assert fields["ipv6_ipv6_hlim"] == ["255"]
    assert fields["ipv6_ipv6_tclass"] == ["0x000000c0"]
    assert fields["ipv6_ipv6_nxt"] == ["112"]
    assert "vrrp_vrrp_checksum_status" in fields
    assert fields["vrrp_vrrp_virt_rtr_id"] == ["51"]


@pytest.mark.parametrize("position", [10, 26])
def test_the_judge_sees_a_wrong_checksum(position: int, dissect_datagram: Judge) -> None:
    datagram = bytearray(advertisement_datagram(ip_address("10.0.0.1"), IPV4_MESSAGE))
    datagram[position] ^= 1
    with pytest.raises(AssertionError, match="Bad checksum"):
        dissect_datagram(bytes(datagram))
