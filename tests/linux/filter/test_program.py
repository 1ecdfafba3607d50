"""`linux.filter.program`: the programs against plain predicates, in an interpreter of our own and in the kernel."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.frames import advertisement_datagram, ipv4
from failover.linux.filter import bpf
from failover.linux.filter.program import Terms, program
from failover.vrrp import Advertisement, AdvertisementReceived, ChecksumForm, Cutoff, Version, encode, is_below
from failover.vrrp.protocol import Address, Family
from failover.vrrp.scope import GROUPS
from tests.linux.filter.bpf_machine import run
from tests.vrrp.making import GREATER, OURS, SMALLER, a_router, an_advertisement

ALL_VRIDS = frozenset(range(1, 256))
IP_HEADER_LENGTH = {Family.IPV4: 20, Family.IPV6: 40}
families = pytest.mark.parametrize("family", list(Family))


def accepts(family: Family, terms: Terms, packet: bytes) -> bool:
    return run(program(family, terms), packet, 0 if family is Family.IPV4 else 40) > 0


def concerns_us(family: Family, vrids: frozenset[int], packet: bytes) -> bool:
    """The predicate, said plainly."""
    if family is Family.IPV4:
        destination, message = packet[16:20], packet[4 * (packet[0] & 0xF) :]
    else:
        destination, message = packet[24:40], packet[40:]
    return destination == GROUPS[family].packed and len(message) >= 2 and message[1] in vrids


vrid_sets = st.frozensets(st.integers(1, 255))
version_sets = st.sampled_from([frozenset[Version](), *map(frozenset, [{Version.V2}, {Version.V3}, set(Version)])])


@st.composite
def cutoffs(draw: st.DrawFn, family: Family) -> Cutoff:
    return Cutoff(draw(st.integers(1, 255)), draw(st.none() | st.sampled_from([OURS[family], GREATER[family]])))


@st.composite
def terms(draw: st.DrawFn, family: Family) -> Terms:
    return Terms(
        draw(vrid_sets), draw(version_sets), draw(st.dictionaries(st.integers(1, 255), cutoffs(family), max_size=255))
    )


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
    assert accepts(family, Terms(vrids), packet) == concerns_us(family, vrids, packet)


def advertisement(family: Family, vrid: int) -> bytes:
    source: Address = IPv4Address("10.0.0.1") if family is Family.IPV4 else IPv6Address("fe80::1")
    return advertisement_datagram(source, bytes((0x31, vrid, 100, 1, 0, 100, 0, 0)))


@families
@given(vrids=vrid_sets)
def test_exactly_the_vrids_of_the_set_pass(family: Family, vrids: frozenset[int]) -> None:
    passed = {vrid for vrid in range(256) if accepts(family, Terms(vrids), advertisement(family, vrid))}
    assert passed == vrids


@families
def test_a_wrong_hop_limit_version_or_checksum_reaches_the_daemon(family: Family) -> None:
    hop_limit = 8 if family is Family.IPV4 else 7
    first_payload_byte = IP_HEADER_LENGTH[family]
    for position, value in ((hop_limit, 1), (first_payload_byte, 0xF7), (first_payload_byte + 6, 0xAA)):
        packet = bytearray(advertisement(family, 51))
        packet[position] = value
        assert accepts(family, Terms(frozenset({51})), bytes(packet))


@families
def test_a_message_too_short_to_have_a_vrid_is_refused(family: Family) -> None:
    assert not accepts(family, Terms(ALL_VRIDS), advertisement(family, 51)[: IP_HEADER_LENGTH[family] + 1])


@families
@given(data=st.data(), priority=st.integers(0, 255), options=st.integers(0, 10), versions=version_sets)
def test_of_sound_advertisements_exactly_those_below_the_floor_of_their_vrid_are_refused(
    family: Family, data: st.DataObject, priority: int, options: int, versions: frozenset[Version]
) -> None:
    given_floors = data.draw(st.dictionaries(st.integers(1, 255), cutoffs(family), max_size=8))
    vrid = data.draw(st.sampled_from([51, *given_floors]))
    cutoff = given_floors.get(vrid)
    if cutoff and data.draw(st.booleans()):
        priority = cutoff.priority
    source = data.draw(st.sampled_from([SMALLER, OURS, GREATER]))[family]
    sent = an_advertisement(a_router(family, vrid=vrid), priority=priority)
    packet = bytearray(advertisement_datagram(source, encode(sent, source)))
    if family is Family.IPV4:
        packet[0] += options
        packet[20:20] = bytes(4 * options)
    versions |= {Version.V3} if versions else frozenset()
    passed = accepts(family, Terms(ALL_VRIDS, versions, given_floors), bytes(packet))
    assert passed != is_below(cutoff, AdvertisementReceived(sent, source))


@families
@given(data=st.data())
def test_every_jump_stays_inside_and_the_program_is_short(family: Family, data: st.DataObject) -> None:
    drawn = data.draw(terms(family))
    instructions = program(family, drawn)
    blocks = len({cutoff.address for cutoff in drawn.cutoffs.values()})
    strictness = 190 if drawn.versions and family is Family.IPV4 else 55 if drawn.versions else 0
    assert len(instructions) <= 47 + strictness + 3 * len(drawn.cutoffs) + 22 * blocks + 4
    assert instructions[-1].code == bpf.RETURN
    for position, instruction in enumerate(instructions):
        jumps = (instruction.jump_true, instruction.jump_false)
        assert all(0 <= jump <= 255 for jump in jumps)
        reach = instruction.k if instruction.code == bpf.JUMP else max(jumps)
        assert position + 1 + reach < len(instructions) or instruction.code == bpf.RETURN


@families
@pytest.mark.parametrize("vrid", [0, -1, 256])
def test_a_number_that_is_no_vrid_is_refused(family: Family, vrid: int) -> None:
    with pytest.raises(ValueError, match="allowed: 1 to 255"):
        program(family, Terms(frozenset({51, vrid})))


# --- in the kernel


@contextmanager
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """What is sent to the first shows its program the bytes as a raw IPv4 socket does: from the IP header on."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with closing(ours), closing(theirs):
        ours.setblocking(False)
        yield ours, theirs


