"""`failover.linux.filter`: the program against a plain predicate, in an interpreter of our own and in the kernel."""

import socket
from contextlib import closing
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.frames import advertisement_datagram, ipv4
from failover.linux import filter as kernel_filter
from failover.linux.filter import Instruction, program
from failover.vrrp import (
    Advertisement,
    Discard,
    ReceivedFrom,
    Version,
    VirtualRouter,
    encode,
    family_of,
    receive,
    seconds,
)
from failover.vrrp.advertisement import message_length
from failover.vrrp.protocol import GROUPS, Address, Family
from tests.vrrp.making import GREATER, an_advertisement
from tests.vrrp.strategies import advertisements, routers

ALL_VRIDS = frozenset(range(1, 256))
IP_HEADER_LENGTH = {Family.IPV4: 20, Family.IPV6: 40}
families = pytest.mark.parametrize("family", list(Family))


class EndOfPacketError(Exception):
    """A load past the end: the kernel refuses the packet."""


def run(instructions: tuple[Instruction, ...], packet: bytes, data_offset: int) -> bool:  # noqa: C901, PLR0912, PLR0915 - one case an operation
    """Interpret a program as the kernel does, for a socket that sees `packet` from `data_offset` on."""
    a = x = counter = 0
    memory = [0] * 16

    def load(offset: int, size: int) -> int:
        start = offset - kernel_filter.NETWORK_HEADER if offset >= 1 << 31 else offset + data_offset
        if start + size > len(packet):
            raise EndOfPacketError
        return int.from_bytes(packet[start : start + size])

    try:
        while True:
            code, k, jump_true, jump_false = instructions[counter]
            counter += 1
            match code:
                case kernel_filter.LOAD_WORD:
                    a = load(k, 4)
                case kernel_filter.LOAD_BYTE:
                    a = load(k, 1)
                case kernel_filter.LOAD_LENGTH:
                    a = len(packet) - data_offset
                case kernel_filter.ADD:
                    a += k
                case kernel_filter.ADD_X:
                    a += x
                case kernel_filter.SHIFT_LEFT:
                    a <<= k
                case kernel_filter.JUMP_IF_EQUAL_X:
                    counter += jump_true if a == x else jump_false
                case kernel_filter.LOAD_BYTE_INDEXED:
                    a = load(x + k, 1)
                case kernel_filter.LOAD_HEADER_LENGTH:
                    x = 4 * (load(k, 1) & 0xF)
                case kernel_filter.LOAD_IMMEDIATE:
                    a = k
                case kernel_filter.STORE:
                    memory[k] = a
                case kernel_filter.LOAD_STORED:
                    a = memory[k]
                case kernel_filter.COPY_TO_X:
                    x = a
                case kernel_filter.AND:
                    a &= k
                case kernel_filter.SHIFT_RIGHT:
                    a >>= k
                case kernel_filter.SHIFT_RIGHT_BY_X:
                    a >>= x
                case kernel_filter.JUMP:
                    counter += k
                case kernel_filter.JUMP_IF_EQUAL:
                    counter += jump_true if a == k else jump_false
                case kernel_filter.JUMP_IF_ANY_BIT:
                    counter += jump_true if a & k else jump_false
                case kernel_filter.RETURN:
                    return k > 0
                case _:
                    pytest.fail(f"unknown operation {code:#x}")
    except EndOfPacketError:
        return False


def accepts(family: Family, vrids: frozenset[int], packet: bytes, versions: frozenset[Version] = frozenset()) -> bool:
    return run(program(family, vrids, versions), packet, 0 if family is Family.IPV4 else 40)


def concerns_us(family: Family, vrids: frozenset[int], packet: bytes) -> bool:
    """The predicate, said plainly."""
    if family is Family.IPV4:
        destination, message = packet[16:20], packet[4 * (packet[0] & 0xF) :]
    else:
        destination, message = packet[24:40], packet[40:]
    return destination == GROUPS[family].packed and len(message) >= 2 and message[1] in vrids


vrid_sets = st.frozensets(st.integers(1, 255))


