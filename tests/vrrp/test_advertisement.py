"""Bytes and fields: the table both ways, and what does not fit the wire."""

from dataclasses import replace

import pytest

from failover.vrrp import (
    Address,
    Advertisement,
    Discard,
    DiscardReason,
    Interval,
    ReceivedFrom,
    Version,
    centiseconds,
    encode,
    encode_trial,
    family_of,
    receive,
    seconds,
)
from failover.vrrp.packet.advertisement import checksum_form, message_length, read_header
from failover.vrrp.router import VirtualRouter
from failover.vrrp.scope import GROUPS
from tests.rfc.marks import negative, positive
from tests.vrrp.making import OURS, V2, V3, a_router, virtual_addresses
from tests.vrrp.wire import (
    EACH_EXAMPLE,
    EXAMPLES,
    IPV4_SOURCE,
    IPV6_ONE,
    IPV6_SOURCE,
    MESSAGE,
    ONE,
    PSEUDO_HEADER,
    Example,
)

PLAIN = Advertisement(version=V3, vrid=51, priority=100, interval=seconds(1), addresses=ONE)


def listener(advertisement: Advertisement, source: Address) -> VirtualRouter:
    """A router to which the advertisement is addressed."""
    family = family_of(source)
    return a_router(
        family,
        version=advertisement.version,
        vrid=advertisement.vrid,
        primary_address=OURS[family],
        advertisement_interval=advertisement.interval,
        addresses=virtual_addresses(*map(str, advertisement.addresses)),
    )


@positive("R-011", "R-016", "R-018", "R-020", "R-021", "R-022", "R-023", "R-026", "R-027", "R-084", "S-003", "S-005")
@EACH_EXAMPLE
def test_an_advertisement_becomes_its_bytes(example: Example) -> None:
    assert encode(example.advertisement, example.source).hex() == example.bytes.hex()


@EACH_EXAMPLE
def test_a_trial_is_as_long_and_each_receiver_discards_it_for_its_type(example: Example) -> None:
    message = encode_trial(example.advertisement, example.source)
    assert len(message) == len(example.bytes)
    meta = ReceivedFrom(example.source, GROUPS[family_of(example.source)], 255)
    found = receive(message, meta, listener(example.advertisement, example.source))
    assert isinstance(found, Discard)
    assert found.reason is DiscardReason.TYPE


@positive("R-011", "R-012", "R-020", "R-021", "R-022", "R-023", "R-073", "R-074", "R-075", "S-004", "S-005", "S-006")
@EACH_EXAMPLE
def test_the_bytes_become_the_advertisement(example: Example) -> None:
    meta = ReceivedFrom(example.source, GROUPS[family_of(example.source)], 255)
    assert receive(example.bytes, meta, listener(example.advertisement, example.source)) == example.advertisement


@negative("R-020")
def test_300_centiseconds_are_not_read_as_44() -> None:
    assert read_header(bytes.fromhex("3133fe03012c0000")).interval == seconds(3)


@positive("R-019")
@pytest.mark.parametrize("reserve", range(16))
def test_the_reserve_nibble_is_no_part_of_the_interval(reserve: int) -> None:
    assert read_header(bytes((0x31, 51, 100, 1, reserve << 4 | 0x1, 0x2C, 0, 0))).interval == seconds(3)


@negative("R-018")
@EACH_EXAMPLE
def test_no_value_reaches_the_reserve_nibble(example: Example) -> None:
    if example.advertisement.version is V3:
        assert example.bytes[4] >> 4 == 0
        with pytest.raises(ValueError, match="does not fit version 3"):
            encode(replace(example.advertisement, interval=centiseconds(4096)), example.source)


@positive("R-020")
def test_version_2_reads_eight_bits_of_seconds_and_an_authentication_type() -> None:
    header = read_header(bytes.fromhex("2133fe0301ff0000"))
    assert (header.version, header.type, header.vrid, header.priority, header.count) == (2, 1, 51, 254, 3)
    assert (header.authentication_type, header.interval) == (1, seconds(255))


