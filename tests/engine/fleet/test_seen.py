"""What follows from what a look has seen."""

from ipaddress import ip_address

import pytest

from failover.engine.account.conflict import Duplicate
from failover.engine.fleet.addresses.seen import by_others, duplicate, own_in_turn
from failover.linux.sockets.looking.lookout import Sighting, Sought

OURS, THEIRS = ip_address("192.0.2.11"), ip_address("192.0.2.12")
OUR_MAC, THEIR_MAC = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
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