@st.composite
def packets(draw: st.DrawFn, family: Family) -> bytes:
    """Mostly well addressed, any contents; with IPv4 options of any length."""
    header = bytearray(draw(st.binary(min_size=60, max_size=60))[: IP_HEADER_LENGTH[family]])
    destination = GROUPS[family].packed
    if draw(st.integers(0, 4)) == 0:
        destination = draw(st.binary(min_size=len(destination), max_size=len(destination)))
    if family is Family.IPV4:
        header[0] = 0x40 | draw(st.integers(5, 15))
        header[16:20] = destination
        header += bytes(4 * (header[0] & 0xF) - 20)
    else:
        header[24:40] = destination
    return bytes(header) + draw(st.binary(max_size=12))


@families
@given(data=st.data(), vrids=vrid_sets)
def test_the_program_accepts_what_concerns_us_and_nothing_else(
    family: Family, data: st.DataObject, vrids: frozenset[int]
) -> None:
    packet = data.draw(packets(family))
    assert accepts(family, vrids, packet) == concerns_us(family, vrids, packet)


def is_sound(family: Family, versions: frozenset[Version], packet: bytes) -> bool:
    """What the stricter program demands besides, said plainly."""
    hop_limit = packet[8] if family is Family.IPV4 else packet[7]
    message = packet[4 * (packet[0] & 0xF) :] if family is Family.IPV4 else packet[40:]
    return (
        hop_limit == 255
        and len(message) >= 8
        and message[3] > 0
        and any(
            message[0] == version << 4 | 1 and len(message) == message_length(version, family, message[3])
            for version in versions
        )
    )


version_sets = st.sampled_from([frozenset({Version.V2}), frozenset({Version.V3}), frozenset(Version)])


@st.composite
def nearly_sound(draw: st.DrawFn, family: Family) -> bytes:
    """A whole advertisement, in which a byte may differ and the end be another."""
    source: Address = IPv4Address("10.0.0.1") if family is Family.IPV4 else IPv6Address("fe80::1")
    count, version = draw(st.integers(0, 3)), draw(st.sampled_from(Version))
    body = bytes(max(0, message_length(version, family, count) - 8 + draw(st.sampled_from([0, 0, 0, -1, 1, 8]))))
    packet = bytearray(advertisement_datagram(source, bytes((version << 4 | 1, 51, 9, count, 0, 9, 0, 0)) + body))
    if family is Family.IPV4 and draw(st.booleans()):
        words = draw(st.integers(1, 10))
        packet[0] += words
        packet[20:20] = bytes(4 * words)
    if draw(st.booleans()):
        packet[draw(st.integers(0 if family is Family.IPV6 else 1, len(packet) - 1))] ^= draw(st.integers(0, 255))
    return bytes(packet)


@families
@given(data=st.data(), vrids=vrid_sets, versions=version_sets)
def test_the_stricter_program_accepts_what_is_sound_besides_and_nothing_else(
    family: Family, data: st.DataObject, vrids: frozenset[int], versions: frozenset[Version]
) -> None:
    packet = data.draw(packets(family) | nearly_sound(family))
    vrids |= {51}
    expected = concerns_us(family, vrids, packet) and is_sound(family, versions, packet)
    assert accepts(family, vrids, packet, versions) == expected


@given(sent=advertisements(), router=routers(), ours=st.booleans())
def test_the_stricter_program_never_refuses_what_a_router_accepts(
    sent: Advertisement,
    router: VirtualRouter,
    ours: bool,  # noqa: FBT001 - drawn
) -> None:
    family = router.family
    source = GREATER[family]
    if ours:  # what a peer with the same configuration sends
        sent = an_advertisement(router, version=Version.V2 if router.with_version_2 else router.version)
        sent = replace(sent, interval=seconds(1) if router.with_version_2 else sent.interval)
    elif family_of(sent.addresses[0]) is not family:
        return
    payload = encode(sent, source)
    found = receive(payload, ReceivedFrom(source, GROUPS[family], 255), router)
    versions = frozenset({router.version, Version.V2} if router.with_version_2 else {router.version})
    passed = accepts(family, frozenset({router.vrid}), advertisement_datagram(source, payload), versions)
    assert passed or isinstance(found, Discard)


