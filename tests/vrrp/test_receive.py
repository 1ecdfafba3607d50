"""The receive procedure of RFC 9568 §7.1 and RFC 3768 §7.1: what is refused, in which order, and what is not."""

from dataclasses import replace
from itertools import combinations

import pytest

from failover.vrrp import (
    Advertisement,
    Discard,
    DiscardReason,
    Family,
    VirtualRouter,
    receive,
    seconds,
)
from tests.rfc.marks import negative, positive
from tests.vrrp.making import OURS, a_router
from tests.vrrp.packets import (
    IPV4,
    IPV4_ROUTER,
    IPV6,
    IPV6_ROUTER,
    SOUND,
    V2_ROUTER,
    VERSION_2,
    Fault,
    Packet,
    accepts,
    ladder,
    outcome,
)

EACH_KIND = pytest.mark.parametrize(("packet", "router"), SOUND, ids=["ipv4", "ipv6", "version_2"])


# The whole ladder


@positive("R-006", "R-008", "R-011", "R-012", "R-017", "R-021", "R-025", "R-073", "R-074", "R-075", "R-076", "R-078")
@positive("S-001", "S-002", "S-006", "S-007", "S-008", "S-009", "R-026", "R-079")
@EACH_KIND
def test_a_sound_packet_is_accepted(packet: Packet, router: VirtualRouter) -> None:
    found = outcome(packet, router)
    assert isinstance(found, Advertisement)
    assert (found.version, found.vrid, found.priority) == (router.version, 51, 100)
    assert (found.interval, found.addresses) == (seconds(1), router.advertised)


@negative("R-006", "R-008", "R-011", "R-012", "R-017", "R-021", "R-025", "R-073", "R-074", "R-075", "R-076", "R-078")
@negative("S-002", "S-006", "S-007", "S-008", "S-009", "R-079")
@pytest.mark.parametrize(
    ("packet", "router", "fault"),
    [(packet, router, fault) for packet, router in SOUND for fault in ladder(packet, router)],
)
def test_each_fault_is_reported_by_its_name(packet: Packet, router: VirtualRouter, fault: Fault) -> None:
    assert outcome(*fault.apply(packet, router)) is fault.reason


@EACH_KIND
def test_of_two_faults_the_earlier_is_reported(packet: Packet, router: VirtualRouter) -> None:
    pairs = 0
    for first, second in combinations(ladder(packet, router), 2):
        if set(first.packet) & set(second.packet):
            continue  # one field cannot be wrong in two ways
        both = first.apply(*second.apply(packet, router))
        assert outcome(*both) is first.reason, (first, second)
        pairs += 1
    assert pairs > 50


OF_A_TRAILER = frozenset(
    {
        DiscardReason.NOT_SIGNED,
        DiscardReason.TRAILER,
        DiscardReason.KEY,
        DiscardReason.TIME,
        DiscardReason.REPLAYED,
        DiscardReason.SIGNATURE,
    }
)
"""What is found out before: see `authentication/test_trailer.py`."""


def test_the_ladders_show_every_reason() -> None:
    shown = {fault.reason for packet, router in SOUND for fault in ladder(packet, router)}
    assert shown | {DiscardReason.NOT_A_PEER} == set(DiscardReason) - OF_A_TRAILER


def test_the_reasons_are_listed_in_the_order_of_the_ladder() -> None:
    listed = list(DiscardReason)
    for packet, router in SOUND:
        places = [listed.index(fault.reason) for fault in ladder(packet, router)]
        second_length = places.pop(7)  # the whole message, after the header
        assert listed[second_length] is DiscardReason.LENGTH
        assert places == sorted(places)


# The network layer


@negative("R-006")
@pytest.mark.parametrize("ttl", [0, 1, 64, 254])
def test_any_ttl_but_255_came_through_a_router(ttl: int) -> None:
    assert outcome(replace(IPV4, hop_limit=ttl), IPV4_ROUTER) is DiscardReason.HOP_LIMIT


@negative("R-008")
@pytest.mark.parametrize("hop_limit", [0, 1, 64, 254])
def test_any_hop_limit_but_255_came_through_a_router(hop_limit: int) -> None:
    assert outcome(replace(IPV6, hop_limit=hop_limit), IPV6_ROUTER) is DiscardReason.HOP_LIMIT


def test_the_group_of_the_other_family_is_no_destination() -> None:
    assert outcome(replace(IPV4, destination=IPV6.destination), IPV4_ROUTER) is DiscardReason.DESTINATION
    assert outcome(replace(IPV6, destination=IPV4.destination), IPV6_ROUTER) is DiscardReason.DESTINATION


def test_what_we_sent_ourselves_is_not_heard() -> None:
    assert outcome(replace(IPV4, source=OURS[Family.IPV4]), IPV4_ROUTER) is DiscardReason.OWN_SOURCE
    assert accepts(IPV4, IPV4_ROUTER)


# Form


@negative("R-074", "S-006")
@EACH_KIND
def test_a_message_cut_anywhere_is_refused(packet: Packet, router: VirtualRouter) -> None:
    for length in range(len(packet.payload())):
        assert outcome(replace(packet, length=length), router) is DiscardReason.LENGTH


@negative("S-006")
def test_a_version_2_message_without_authentication_data_is_incomplete() -> None:
    assert outcome(replace(VERSION_2, trailer=b""), V2_ROUTER) is DiscardReason.LENGTH


