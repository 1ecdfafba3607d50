"""`failover.frames.question`: the right question for either family."""

from ipaddress import IPv4Address, IPv6Address

import pytest

from failover.frames import arp, neighbour
from failover.frames.question import question

MAC = bytes.fromhex("02000000000a")
V4, V6 = IPv4Address("192.0.2.100"), IPv6Address("2001:db8::100")


def test_each_family_has_its_own_question() -> None:
    assert question(MAC, IPv4Address("192.0.2.1"), V4) == arp.probe(MAC, V4)
    assert question(MAC, IPv6Address("fe80::1"), V6) == neighbour.solicitation(MAC, IPv6Address("fe80::1"), V6)


def test_who_has_no_address_of_the_family_cannot_ask() -> None:
    with pytest.raises(TypeError, match=r"192\.0\.2\.1 cannot ask for 2001:db8::100"):
        question(MAC, IPv4Address("192.0.2.1"), V6)
