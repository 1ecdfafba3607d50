"""The filter of a `Lookout`, and what it makes of a frame that has passed: no kernel needed."""

from ipaddress import ip_address

import pytest

from failover.linux.filter.bpf import PACKET_TYPE, VLAN_TAG_PRESENT
from failover.linux.sockets.looking.lookout import Sighting, Sought, program, sighted
from failover.vrrp import Address, Family
from tests.linux.filter.bpf_machine import run

MINE, THEIRS = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
OWN: dict[Family, Address] = {Family.IPV4: ip_address("192.0.2.11"), Family.IPV6: ip_address("fe80::11")}
OTHER: dict[Family, Address] = {Family.IPV4: ip_address("192.0.2.12"), Family.IPV6: ip_address("fe80::12")}
GROUP = {Family.IPV4: ip_address("224.0.0.18"), Family.IPV6: ip_address("ff02::12")}
OUTGOING = 4
families = pytest.mark.parametrize("family", Family)


def frame(
    family: Family,
    *,
    mac: bytes = THEIRS,
    source: Address | None = None,
    vrid: int = 51,
    priority: int = 100,
    kind: int = 0x31,
    options: bytes = b"",
) -> bytes:
    """An advertisement, as far as it is looked at."""
    addresses = (source or OTHER[family]).packed + GROUP[family].packed
    message = bytes((kind, vrid, priority, 0, 0, 100, 0, 0))
    if family is Family.IPV4:
        header = (
            bytes((0x45 + len(options) // 4, 0, 0, 28 + len(options), 0, 0, 0, 0, 255, 112, 0, 0)) + addresses + options
        )
    else:
        header = bytes((0x60, 0, 0, 0, 0, 8, 112, 255)) + addresses
    return MINE + mac + (b"\x08\x00" if family is Family.IPV4 else b"\x86\xdd") + header + message


def passes(packet: bytes, family: Family, *vrids: int, own: int = 0, **about: int) -> bool:
    """For a look for these VRIDs, and for what this host sends of `own`."""
    sought = Sought(OWN[family], MINE, frozenset(vrids), frozenset({own} - {0}))
    known = {PACKET_TYPE: about.get("kind", 0), VLAN_TAG_PRESENT: about.get("tag", 0)}
    return run(program(family, sought), packet, about=known) > 0


@families
def test_what_this_host_sends_and_what_comes_from_its_mac_passes_with_a_vrid_that_is_looked_at(family: Family) -> None:
    for mac in (MINE, THEIRS):  # a macvlan of this host sends from another MAC address
        assert passes(frame(family, mac=mac), family, 9, own=51, kind=OUTGOING)
        assert not passes(frame(family, mac=mac), family, 51, own=52, kind=OUTGOING)
    assert passes(frame(family, mac=MINE, source=OWN[family]), family, 9, own=51)
    assert not passes(frame(family, mac=MINE, source=OWN[family]), family, 51, own=52)


@families
def test_frames_of_a_vlan_and_of_other_protocols_do_not_pass(family: Family) -> None:
    packet = frame(family)
    assert passes(packet, family, 51)
    assert not passes(packet, family, 51, tag=1)
    assert not passes(packet[:12] + b"\x81\x00" + packet[14:], family, 51)


@families
def test_one_of_our_vrids_passes_from_anybody_and_any_vrid_from_our_own_address(family: Family) -> None:
    for vrid in (1, 51, 255):
        assert passes(frame(family, vrid=vrid), family, 1, 51, 255)
        assert not passes(frame(family, vrid=vrid), family, 2, 50, 254)
        assert passes(frame(family, vrid=vrid, source=OWN[family]), family, 2)
        assert not passes(frame(family, vrid=vrid, mac=MINE), family, 1, 51, 255)
        elsewhere = frame(family, vrid=vrid).replace(GROUP[family].packed, OTHER[family].packed)
        assert not passes(elsewhere, family, 1, 51, 255)


def test_options_of_the_header_are_passed_over() -> None:
    family, options = Family.IPV4, bytes((7, 7, 7, 1, 51, 51, 51, 51))
    packet = frame(family, vrid=9, priority=77, options=options)
    assert passes(packet, family, 9)
    assert not passes(packet, family, 51)
    assert sighted(family, packet, False) == Sighting(THEIRS, OTHER[family], 9, 77, packet[14:], False)


@families
def test_a_frame_says_who_advertises_what(family: Family) -> None:
    packet = frame(family, vrid=200, priority=255)
    expected = Sighting(THEIRS, OTHER[family], 200, 255, packet[14:], True)
    assert sighted(family, packet + bytes(18), True) == expected, "without what fills up a short frame"


@families
def test_who_resigns_is_no_master_and_what_is_cut_off_or_of_another_type_is_no_advertisement(family: Family) -> None:
    assert sighted(family, frame(family, priority=0), False) is None
    assert sighted(family, frame(family, kind=0x3F), False) is None
    assert all(sighted(family, frame(family)[:-cut], False) is None for cut in range(6, 9))
