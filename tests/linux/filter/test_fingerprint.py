"""`linux.filter.fingerprint`: Python and the kernel's program agree, and tell apart what differs."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.frames import advertisement_datagram
from failover.linux.filter.fingerprint import fingerprint
from failover.linux.filter.program import Terms, program
from failover.linux.packet import Received
from failover.vrrp import Address, Family
from failover.vrrp.packet.receive import ReceivedFrom
from failover.vrrp.scope import GROUPS
from tests.linux.filter.bpf_machine import run

families = pytest.mark.parametrize("family", list(Family))
VRID = 51
HEADER = {Family.IPV4: 20, Family.IPV6: 40}
HOP_LIMIT_AT = {Family.IPV4: 8, Family.IPV6: 7}
SOURCE_AT = {Family.IPV4: 12, Family.IPV6: 8}
SENDERS: dict[Family, Address] = {Family.IPV4: IPv4Address("10.0.0.1"), Family.IPV6: IPv6Address("fe80::77")}


def message(*, priority: int = 100, interval: int = 100, checksum: int = 0x1234, count: int = 2) -> bytes:
    head = bytes((0x31, VRID, priority, count)) + interval.to_bytes(2) + checksum.to_bytes(2)
    return head + bytes(range(16)) * count


def heard(family: Family, content: bytes) -> Received:
    return Received(content, ReceivedFrom(SENDERS[family], GROUPS[family], 255))


def rings(family: Family, known: frozenset[int], packet: bytes) -> bool:
    return (
        run(
            program(family, Terms(frozenset({VRID}), known=known)),
            packet,
            0 if family is Family.IPV4 else HEADER[family],
        )
        > 0
    )


numbers = st.integers(0, 2**32 - 1)


@families
@given(
    others=st.frozensets(numbers, max_size=254),
    priority=st.integers(0, 255),
    interval=st.integers(0, 0xFFF),
    checksum=st.integers(0, 0xFFFF),
    count=st.integers(0, 20),
)
def test_the_kernel_knows_by_it_what_was_heard_before(
    family: Family, others: frozenset[int], priority: int, interval: int, checksum: int, count: int
) -> None:
    content = message(priority=priority, interval=interval, checksum=checksum, count=count)
    number = fingerprint(heard(family, content))
    packet = advertisement_datagram(SENDERS[family], content)
    assert not rings(family, others | {number}, packet)
    assert rings(family, others - {number}, packet)


def changed(packet: bytes, position: int) -> bytes:
    return packet[:position] + bytes((packet[position] ^ 1,)) + packet[position + 1 :]


@families
def test_what_differs_in_hop_limit_sender_length_or_head_is_not_known(family: Family) -> None:
    known = frozenset({fingerprint(heard(family, message()))})
    packet = advertisement_datagram(SENDERS[family], message())
    head, source = HEADER[family], SOURCE_AT[family]
    size = len(SENDERS[family].packed)
    assert not rings(family, known, packet)
    for position in (HOP_LIMIT_AT[family], *range(source, source + size), head, *range(head + 2, head + 8)):
        assert rings(family, known, changed(packet, position)), position
    assert rings(family, known, packet + b"\0")
    assert rings(family, known, packet[:-1])


@families
def test_what_has_no_whole_head_rings(family: Family) -> None:
    known = frozenset({fingerprint(heard(family, message()))})
    packet = advertisement_datagram(SENDERS[family], message())
    for length in range(2, 8):
        assert rings(family, known, packet[: HEADER[family] + length])


def test_what_has_ip_options_rings() -> None:
    content = message()
    known = frozenset({fingerprint(heard(Family.IPV4, content))})
    plain = advertisement_datagram(SENDERS[Family.IPV4], content)
    assert rings(Family.IPV4, known, b"\x46" + plain[1:20] + bytes(4) + content)
