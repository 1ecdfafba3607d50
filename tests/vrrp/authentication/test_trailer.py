"""The HMAC trailer: the two images of draft-cassen-vrrp-auth-hmac-00, and what each changed bit makes of them."""

import hashlib
import hmac
from dataclasses import replace
from ipaddress import IPv6Address, ip_address, ip_interface
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.vrrp import (
    Address,
    Advertisement,
    Discard,
    DiscardReason,
    Family,
    ReceivedFrom,
    Secret,
    VirtualRouter,
    encode,
)
from failover.vrrp.authentication.keys import AuthenticationMode, Digest, KeyedAuthentication
from failover.vrrp.authentication.replay import NO_MARKS, Marks
from failover.vrrp.authentication.sequence import Sequence
from failover.vrrp.authentication.trailer import read
from failover.vrrp.packet.authenticated import receive_signed, trailer_of, with_trailer
from failover.vrrp.packet.checksum import checksum, pseudo_header
from failover.vrrp.protocol import ChecksumForm, family_of
from failover.vrrp.scope import GROUPS, Peer, Scope
from failover.vrrp.units import seconds
from tests.vrrp.making import an_advertisement

KEY: Final = bytes(range(32))
SEQUENCE: Final = Sequence(0x6800000080000000)
WALL: Final = 0x68000000 * 1_000_000_000 + 500_000_000
"""The moment of that sequence."""
BY: Final = KeyedAuthentication(keys=((1, Secret(KEY)),), active_key=1, window=seconds(5))

IMAGES: Final = {
    Family.IPV4: bytes.fromhex("3133c80100644402c0000264 010100006800000080000000 1b84bc4e8e43892dc6d98448f8ee2265"),
    Family.IPV6: bytes.fromhex(
        "3133c8010064a2e9fe800000000000000000000000000100 010100006800000080000000 c8c56146ebfd66ee10ec4d8186461b78"
    ),
}
"""Key 00 01 .. 1f with the number 1, VRID 51, priority 200, 1 s."""
SOURCES: Final = {Family.IPV4: ip_address("198.51.100.10"), Family.IPV6: ip_address("fe80::10")}
UNICAST: Final = IPv6Address("fe80::20")
"""Where the image of IPv6 goes: its checksum is for that destination."""
ROUTERS: Final = {
    Family.IPV4: VirtualRouter(
        vrid=51, addresses=(ip_interface("192.0.2.100/24"),), primary_address=ip_address("198.51.100.11"), keyed=BY
    ),
    Family.IPV6: VirtualRouter(
        vrid=51, addresses=(ip_interface("fe80::100/64"),), primary_address=ip_address("fe80::11"), keyed=BY
    ),
}
EACH_FAMILY = pytest.mark.parametrize("family", Family)


def digest(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)


def signed(message: bytes, source: Address, by: KeyedAuthentication, sequence: Sequence, digest: Digest) -> bytes:
    return with_trailer(message, trailer_of(message, source, by, sequence, digest), family_of(source))


def outcome(family: Family, payload: bytes, marks: Marks = NO_MARKS, wall: int = WALL) -> Advertisement | DiscardReason:
    meta = ReceivedFrom(SOURCES[family], GROUPS[family], 255)
    found, _ = receive_signed(payload, meta, ROUTERS[family], marks, wall, digest)
    return found.reason if isinstance(found, Discard) else found


def own(family: Family) -> bytes:
    """What we send in the place of the image: to the group, which the checksum of IPv6 covers."""
    advertisement = an_advertisement(ROUTERS[family], priority=200)
    source = SOURCES[family]
    return signed(encode(advertisement, source), source, BY, SEQUENCE, digest)


def test_the_image_of_ipv4_is_heard_and_is_what_we_send() -> None:
    found = outcome(Family.IPV4, IMAGES[Family.IPV4])
    assert isinstance(found, Advertisement)
    assert (found.priority, found.checksum) == (200, ChecksumForm.MESSAGE)
    assert own(Family.IPV4) == IMAGES[Family.IPV4]


def test_the_image_of_ipv6_is_heard_by_the_peer_that_it_is_for_and_is_what_we_send_it() -> None:
    image, source = IMAGES[Family.IPV6], SOURCES[Family.IPV6]
    router = replace(ROUTERS[Family.IPV6], primary_address=UNICAST, scope=Scope(peers=(Peer(source),)))
    meta = ReceivedFrom(source, UNICAST, 255)
    found, _ = receive_signed(image, meta, router, NO_MARKS, WALL, digest)
    assert found == an_advertisement(router, priority=200)
    assert (
        signed(encode(an_advertisement(router, priority=200), source, UNICAST), source, BY, SEQUENCE, digest) == image
    )


