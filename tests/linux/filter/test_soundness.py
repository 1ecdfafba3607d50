"""`linux.filter.soundness`: what it refuses `vrrp.packet.receive` discards, and the reverse within its scope."""

import socket
from dataclasses import replace
from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import event as note
from hypothesis import example, given
from hypothesis import strategies as st

from failover.frames import advertisement_datagram
from failover.linux.filter import bpf
from failover.linux.filter.program import Terms, program
from failover.linux.filter.soundness import SUMMED_ADDRESSES, Form
from failover.vrrp import (
    Advertisement,
    ChecksumForm,
    Cutoff,
    Discard,
    DiscardReason,
    ReceivedFrom,
    Secret,
    Version,
    VirtualRouter,
    encode,
    receive,
    seconds,
)
from failover.vrrp.packet.advertisement import AUTHENTICATION_TYPE_AT, CHECKSUM_AT, message_length
from failover.vrrp.packet.checksum import checksum
from failover.vrrp.protocol import Address, Family, family_of
from tests.linux.filter.bpf_machine import run
from tests.vrrp.making import ADDRESSES, GREATER, OURS, a_router, an_advertisement
from tests.vrrp.strategies import advertisements, routers, sources

families = pytest.mark.parametrize("family", list(Family))
HOP_LIMIT_AT = {Family.IPV4: 8, Family.IPV6: 7}

KERNEL_TELLS = frozenset(
    {
        DiscardReason.HOP_LIMIT,
        DiscardReason.DESTINATION,
        DiscardReason.LENGTH,
        DiscardReason.VERSION,
        DiscardReason.TYPE,
        DiscardReason.ADDRESS_COUNT,
        DiscardReason.TRAILING_BYTES,
        DiscardReason.CHECKSUM,
        DiscardReason.VRID,
        DiscardReason.AUTHENTICATION_TYPE,
    }
)
"""What depends on the packet alone, and, in part, the interval."""


def passes(router: VirtualRouter, packet: bytes) -> bool:
    """Whether the stricter program of a router passes it."""
    versions = frozenset({router.version, Version.V2} if router.with_version_2 else {router.version})
    types = frozenset({int(router.authentication_type)})
    form = Form(without_addresses=not router.addresses, authentication_types=types)
    instructions = program(router.family, Terms(frozenset({router.vrid}), versions, form=form))
    return run(instructions, packet, 0 if router.family is Family.IPV4 else 40) > 0


def hears(router: VirtualRouter, packet: bytes) -> Advertisement | Discard:
    """What the daemon makes of it."""
    header = 4 * (packet[0] & 0xF) if router.family is Family.IPV4 else 40
    size, source_at = (4, 12) if router.family is Family.IPV4 else (16, 8)
    source, destination = (ip_address(packet[start : start + size]) for start in (source_at, source_at + size))
    return receive(packet[header:], ReceivedFrom(source, destination, packet[HOP_LIMIT_AT[router.family]]), router)


def in_scope(router: VirtualRouter, packet: bytes, found: Discard) -> bool:
    """Whether the kernel is to refuse it: the program itself, not the check that an IPv6 socket can ask for."""
    if found.reason is DiscardReason.INTERVAL:
        return found.found == "0 s"
    if found.reason is not DiscardReason.CHECKSUM:
        return found.reason in KERNEL_TELLS
    longest = message_length(Version.V2, Family.IPV4, SUMMED_ADDRESSES)
    return router.family is Family.IPV4 and packet[0] == 0x45 and len(packet) - 20 <= longest