def passes(ours: socket.socket, theirs: socket.socket, packet: bytes) -> bool:
    theirs.send(packet)
    try:
        return len(ours.recv(1)) > 0
    except BlockingIOError:
        return False


def largest(family: Family) -> Terms:
    """A floor for every VRID, with and without an address."""
    some = {vrid: Cutoff(vrid, OURS[family] if vrid % 2 else None) for vrid in ALL_VRIDS}
    return Terms(ALL_VRIDS, frozenset(Version), some)


def test_the_kernel_takes_the_largest_programs_and_their_replacement() -> None:
    """On an unprivileged socket: the kernel's verifier is the same for all."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as sock:
        for family in Family:
            for of_some in (largest(family), largest(family), replace(largest(family), cutoffs={})):
                bpf.attach(sock, program(family, of_some))
            for vrids in (ALL_VRIDS, frozenset({51}), frozenset[int]()):
                bpf.attach(sock, program(family, Terms(vrids)))


def test_an_attached_program_decides_in_the_kernel() -> None:
    with pair() as (ours, theirs):
        for vrids in (frozenset({1, 31, 32, 51, 200, 255}), frozenset({7})):
            bpf.attach(ours, program(Family.IPV4, Terms(vrids)))
            passed = {vrid for vrid in range(256) if passes(ours, theirs, advertisement(Family.IPV4, vrid))}
            assert passed == vrids
        stranger = ipv4.header(IPv4Address("10.0.0.1"), IPv4Address("224.0.0.17"), 8) + bytes((0x31, 7))
        assert not passes(ours, theirs, stranger)


def test_the_kernel_and_the_interpreter_agree_on_floors() -> None:
    family, rivals = Family.IPV4, {51: Cutoff(100, OURS[Family.IPV4]), 52: Cutoff(100)}
    few = Terms(frozenset({51, 52, 53}), frozenset({Version.V3}), rivals)
    with pair() as (ours, theirs):
        bpf.attach(ours, program(family, few))
        for vrid in few.vrids:
            for priority in range(256):
                for source in (SMALLER[family], OURS[family], GREATER[family]):
                    sent = an_advertisement(a_router(vrid=vrid), priority=priority)
                    packet = advertisement_datagram(source, encode(sent, source))
                    expected = not is_below(rivals.get(vrid), AdvertisementReceived(sent, source))
                    assert passes(ours, theirs, packet) == accepts(family, few, packet) == expected


def test_the_kernel_and_the_interpreter_agree_on_every_checksum() -> None:
    """All 65536, in the shortest and longest messages of each version, with addresses that make sums overflow."""
    family, strict = Family.IPV4, Terms(ALL_VRIDS, frozenset(Version))
    with pair() as (ours, theirs):
        bpf.attach(ours, program(family, strict))
        for sent in messages_at_the_limits():
            source = IPv4Address("255.255.255.255")
            packet = bytearray(advertisement_datagram(source, encode(sent, source)))
            accepted = []
            for value in range(1 << 16):
                packet[26:28] = value.to_bytes(2)
                if passes(ours, theirs, bytes(packet)):
                    accepted.append(value)
            assert accepted == sorted(right_checksums(sent, source))
            for value in {0, 1, 0xFFFE, 0xFFFF, *accepted}:
                packet[26:28] = value.to_bytes(2)
                assert accepts(family, strict, bytes(packet)) == (value in accepted)


def messages_at_the_limits() -> list[Advertisement]:
    return [
        an_advertisement(
            a_router(version=version, priority=100),
            addresses=(IPv4Address("255.255.255.255"),) * count,
        )
        for version in Version
        for count in (1, 16)
    ]


def right_checksums(sent: Advertisement, source: Address) -> set[int]:
    """Of each form that the version has, the one that is sent and the other zero of one's complement."""

    forms = ChecksumForm if sent.version is Version.V3 else [ChecksumForm.MESSAGE]
    sums = {int.from_bytes(encode(replace(sent, checksum=form), source)[6:8]) for form in forms}
    return sums | {0xFFFF - value for value in sums if value in (0, 0xFFFF)}