def test_to_the_group_the_image_of_ipv6_has_the_same_digest_and_another_checksum() -> None:
    image, ours = IMAGES[Family.IPV6], own(Family.IPV6)
    assert ours[:6] + ours[8:] == image[:6] + image[8:]
    assert isinstance(outcome(Family.IPV6, ours), Advertisement)
    assert outcome(Family.IPV6, image) is DiscardReason.CHECKSUM


@given(
    st.binary(min_size=8, max_size=64).filter(lambda message: len(message) % 2 == 0),
    st.binary(min_size=28, max_size=28),
)
def test_over_ipv6_the_checksum_grows_by_the_trailer_whatever_it_was_made_of(message: bytes, trailer: bytes) -> None:
    source = SOURCES[Family.IPV6]
    blank = message[:6] + b"\0\0" + message[8:]
    for destination in (UNICAST, GROUPS[Family.IPV6]):
        value = checksum(blank, pseudo_header(source, destination, len(blank)))
        whole = with_trailer(message[:6] + value.to_bytes(2) + message[8:], trailer, Family.IPV6)
        expected = checksum(blank + trailer, pseudo_header(source, destination, len(blank) + 28))
        assert whole == message[:6] + expected.to_bytes(2) + message[8:] + trailer


@pytest.mark.parametrize("form", ChecksumForm)
def test_over_ipv4_the_checksum_is_that_without_the_trailer_in_either_form(form: ChecksumForm) -> None:
    source, peer = SOURCES[Family.IPV4], ip_address("203.0.113.7")
    router = replace(ROUTERS[Family.IPV4], primary_address=peer, scope=Scope(peers=(Peer(source),)))
    message = encode(an_advertisement(router, checksum=form), source, peer)
    whole = signed(message, source, BY, SEQUENCE, digest)
    assert whole[:-28] == message
    found, _ = receive_signed(whole, ReceivedFrom(source, peer, 255), router, NO_MARKS, WALL, digest)
    assert found == an_advertisement(router, checksum=form)


@EACH_FAMILY
def test_a_stranger_with_the_key_is_no_peer(family: Family) -> None:
    router = replace(ROUTERS[family], scope=Scope(peers=(Peer(ROUTERS[family].primary_address + 7),)))
    meta = ReceivedFrom(SOURCES[family], router.primary_address, 255)
    found, marks = receive_signed(own(family), meta, router, NO_MARKS, WALL, digest)
    assert isinstance(found, Discard)
    assert (found.reason, marks) == (DiscardReason.NOT_A_PEER, NO_MARKS)


@EACH_FAMILY
def test_each_bit_of_it_counts(family: Family) -> None:
    image = own(family)
    message = len(image) - 28
    allowed = {
        "checksum": (range(6, 8), {DiscardReason.CHECKSUM}),
        "version and type": (
            range(1),
            {DiscardReason.NOT_SIGNED, DiscardReason.TRAILER, DiscardReason.SIGNATURE}
            | {DiscardReason.VERSION, DiscardReason.TYPE, DiscardReason.LENGTH},
        ),
        "vrid": (range(1, 2), {DiscardReason.SIGNATURE}),
        "priority": (range(2, 3), {DiscardReason.SIGNATURE}),
        "count": (range(3, 4), {DiscardReason.TRAILER, DiscardReason.ADDRESS_COUNT, DiscardReason.LENGTH}),
        "interval": (range(4, 6), {DiscardReason.SIGNATURE}),
        "address": (range(8, message), {DiscardReason.SIGNATURE}),
        "trailer type": (range(message, message + 1), {DiscardReason.TRAILER}),
        "key": (range(message + 1, message + 2), {DiscardReason.KEY}),
        "reserved": (range(message + 2, message + 4), {DiscardReason.TRAILER}),
        "seconds": (range(message + 4, message + 8), {DiscardReason.SIGNATURE, DiscardReason.TIME}),
        "fraction and counter": (range(message + 8, message + 12), {DiscardReason.SIGNATURE}),
        "digest": (range(message + 12, message + 28), {DiscardReason.SIGNATURE}),
    }
    assert isinstance(outcome(family, image), Advertisement)
    assert sum(len(places) for places, _ in allowed.values()) == len(image)
    for what, (places, reasons) in allowed.items():
        for place in places:
            for bit in range(8):
                changed = bytearray(image)
                changed[place] ^= 1 << bit
                assert outcome(family, bytes(changed)) in reasons, (what, place, bit)