@EACH_KIND
def test_bytes_after_the_message_are_refused(packet: Packet, router: VirtualRouter) -> None:
    for extra in (b"\0", b"\0" * 20, b"\x01" * 28):
        longer = replace(packet, trailer=packet.trailer + extra)
        assert outcome(longer, router) is DiscardReason.TRAILING_BYTES


@negative("R-073", "R-011")
@pytest.mark.parametrize("version", [v for v in range(16) if v != 3])
def test_a_router_of_version_3_hears_no_other(version: int) -> None:
    assert outcome(replace(IPV4, version=version), IPV4_ROUTER) is DiscardReason.VERSION


@negative("R-073", "R-011")
@pytest.mark.parametrize("version", [v for v in range(16) if v != 2])
def test_a_router_of_version_2_hears_no_other(version: int) -> None:
    assert outcome(replace(VERSION_2, version=version), V2_ROUTER) is DiscardReason.VERSION


@negative("R-012")
@pytest.mark.parametrize("kind", [k for k in range(16) if k != 1])
def test_only_type_1_is_an_advertisement(kind: int) -> None:
    assert outcome(replace(IPV4, type=kind), IPV4_ROUTER) is DiscardReason.TYPE


@negative("R-017")
def test_no_addresses_at_all_are_refused() -> None:
    assert outcome(replace(IPV4, addresses=()), IPV4_ROUTER) is DiscardReason.ADDRESS_COUNT


@positive("R-017")
@EACH_KIND
def test_a_router_without_addresses_understands_both_none_and_some(packet: Packet, router: VirtualRouter) -> None:
    """As keepalived's `no_virtual_ipaddress`; that the lists differ is told of where they do."""
    without = replace(router, addresses=(), excluded_addresses=(), check_address_list=False)
    for addresses in ((), packet.addresses):
        found = outcome(replace(packet, addresses=addresses), without)
        assert isinstance(found, Advertisement)
        assert found.addresses == addresses


@negative("R-026")
def test_addresses_of_the_other_family_do_not_fit() -> None:
    assert outcome(replace(IPV4, addresses=IPV6.addresses), IPV4_ROUTER) is DiscardReason.TRAILING_BYTES
    assert outcome(replace(IPV6, addresses=IPV4.addresses), IPV6_ROUTER) is DiscardReason.LENGTH


@negative("S-006")
def test_openbsds_carp_is_not_taken_for_version_2() -> None:
    """Protocol 112 too: version 2, type 1, vhid, advskew, authlen 7, pad, advbase, checksum, counter, SHA1."""
    carp = replace(VERSION_2, priority=0, count=7, addresses=(), trailer=bytes(range(28)))
    assert len(carp.payload()) == 36
    assert outcome(carp, V2_ROUTER) is DiscardReason.LENGTH
    assert outcome(carp, IPV4_ROUTER) is DiscardReason.VERSION
    assert outcome(carp, a_router(with_version_2=True)) is DiscardReason.LENGTH


@positive("R-019")
@pytest.mark.parametrize("reserve", range(16))
def test_the_reserve_nibble_is_ignored(reserve: int) -> None:
    assert outcome(replace(IPV4, fifth=reserve << 4), IPV4_ROUTER) == outcome(IPV4, IPV4_ROUTER)


@negative("R-019")
def test_the_reserve_nibble_stays_in_the_checksum() -> None:
    payload = bytearray(IPV4.payload())
    payload[4] ^= 0x10
    found = receive(bytes(payload), IPV4.meta(), IPV4_ROUTER)
    assert isinstance(found, Discard)
    assert found.reason is DiscardReason.CHECKSUM


# What the operator reads


def test_a_discard_says_what_was_found_and_what_is_allowed() -> None:
    assert str(Discard(DiscardReason.HOP_LIMIT, 64, 255)) == "hop limit 64, must be 255"
    assert str(Discard(DiscardReason.OWN_SOURCE, "192.0.2.1")) == "own source 192.0.2.1"
    assert str(Discard(DiscardReason.CHECKSUM)) == "checksum"


@pytest.mark.parametrize(
    ("packet", "router", "sentences"),
    [
        (
            IPV6,
            IPV6_ROUTER,
            """
            hop limit 254, must be 255
            destination fe80::2, must be ff02::12
            own source fe80::2
            length 7, must be at least 8
            version 4, must be 3
            type 2, must be 1
            address count 0, must be 1 to 255
            length 39, must be 40
            trailing bytes 1, must be 0
            checksum
            vrid 52, must be 51
            impossible source :: (unspecified)
            interval 0 s, must be 0.01 to 40.95 s
            link local 2001:db8::1, must be a link-local address first
            """,
        ),
        (
            VERSION_2,
            V2_ROUTER,
            """
            hop limit 254, must be 255
            destination 192.0.2.2, must be 224.0.0.18
            own source 192.0.2.2
            length 7, must be at least 8
            version 3, must be 2
            type 2, must be 1
            address count 0, must be 1 to 255
            length 23, must be 24
            trailing bytes 1, must be 0
            checksum
            vrid 52, must be 51
            impossible source 240.0.0.1 (reserved)
            address owner here, sender's priority 100
            authentication type 1, must be 0
            password that is not ours
            interval 2 s, must be 1 s
            address list 198.51.100.1, 198.51.100.9
            """,
        ),
    ],
    ids=["ipv6", "version_2"],
)
def test_every_discard_can_be_read(packet: Packet, router: VirtualRouter, sentences: str) -> None:
    said = []
    for fault in ladder(packet, router):
        wrong, ours = fault.apply(packet, router)
        said.append(str(receive(wrong.payload(), wrong.meta(), ours)))
    assert said == [line.strip() for line in sentences.strip().splitlines()]