@st.composite
def nearly_sound(draw: st.DrawFn, router: VirtualRouter) -> bytes:
    """A whole advertisement for it, or for nobody, with IP options, a few other bytes, and another end."""
    sent = draw(advertisements(router.family))
    if draw(st.booleans()):
        sent = replace(sent, vrid=router.vrid)
    source = draw(sources(router.family) | st.just(OURS[router.family]))
    message = encode(sent, source)
    tail = draw(st.sampled_from([0, 0, 0, -1, -4, 1, 4, 8]))
    packet = bytearray(advertisement_datagram(source, message[:tail] if tail < 0 else message + bytes(tail)))
    header = 40 if router.family is Family.IPV6 else 20
    for _ in range(draw(st.integers(0, 2))):
        position = draw(st.integers(header, len(packet) - 1) | st.just(HOP_LIMIT_AT[router.family]))
        packet[position] = draw(st.integers(0, 255))
    options = draw(st.just(0) | st.integers(0, 10))
    if router.family is Family.IPV4:
        packet[0] += options
        packet[20:20] = bytes(4 * options)
    return bytes(packet)


@given(router=routers(), data=st.data())
def test_it_refuses_nothing_that_a_router_accepts_and_all_that_it_is_to_tell(
    router: VirtualRouter, data: st.DataObject
) -> None:
    packet = data.draw(nearly_sound(router))
    found = hears(router, packet)
    note(str(found.reason if isinstance(found, Discard) else "accepted"))
    if isinstance(found, Advertisement):
        assert passes(router, packet)
    elif in_scope(router, packet, found):
        assert not passes(router, packet)


@given(router=routers(), data=st.data(), form=st.sampled_from(ChecksumForm))
def test_what_a_peer_with_the_same_configuration_sends_passes(
    router: VirtualRouter, data: st.DataObject, form: ChecksumForm
) -> None:
    version = Version.V2 if router.with_version_2 else router.version
    sent = an_advertisement(router, version=version, priority=data.draw(st.integers(0, 255)))
    if router.with_version_2:
        sent = replace(sent, interval=seconds(1))
    if version is Version.V3 and router.family is Family.IPV4:
        sent = replace(sent, checksum=form)
    source = data.draw(sources(router.family))
    assert passes(router, advertisement_datagram(source, encode(sent, source)))


@st.composite
def summed(draw: st.DrawFn) -> tuple[Advertisement, Address]:
    """An advertisement over IPv4 of a length that the program sums."""
    sent = draw(advertisements(Family.IPV4))
    return replace(sent, addresses=sent.addresses[:SUMMED_ADDRESSES]), draw(st.ip_addresses(v=4))


@families
@pytest.mark.parametrize("count", [1, 8, SUMMED_ADDRESSES, SUMMED_ADDRESSES + 3])
@pytest.mark.parametrize("form", ChecksumForm)
def test_with_a_trailer_the_message_before_it_is_judged_and_no_other_length_passes(
    family: Family, count: int, form: ChecksumForm
) -> None:
    """The length of a trailer is that of seven addresses: what is summed must be the message alone."""
    router, source = a_router(family), GREATER[family]
    kind = type(router.advertised[0])
    sent = an_advertisement(router, addresses=tuple(kind(number) for number in range(1, count + 1)))
    if family is Family.IPV4:
        sent = replace(sent, checksum=form)
    message = encode(sent, source)
    terms = Terms(frozenset({router.vrid}), frozenset({Version.V3}), form=Form(with_trailer=True))

    def lets_in(payload: bytes) -> bool:
        packet = advertisement_datagram(source, payload)
        return run(program(family, terms), packet, 0 if family is Family.IPV4 else 40) > 0

    trailer = bytes(range(28))
    assert [length for length in range(57) if lets_in(message + (trailer + trailer)[:length])] == [0, 28]
    wrong = message[:2] + bytes((message[2] ^ 1,)) + message[3:]
    left_to_the_daemon = family is Family.IPV6 or count > SUMMED_ADDRESSES
    assert lets_in(wrong) == lets_in(wrong + trailer) == left_to_the_daemon
    assert not passes(router, advertisement_datagram(source, message + trailer))


