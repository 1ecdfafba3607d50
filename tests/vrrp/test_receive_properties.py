"""What holds for any bytes: there is an outcome, what is accepted was sent so, and a flipped bit is found."""

from dataclasses import replace
from ipaddress import IPv4Address

from hypothesis import assume, given
from hypothesis import strategies as st

from failover.vrrp import (
    Address,
    Advertisement,
    Discard,
    DiscardReason,
    Family,
    ReceivedFrom,
    VirtualRouter,
    encode,
    family_of,
    receive,
)
from failover.vrrp.packet.checksum import checksum, ones_complement_sum, pseudo_header
from failover.vrrp.packet.source import impossible_source
from failover.vrrp.scope import GROUPS
from tests.rfc.marks import negative, positive
from tests.vrrp.making import ADDRESSES, GREATER, OURS, V2, a_router, an_advertisement
from tests.vrrp.strategies import addresses, advertisements, any_meta, families, routers


def arrived_from(source: Address) -> ReceivedFrom:
    return ReceivedFrom(source, GROUPS[family_of(source)], 255)


def listener(advertisement: Advertisement, source: Address) -> VirtualRouter:
    """A router for which the advertisement is meant; nothing else of it matters."""
    return a_router(
        family_of(source),
        version=advertisement.version,
        vrid=advertisement.vrid,
        advertisement_interval=advertisement.interval,
        require_link_local=False,
        addresses=ADDRESSES[family_of(source)] if advertisement.addresses else (),
    )


@st.composite
def sent(draw: st.DrawFn) -> tuple[Advertisement, Address]:
    family = draw(families)
    source, advertisement = draw(addresses(family)), draw(advertisements(family))
    assume(source != OURS[family])
    assume(impossible_source(source, advertisement, listener(advertisement, source)) is None)
    return advertisement, source


@positive("R-074")
@given(st.binary(max_size=80), any_meta, routers())
def test_any_bytes_from_anywhere_have_an_outcome(payload: bytes, meta: ReceivedFrom, router: VirtualRouter) -> None:
    assert isinstance(receive(payload, meta, router), Advertisement | Discard)


@positive("R-074")
@given(st.data(), routers(), any_meta)
def test_any_bytes_with_a_right_checksum_have_an_outcome(
    data: st.DataObject, router: VirtualRouter, meta: ReceivedFrom
) -> None:
    first = data.draw(st.sampled_from([0x21, 0x31]))
    head = bytes((first, router.vrid, data.draw(st.integers(0, 255)), data.draw(st.integers(0, 3))))
    word = data.draw(st.binary(min_size=2, max_size=2))
    body = data.draw(
        st.sampled_from([0, 4, 8, 12, 16, 20, 24, 32, 48]).flatmap(lambda n: st.binary(min_size=n, max_size=n))
    )
    message = head + word + b"\0\0" + body
    pseudo = pseudo_header(meta.source, meta.destination, len(message)) if data.draw(st.booleans()) else b""
    payload = message[:6] + checksum(message, pseudo).to_bytes(2) + body
    meta = replace(meta, destination=GROUPS[router.family], hop_limit=255)
    assert isinstance(receive(payload, meta, router), Advertisement | Discard)


@positive("R-021", "R-084")
@given(sent())
def test_what_was_encoded_is_received_as_it_was(sent: tuple[Advertisement, Address]) -> None:
    advertisement, source = sent
    payload = encode(advertisement, source)
    found = receive(payload, arrived_from(source), listener(advertisement, source))
    same_sum = ones_complement_sum(pseudo_header(source, GROUPS[family_of(source)], len(payload))) == 0xFFFF
    if same_sum and isinstance(found, Advertisement):
        found = replace(found, checksum=advertisement.checksum)  # both forms are the same number
    assert found == advertisement


@given(sent(), st.binary(min_size=8, max_size=8), st.integers(0, 15))
def test_what_is_accepted_encodes_to_the_same_but_for_what_the_rfc_ignores(
    sent: tuple[Advertisement, Address], authentication: bytes, reserve: int
) -> None:
    advertisement, source = sent
    message = bytearray(encode(advertisement, source))
    if advertisement.version is V2:
        message[-8:] = authentication
    else:
        message[4] |= reserve << 4
    ignored = bytes(message)
    found = receive(_with_checksum(ignored, source), arrived_from(source), listener(advertisement, source))
    assert isinstance(found, Advertisement)
    assert replace(found, checksum=advertisement.checksum) == advertisement


def _with_checksum(message: bytes, source: Address) -> bytes:
    blank = message[:6] + b"\0\0" + message[8:]
    family = family_of(source)
    pseudo = pseudo_header(source, GROUPS[family], len(message)) if family is Family.IPV6 else b""
    return message[:6] + checksum(blank, pseudo).to_bytes(2) + message[8:]


POWERS_OF_TWO = {sign * 2**bit % 0xFFFF for bit in range(16) for sign in (1, -1)}
"""By how much one flipped bit changes a one's complement sum."""


def mistakable(advertisement: Advertisement, source: Address) -> bool:
    """Whether a flipped bit can turn one form of checksum into the other.

    Only IPv4 version 3 has two forms. They differ by the sum of the pseudo-header; where that is a power of two, a
    certain bit makes up for it. So it is for 32 of 65535 sums, one source address in two thousand.
    """
    if advertisement.version is V2 or family_of(source) is Family.IPV6:
        return False
    length = len(encode(advertisement, source))
    return ones_complement_sum(pseudo_header(source, GROUPS[Family.IPV4], length)) % 0xFFFF in POWERS_OF_TWO


@negative("R-021", "R-075", "R-079")
@given(sent(), st.data())
def test_a_flipped_bit_is_found(sent: tuple[Advertisement, Address], data: st.DataObject) -> None:
    advertisement, source = sent
    assume(not mistakable(advertisement, source))
    payload = bytearray(encode(advertisement, source))
    bit = data.draw(st.integers(0, len(payload) * 8 - 1))
    payload[bit // 8] ^= 0x80 >> bit % 8
    for router in (listener(advertisement, source), _migrating(listener(advertisement, source))):
        assert isinstance(receive(bytes(payload), arrived_from(source), router), Discard)


def _migrating(router: VirtualRouter) -> VirtualRouter:
    return router if router.version is V2 or router.family is Family.IPV6 else replace(router, with_version_2=True)


def test_the_price_of_accepting_both_forms_is_a_flipped_bit_that_a_rare_source_address_hides() -> None:
    router = a_router()
    advertisement = an_advertisement(router)
    rare = [IPv4Address(f"192.0.{i >> 8}.{i & 0xFF}") for i in range(0x10000)]
    rare = [source for source in rare if mistakable(advertisement, source)]
    assert len(rare) == 32
    hidden = 0
    for source in rare:
        sound = encode(advertisement, source)
        flipped = [
            sound[:at] + bytes((sound[at] ^ 1 << bit,)) + sound[at + 1 :]
            for at in range(len(sound))
            for bit in range(8)
        ]
        outcomes = [receive(payload, arrived_from(source), router) for payload in flipped]
        assert sum(isinstance(found, Advertisement) for found in outcomes) < len(sound) / 2
        hidden += any(isinstance(found, Advertisement) for found in outcomes)
    assert hidden > 0


@given(st.binary(max_size=80), routers())
def test_the_first_check_is_the_cheapest(payload: bytes, router: VirtualRouter) -> None:
    meta = ReceivedFrom(GREATER[router.family], GROUPS[router.family], 64)
    assert receive(payload, meta, router) == Discard(DiscardReason.HOP_LIMIT, 64, 255)