def advertisement(family: Family, vrid: int) -> bytes:
    source: Address = IPv4Address("10.0.0.1") if family is Family.IPV4 else IPv6Address("fe80::1")
    return advertisement_datagram(source, bytes((0x31, vrid, 100, 1, 0, 100, 0, 0)))


@families
@given(vrids=vrid_sets)
def test_exactly_the_vrids_of_the_set_pass(family: Family, vrids: frozenset[int]) -> None:
    passed = {vrid for vrid in range(256) if accepts(family, vrids, advertisement(family, vrid))}
    assert passed == vrids


@families
def test_a_wrong_hop_limit_version_or_checksum_reaches_the_daemon(family: Family) -> None:
    hop_limit = 8 if family is Family.IPV4 else 7
    first_payload_byte = IP_HEADER_LENGTH[family]
    for position, value in ((hop_limit, 1), (first_payload_byte, 0xF7), (first_payload_byte + 6, 0xAA)):
        packet = bytearray(advertisement(family, 51))
        packet[position] = value
        assert accepts(family, frozenset({51}), bytes(packet))


@families
def test_a_message_too_short_to_have_a_vrid_is_refused(family: Family) -> None:
    assert not accepts(family, ALL_VRIDS, advertisement(family, 51)[: IP_HEADER_LENGTH[family] + 1])


@families
@given(vrids=vrid_sets, versions=st.just(frozenset[Version]()) | version_sets)
def test_every_jump_stays_inside_and_the_program_is_short(
    family: Family, vrids: frozenset[int], versions: frozenset[Version]
) -> None:
    instructions = program(family, vrids, versions)
    assert len(instructions) <= (74 if versions else 47)
    assert instructions[-1].code == kernel_filter.RETURN
    for position, instruction in enumerate(instructions):
        jumps = (instruction.jump_true, instruction.jump_false)
        reach = instruction.k if instruction.code == kernel_filter.JUMP else max(jumps)
        assert position + 1 + reach < len(instructions) or instruction.code == kernel_filter.RETURN


@families
@pytest.mark.parametrize("vrid", [0, -1, 256])
def test_a_number_that_is_no_vrid_is_refused(family: Family, vrid: int) -> None:
    with pytest.raises(ValueError, match="allowed: 1 to 255"):
        program(family, frozenset({51, vrid}))


def test_the_kernel_takes_the_largest_programs_and_their_replacement() -> None:
    """On an unprivileged socket: the kernel's verifier is the same for all."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as sock:
        for vrids in (ALL_VRIDS, frozenset({51}), frozenset[int]()):
            for family in Family:
                kernel_filter.attach(sock, program(family, vrids))
                kernel_filter.attach(sock, program(family, vrids, frozenset(Version)))


def test_an_attached_program_decides_in_the_kernel() -> None:
    """A datagram socket pair shows the program the bytes as a raw IPv4 socket does: from the IP header on."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with closing(ours), closing(theirs):
        ours.setblocking(False)
        vrids = frozenset({1, 31, 32, 51, 200, 255})
        kernel_filter.attach(ours, program(Family.IPV4, vrids))
        assert _passing(ours, theirs) == vrids
        kernel_filter.attach(ours, program(Family.IPV4, frozenset({7})))
        assert _passing(ours, theirs) == {7}
        stranger = ipv4.header(IPv4Address("10.0.0.1"), IPv4Address("224.0.0.17"), 8) + bytes((0x31, 7))
        theirs.send(stranger)
        with pytest.raises(BlockingIOError):
            ours.recv(100)


def _passing(ours: socket.socket, theirs: socket.socket) -> set[int]:
    passed = set()
    for vrid in range(256):
        try:
            theirs.send(advertisement(Family.IPV4, vrid))
            passed.add(ours.recv(100)[21])
        except BlockingIOError:
            continue  # the kernel refused it
    return passed