@families
@pytest.mark.parametrize("versions", [{Version.V2}, {Version.V3}, set(Version)], ids=str)
def test_the_kernel_takes_the_program_with_trailers(family: Family, versions: set[Version]) -> None:
    """It looks more closely than any run of a program: a load must come after a store on each way to it."""
    terms = Terms(frozenset({51}), frozenset(versions), {51: Cutoff(100, None)}, form=Form(with_trailer=True))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        bpf.attach(taken, program(family, terms))


@pytest.mark.parametrize("own", [None, Secret(b"secret")], ids=["none", "password"])
@pytest.mark.parametrize("kind", [0, 1, 2, 255])
def test_version_2_passes_with_its_own_authentication_type_alone(own: Secret | None, kind: int) -> None:
    router = a_router(version=Version.V2, password=own)
    sent = an_advertisement(router, password=own)
    message = bytearray(encode(sent, GREATER[Family.IPV4]))
    message[AUTHENTICATION_TYPE_AT] = kind
    message[CHECKSUM_AT : CHECKSUM_AT + 2] = bytes(2)
    message[CHECKSUM_AT : CHECKSUM_AT + 2] = checksum(bytes(message)).to_bytes(2)
    assert passes(router, advertisement_datagram(GREATER[Family.IPV4], bytes(message))) == (kind == bool(own))


def test_where_some_have_a_password_and_others_none_both_types_pass() -> None:
    form = Form(authentication_types=frozenset({0, 1}))
    both = Terms(frozenset({51}), frozenset({Version.V2}), form=form)
    instructions = program(Family.IPV4, both)
    router = a_router(version=Version.V2)
    for password in (None, Secret(b"secret")):
        message = encode(an_advertisement(router, password=password), GREATER[Family.IPV4])
        assert run(instructions, advertisement_datagram(GREATER[Family.IPV4], message), 0) > 0


ALL_ONES = IPv4Address("255.255.255.255")


@given(sent=summed(), wrong=st.integers(0, 0xFFFF))
@example((an_advertisement(a_router(), addresses=(ALL_ONES,) * SUMMED_ADDRESSES), ALL_ONES), 0)
@example((an_advertisement(a_router(), addresses=(ALL_ONES,)), IPv4Address("0.0.0.0")), 0xFFFF)  # noqa: S104 - a number
def test_every_checksum_is_judged_as_the_daemon_does(sent: tuple[Advertisement, Address], wrong: int) -> None:
    advertisement, source = sent
    addresses = ADDRESSES[Family.IPV4] if advertisement.addresses else ()
    router = a_router(version=advertisement.version, vrid=advertisement.vrid, addresses=addresses)
    packet = bytearray(advertisement_datagram(source, encode(advertisement, source)))
    assert passes(router, bytes(packet))
    packet[26:28] = wrong.to_bytes(2)
    found = hears(router, bytes(packet))
    is_wrong = isinstance(found, Discard) and found.reason is DiscardReason.CHECKSUM
    assert passes(router, bytes(packet)) != is_wrong


@pytest.mark.parametrize("version", Version)
def test_any_number_of_addresses_passes_and_up_to_the_limit_a_wrong_sum_does_not(version: Version) -> None:
    router, source = a_router(version=version), GREATER[Family.IPV4]
    longest = message_length(Version.V2, Family.IPV4, SUMMED_ADDRESSES)
    for count in range(1, 256):
        addresses = tuple(IPv4Address(0x0A000001 + number) for number in range(count))
        sent = an_advertisement(router, addresses=addresses)
        packet = bytearray(advertisement_datagram(source, encode(sent, source)))
        assert passes(router, bytes(packet))
        packet[26] ^= 1
        assert passes(router, bytes(packet)) == (len(packet) - 20 > longest)


@families
def test_an_end_that_is_cut_anywhere_refuses(family: Family) -> None:
    router, source = a_router(family), GREATER[family]
    packet = advertisement_datagram(source, encode(an_advertisement(router), source))
    assert family_of(source) is family
    assert [length for length in range(len(packet) + 1) if passes(router, packet[:length])] == [len(packet)]