@negative("R-029")
@pytest.mark.parametrize(
    ("version", "interval"),
    [
        (V3, centiseconds(4096)),
        (V3, Interval(centiseconds(1) // 2)),
        (V2, seconds(256)),
        (V2, centiseconds(50)),
        (V2, Interval(-seconds(1))),
    ],
)
def test_an_interval_that_does_not_fit_is_refused(version: Version, interval: Interval) -> None:
    with pytest.raises(ValueError, match=f"interval {interval} ns does not fit version {version}"):
        encode(replace(PLAIN, version=version, interval=interval), IPV4_SOURCE)


@pytest.mark.parametrize("value", [-1, 256])
def test_a_number_that_does_not_fit_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match=f"does not fit eight bits: vrid {value}"):
        encode(replace(PLAIN, vrid=value), IPV4_SOURCE)
    with pytest.raises(ValueError, match=f"does not fit eight bits: .*priority {value}"):
        encode(replace(PLAIN, priority=value), IPV4_SOURCE)


def test_more_addresses_than_the_count_field_can_say_are_refused() -> None:
    assert len(encode(replace(PLAIN, addresses=ONE * 255), IPV4_SOURCE)) == message_length(V3, family_of(ONE[0]), 255)
    with pytest.raises(ValueError, match="256 addresses"):
        encode(replace(PLAIN, addresses=ONE * 256), IPV4_SOURCE)


@negative("R-026")
@pytest.mark.parametrize(
    ("addresses", "source"), [(IPV6_ONE, IPV4_SOURCE), (ONE, IPV6_SOURCE), (ONE + IPV6_ONE, IPV4_SOURCE)]
)
def test_addresses_of_another_family_than_the_packet_are_refused(
    addresses: tuple[Address, ...], source: Address
) -> None:
    with pytest.raises(ValueError, match="addresses of another family in a message over"):
        encode(replace(PLAIN, addresses=addresses), source)


@negative("R-022", "R-023", "S-005", "S-014")
@pytest.mark.parametrize(
    ("advertisement", "source"),
    [
        (replace(PLAIN, version=V2, checksum=PSEUDO_HEADER), IPV4_SOURCE),
        (replace(PLAIN, addresses=IPV6_ONE), IPV6_SOURCE),
        (replace(PLAIN, version=V2, addresses=IPV6_ONE), IPV6_SOURCE),
        (replace(PLAIN, version=V2, addresses=IPV6_ONE, checksum=PSEUDO_HEADER), IPV6_SOURCE),
    ],
)
def test_only_ipv4_version_3_has_two_forms_of_checksum(advertisement: Advertisement, source: Address) -> None:
    with pytest.raises(ValueError, match="has no checksum of the form"):
        encode(advertisement, source)


@negative("R-021", "R-022", "R-023", "S-005", "R-075")
@EACH_EXAMPLE
def test_a_wrong_checksum_has_no_form(example: Example) -> None:
    wrong = example.bytes[:7] + bytes((example.bytes[7] ^ 1,)) + example.bytes[8:]
    group = GROUPS[family_of(example.source)]
    assert checksum_form(example.bytes, example.advertisement.version, example.source, group) is not None
    assert checksum_form(wrong, example.advertisement.version, example.source, group) is None


@negative("S-005")
def test_version_2_does_not_accept_a_pseudo_header() -> None:
    pseudo = next(e for e in EXAMPLES if e.advertisement.version is V3 and e.advertisement.checksum is PSEUDO_HEADER)
    group = GROUPS[family_of(pseudo.source)]
    assert checksum_form(pseudo.bytes, V3, pseudo.source, group) is PSEUDO_HEADER
    assert checksum_form(pseudo.bytes, V2, pseudo.source, group) is None


@negative("R-023")
def test_ipv6_does_not_accept_a_checksum_without_the_pseudo_header() -> None:
    alone = encode(PLAIN, IPV4_SOURCE)
    assert checksum_form(alone, V3, IPV4_SOURCE, GROUPS[family_of(IPV4_SOURCE)]) is MESSAGE
    assert checksum_form(alone, V3, IPV6_SOURCE, GROUPS[family_of(IPV6_SOURCE)]) is None


@positive("S-003")
@EACH_EXAMPLE
def test_version_2_ends_with_eight_zeros_and_version_3_with_the_addresses(example: Example) -> None:
    a = example.advertisement
    trailer = bytes(8) if a.version is V2 else b""
    assert example.bytes.endswith(a.addresses[-1].packed + trailer)
    assert len(example.bytes) == message_length(a.version, family_of(example.source), len(a.addresses))
