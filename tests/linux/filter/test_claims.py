"""`linux.filter.claims`: who says that he has one of some addresses passes, and nothing else."""

from ipaddress import IPv4Address, ip_address

import pytest
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6NDOptDstLLAddr, IPv6
from scapy.layers.l2 import ARP, Ether

from failover.frames.question import question
from failover.linux.filter.claims import MOST, program
from failover.vrrp import Address, Family
from tests.linux.filter.bpf_machine import run

OURS, THEIRS, ALMOST_OURS = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:01:01"
FIRST: dict[Family, Address] = {Family.IPV4: ip_address("192.0.2.100"), Family.IPV6: ip_address("2001:db8::100")}
families = pytest.mark.parametrize("family", Family)


def addresses(family: Family, count: int = MOST) -> list[Address]:
    return [ip_address(int(FIRST[family]) + number) for number in range(count)]


def mac_bytes(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def passes(frame: bytes, family: Family, count: int = MOST) -> bool:
    return run(program(family, addresses(family, count), mac_bytes(OURS)), frame) > 0


def claim(address: Address, mac: str = THEIRS, *, hop_limit: int = 255, operation: int = 2) -> bytes:
    """An answer to us."""
    if address.version == 4:
        return bytes(
            Ether(src=mac, dst=OURS) / ARP(op=operation, hwsrc=mac, psrc=str(address), pdst=str(IPv4Address(0)))
        )
    answer = ICMPv6ND_NA(tgt=str(address)) / ICMPv6NDOptDstLLAddr(lladdr=mac)
    return bytes(Ether(src=mac, dst=OURS) / IPv6(src=str(address), dst="fe80::1", hlim=hop_limit) / answer)


@families
@pytest.mark.parametrize("count", [1, 2, MOST])
def test_each_of_the_addresses_passes_and_no_other(family: Family, count: int) -> None:
    assert all(passes(claim(address), family, count) for address in addresses(family, count))
    for stranger in (int(FIRST[family]) + count, int(FIRST[family]) - 1, int(FIRST[family]) + (1 << 16)):
        assert not passes(claim(ip_address(stranger)), family, count)


@families
def test_what_comes_from_ourselves_is_an_echo(family: Family) -> None:
    assert not passes(claim(FIRST[family], OURS), family)
    assert passes(claim(FIRST[family], ALMOST_OURS), family)


@families
def test_a_question_is_no_claim(family: Family) -> None:
    source = ip_address("fe80::2")
    assert not passes(question(mac_bytes(THEIRS), source, FIRST[family]), family)


def test_a_request_for_another_address_is_a_claim_to_its_sender_s() -> None:
    assert passes(claim(FIRST[Family.IPV4], operation=1), Family.IPV4)


def test_an_advertisement_that_has_passed_a_router_is_none() -> None:
    assert not passes(claim(FIRST[Family.IPV6], hop_limit=254), Family.IPV6)


@families
def test_what_is_cut_off_or_of_another_kind_is_none(family: Family) -> None:
    frame = claim(FIRST[family])
    assert not any(passes(frame[:length], family) for length in range(32))
    at = 20 if family is Family.IPV6 else 18
    assert not passes(frame[:at] + bytes((7,)) + frame[at + 1 :], family)