@EACH_FAMILY
def test_in_the_name_of_another_sender_it_is_worth_nothing(family: Family) -> None:
    other = ip_address(int(SOURCES[family]) + 5)
    meta = ReceivedFrom(other, GROUPS[family], 255)
    found, marks = receive_signed(own(family), meta, ROUTERS[family], NO_MARKS, WALL, digest)
    assert isinstance(found, Discard)
    assert (found.reason, marks) == (DiscardReason.SIGNATURE, NO_MARKS)


@EACH_FAMILY
@pytest.mark.parametrize("length", [1, 4, 12, 27, 29, 56])
def test_what_is_shorter_or_longer_than_a_trailer_is_none(family: Family, length: int) -> None:
    image = own(family)
    payload = image[: len(image) - 28] + (image[-28:] + bytes(28))[:length]
    assert outcome(family, payload) is DiscardReason.TRAILER


@EACH_FAMILY
def test_an_end_that_is_cut_anywhere_is_refused(family: Family) -> None:
    image = own(family)
    for length in range(len(image)):
        assert not isinstance(outcome(family, image[:length]), Advertisement)


def test_a_trailer_of_another_type_or_with_something_reserved_is_not_read() -> None:
    trailer = IMAGES[Family.IPV4][-28:]
    found = read(trailer)
    assert found is not None
    assert (found.key_id, found.sequence) == (1, SEQUENCE)
    assert found.head + found.digest == trailer
    assert read(b"\x02" + trailer[1:]) is None
    assert read(trailer[:2] + b"\0\1" + trailer[4:]) is None


def test_what_keys_there_may_be() -> None:
    for keys, active, words in (
        ((), 1, "there is no such key"),
        (((1, Secret(KEY)),), 2, "active_key is 2, and there is no such key"),
        (((1, Secret(KEY)), (1, Secret(KEY))), 1, "each once"),
        (((0, Secret(KEY)),), 0, "1 to 255"),
        (((256, Secret(KEY)),), 256, "1 to 255"),
        (((1, Secret(KEY[:31])),), 1, "32 to 64 bytes"),
        (((1, Secret(bytes(65))),), 1, "32 to 64 bytes"),
    ):
        with pytest.raises(ValueError, match=words):
            KeyedAuthentication(keys=keys, active_key=active)
    assert KEY.hex() not in repr(BY)
    assert {BY: 1}[KeyedAuthentication(keys=((1, Secret(KEY)),), active_key=1, window=seconds(5))] == 1


def test_a_key_and_a_password_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="password is set; allowed: none beside a key"):
        VirtualRouter(
            vrid=51,
            addresses=(ip_interface("192.0.2.100/24"),),
            primary_address=ip_address("192.0.2.1"),
            password=Secret(b"secret"),
            keyed=BY,
        )


@pytest.mark.parametrize(
    ("mode", "signs", "hears"),
    [
        (AuthenticationMode.RECEIVE_ONLY, False, True),
        (AuthenticationMode.PERMISSIVE, True, True),
        (AuthenticationMode.ENFORCE, True, False),
    ],
)
def test_the_mode_says_who_signs_and_whether_an_unsigned_one_is_heard(
    mode: AuthenticationMode, *, signs: bool, hears: bool
) -> None:
    by = KeyedAuthentication(keys=BY.keys, active_key=1, mode=mode)
    router = VirtualRouter(
        vrid=51, addresses=(ip_interface("192.0.2.100/24"),), primary_address=ip_address("198.51.100.11"), keyed=by
    )
    assert router.signs is signs
    source = SOURCES[Family.IPV4]
    meta = ReceivedFrom(source, GROUPS[Family.IPV4], 255)
    plain = encode(an_advertisement(router), source)
    found, _ = receive_signed(plain, meta, router, NO_MARKS, WALL, digest)
    assert found == (an_advertisement(router) if hears else Discard(DiscardReason.NOT_SIGNED))
    assert isinstance(receive_signed(IMAGES[Family.IPV4], meta, router, NO_MARKS, WALL, digest)[0], Advertisement)
    forged = IMAGES[Family.IPV4][:-1] + b"\0"
    assert receive_signed(forged, meta, router, NO_MARKS, WALL, digest)[0] == Discard(
        DiscardReason.SIGNATURE, "that is wrong"
    )


def test_whoever_has_no_keys_does_not_hear_what_is_signed() -> None:
    router = VirtualRouter(
        vrid=51, addresses=(ip_interface("192.0.2.100/24"),), primary_address=ip_address("198.51.100.11")
    )
    meta = ReceivedFrom(SOURCES[Family.IPV4], GROUPS[Family.IPV4], 255)
    found, marks = receive_signed(IMAGES[Family.IPV4], meta, router, NO_MARKS, WALL, digest)
    assert found == Discard(DiscardReason.TRAILING_BYTES, 28, 0)
    assert marks == NO_MARKS
