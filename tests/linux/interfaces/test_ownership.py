"""To whom an address on an interface belongs: each case of the rule, alone and in pairs."""

from ipaddress import ip_address, ip_interface

import pytest

from failover.linux.interfaces.ownership import Asker, Whose, nobody_knows, nobodys, whose
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.rtnetlink import ADDRESS_PROTOCOL, SCOPE_GLOBAL, AssignedAddress
from failover.vrrp import VirtualAddress

SCOPE_LINK = 253


def interface(*addresses: str) -> Interface:
    """With these addresses; one with a star has the daemon's mark."""
    assigned = []
    for text in addresses:
        address = ip_interface(text.rstrip("*"))
        scope = SCOPE_LINK if address.is_link_local else SCOPE_GLOBAL
        assigned.append(AssignedAddress(address, 0, scope, ADDRESS_PROTOCOL if text.endswith("*") else 0))
    return Interface(2, "eth0", bytes(6), up=True, running=True, mtu=1500, master=None, addresses=tuple(assigned))


def asker(virtual: str = "", held: str = "", claimed: str = "") -> Asker:
    def is_anothers(name: str, address: VirtualAddress) -> bool:
        assert name == "eth0"
        return str(address.ip) in claimed.split()

    return Asker(frozenset(map(ip_address, virtual.split())), is_anothers, frozenset(map(ip_interface, held.split())))


@pytest.mark.parametrize(
    ("addresses", "asks", "expected"),
    [
        (["192.0.2.1/24"], asker(), Whose.HOST),
        (["192.0.2.1/24", "192.0.2.2/24"], asker("192.0.2.9"), Whose.HOST),
        (["192.0.2.1/24*"], asker(), Whose.NOBODYS),
        (["192.0.2.1/24*"], asker(claimed="192.0.2.1"), Whose.ANOTHERS),
        (["192.0.2.1/24*", "192.0.2.2/24"], asker("192.0.2.1"), Whose.NOBODYS),
        (["192.0.2.1/24*", "192.0.2.2/24"], asker("192.0.2.1", held="192.0.2.1/24"), Whose.OURS),
        (["192.0.2.1/32*", "192.0.2.2/24"], asker("192.0.2.1", held="192.0.2.1/24"), Whose.NOBODYS),
        (["192.0.2.1/24", "192.0.2.2/24"], asker("192.0.2.1"), Whose.NOBODYS),
        (["192.0.2.1/24", "192.0.2.2/24"], asker("192.0.2.1", claimed="192.0.2.1"), Whose.ANOTHERS),
        (["192.0.2.1/24"], asker("192.0.2.1"), Whose.HOST),
        (["192.0.2.1/32", "192.0.2.2/24"], asker("192.0.2.1 192.0.2.2"), Whose.HOST),
        (["192.0.2.1/24", "192.0.2.2/24*"], asker("192.0.2.1"), Whose.HOST),
        (["192.0.2.1/24", "fe80::1/64"], asker("192.0.2.1"), Whose.HOST),
        (["fe80::1/64", "192.0.2.1/24"], asker("fe80::1"), Whose.HOST),
        (["fe80::1/64", "fe80::2/64"], asker("fe80::1"), Whose.NOBODYS),
        (["2001:db8::1/64*", "fe80::2/64"], asker(), Whose.NOBODYS),
    ],
)
def test_whose_the_first_address_is(addresses: list[str], asks: Asker, expected: Whose) -> None:
    there = interface(*addresses)
    assert whose(there.addresses[0], there, asks) is expected


def test_what_is_nobodys_comes_in_the_order_of_the_interface() -> None:
    there = interface("192.0.2.1/24", "192.0.2.5/24*", "fe80::9/64*", "192.0.2.3/24", "192.0.2.4/24*", "fe80::1/64")
    asks = asker("192.0.2.3", held="192.0.2.4/24", claimed="192.0.2.5")
    assert list(map(str, nobodys(there, asks))) == ["fe80::9/64", "192.0.2.3/24"]


def test_where_nobody_can_see_claims_what_has_a_mark_may_be_anothers() -> None:
    there = interface("192.0.2.1/24*")
    assert whose(there.addresses[0], there, Asker(frozenset(), nobody_knows)) is Whose.ANOTHERS
