"""What follows from what a look has seen."""

from dataclasses import replace
from ipaddress import ip_address, ip_interface

import pytest

from failover.engine.account.conflict import Duplicate
from failover.engine.fleet.addresses.seen import Sent, by_others, duplicate, head, looks_for_all, own_in_turn
from failover.engine.transmit.prepared import datagrams
from failover.linux.sockets.looking.lookout import Sighting, Sought
from failover.vrrp import SendAdvertisement, VirtualRouter, seconds

OURS, THEIRS = ip_address("192.0.2.11"), ip_address("192.0.2.12")
OUR_MAC, THEIR_MAC = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
ROUTER = VirtualRouter(
    vrid=51,
    priority=100,
    addresses=(ip_interface("192.0.2.100/24"),),
    advertisement_interval=seconds(1),
    primary_address=OURS,
)
SOUGHT = Sought(OURS, OUR_MAC, frozenset({51}), frozenset({51}))
CLONE = Duplicate("192.0.2.11", "02:00:00:00:00:01", is_clone=True)


def sent(packet: bytes) -> Sighting:
    return Sighting(OUR_MAC, OURS, 51, 100, packet, is_outgoing=True)


def came(packet: bytes, mac: bytes = OUR_MAC) -> Sighting:
    return Sighting(mac, OURS, 51, 100, packet, is_outgoing=False)


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        pytest.param([sent(b"1"), sent(b"2"), sent(b"3")], None, id="only ours"),
        pytest.param([sent(b"1"), came(b"1"), sent(b"2"), came(b"2")], None, id="each returns once"),
        pytest.param([came(b"0"), sent(b"1"), came(b"1")], None, id="the first was sent before"),
        pytest.param([sent(b"1"), came(b"7"), sent(b"2"), came(b"8")], CLONE, id="others"),
        pytest.param([sent(b"1"), came(b"1"), came(b"1"), came(b"1")], CLONE, id="a loop"),
        pytest.param([came(b"7", THEIR_MAC)], Duplicate("192.0.2.11", "02:00:00:00:00:02"), id="another MAC address"),
    ],
)
def test_who_else_advertises_from_our_address(seen: list[Sighting], found: Duplicate | None) -> None:
    assert duplicate(seen, SOUGHT) == found


def test_others_have_other_addresses() -> None:
    other = Sighting(THEIR_MAC, THEIRS, 51, 200, b"9", is_outgoing=False)
    assert by_others([sent(b"1"), came(b"2"), came(b"3", THEIR_MAC), other], SOUGHT) == [other]


def test_looks_take_turns_with_what_this_host_sends() -> None:
    vrids = list(range(1, 21))
    looked = [own_in_turn(vrids, turn) for turn in range(20)]
    assert all(len(own) == 8 for own in looked)
    assert frozenset().union(*looked) == set(vrids)
    assert own_in_turn([51, 52], 7) == {51, 52}
    assert own_in_turn([], 1) == frozenset()
    assert [looks_for_all(vrids[:count]) for count in (0, 1, 8, 9, 20)] == [0, 1, 1, 2, 3]


def packet(priority: int = 100) -> bytes:
    sent = datagrams(replace(ROUTER, priority=priority), SendAdvertisement(priority, ROUTER.initial_checksum))
    return next(iter(sent)).datagram


HEADS = frozenset({head(packet())})
BEFORE = Sent(ROUTER, HEADS, 7)


@pytest.mark.parametrize(
    ("priorities", "frames", "is_all"),
    [
        pytest.param([100, 100, 100], 3, True, id="only ours"),
        pytest.param([100, 100], 3, True, id="one was not seen"),
        pytest.param([100, 150, 100], 2, True, id="one of another"),
        pytest.param([100, 150, 100, 150], 2, False, id="two of another"),
        pytest.param([100, 100, 100], 2, True, id="one is not counted yet"),
        pytest.param([100, 100, 100, 100], 2, False, id="another sends the same"),
    ],
)
def test_who_else_on_this_host_advertises(priorities: list[int], frames: int, is_all: bool) -> None:  # noqa: FBT001
    seen = [sent(packet(priority)) for priority in priorities]
    assert Sent(ROUTER, HEADS, 7 + frames).is_all([*seen, came(packet(150)), came(packet(150))], BEFORE) is is_all
    assert Sent(replace(ROUTER), HEADS, 7 + frames).is_all(seen, BEFORE), "a reload has changed it meanwhile"


def test_over_ipv6_a_head_is_behind_the_longer_header() -> None:
    assert head(bytes((0x60, *range(1, 40), *b"123456", 7, 7))) == b"123456"
