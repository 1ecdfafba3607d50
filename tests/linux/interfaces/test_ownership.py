"""To whom an address on an interface belongs: each case of the rule, alone and in pairs."""

from ipaddress import ip_address, ip_interface

import pytest

from failover.linux.interfaces.ownership import (
    Asker,
    Lists,
    Own,
    Whose,
    keeps_marks,
    nobody_knows,
    nobodys,
    recognised,
    whose,
)
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


def own(
    before: Own, addresses: str, owned: str = "", installed: str = "", virtual: str = "", *, is_new: bool = False
) -> tuple[list[str], list[str]]:
    def interfaces(texts: str) -> frozenset[VirtualAddress]:
        return frozenset(map(ip_interface, texts.split()))

    lists = Lists(frozenset(map(ip_address, virtual.split())), interfaces(owned), interfaces(installed))
    found = recognised(before, interface(*addresses.split()), lists, is_new=is_new)
    assert found.all == found.owned | found.only
    return sorted(map(str, found.owned)), sorted(map(str, found.only))


A, B = "192.0.2.1/24", "192.0.2.2/24"
NOTHING = Own(tells_who=False)
OF_A = Own(frozenset({ip_interface(A)}), tells_who=False)
TELLS = "fe80::1/64*"
"""That there is a mark at all says that the kernel knows marks."""


def test_what_an_owner_finds_is_the_hosts_and_what_has_a_mark_or_is_not_listed_is_not() -> None:
    assert own(NOTHING, f"{A} {B}* 192.0.2.3/24", owned=f"{A} {B}", is_new=True) == ([A], [])


@pytest.mark.parametrize("listed", ["192.0.2.1/32", "192.0.2.1/25", "192.0.2.1/24"])
def test_what_an_owner_finds_is_the_hosts_whatever_prefix_length_it_is_listed_with(listed: str) -> None:
    found = own(NOTHING, f"{A} {B}", owned=listed, is_new=True)
    assert found == ([A], [])
    assert own(OF_A, f"{A} {listed}* {B}", owned=listed, installed=listed) == ([A], [])
    assert own(OF_A, f"{A} {B}", virtual="192.0.2.1") == ([A], [])


def test_it_stays_the_hosts_while_it_is_there_when_there_is_no_owner_any_more() -> None:
    assert own(OF_A, A) == ([A], [])
    assert own(OF_A, B) == ([], [])
    assert own(OF_A, f"{A}*") == ([], [])


def test_an_owners_own_that_is_gone_is_not_forgotten_unless_the_interface_is_new() -> None:
    assert own(OF_A, B, owned=A) == ([A], [])
    assert own(OF_A, B, owned=A, is_new=True) == ([], [])


def test_what_an_owner_has_added_becomes_the_hosts_when_its_mark_goes() -> None:
    assert own(OF_A, f"{A} {B}* {TELLS}", owned=f"{A} {B}", installed=B) == ([A], [])
    assert own(OF_A, f"{A} {B} {TELLS}", owned=f"{A} {B}", installed=B) == ([A, B], [])


def test_where_the_kernel_knows_no_marks_it_does_not() -> None:
    assert own(OF_A, f"{A} {B}", owned=f"{A} {B}", installed=B) == ([A], [])
    assert own(OF_A._replace(tells_who=True), f"{A} {B}", owned=f"{A} {B}", installed=B) == ([A, B], [])


@pytest.mark.parametrize(
    ("release", "kept"),
    [
        ("5.18.0", True),
        ("6.1.0-21-amd64", True),
        ("10.0-rc1", True),
        ("5.18-rc1", True),
        ("5.17.15-generic", False),
        ("5.4.0", False),
        ("4.19", False),
        ("unknown", False),
        ("", False),
    ],
)
def test_which_kernels_keep_marks(release: str, *, kept: bool) -> None:
    assert keeps_marks(release) is kept


def test_a_kernel_that_keeps_marks_does_so_where_nothing_has_one() -> None:
    before = Own(tells_who=True)
    assert own(before, f"fe80::1/64 {G}", virtual="2001:db8::1", is_new=True) == ([], [G])


G, H = "2001:db8::1/64", "2001:db8::2/64"


@pytest.mark.parametrize(
    ("addresses", "virtual", "expected"),
    [
        (f"{TELLS} {G}", "2001:db8::1", [G]),
        (f"{TELLS} {G} {H}", "2001:db8::1 2001:db8::2", [G, H]),
        (f"{TELLS} {G} {H}", "2001:db8::1", []),
        (f"{TELLS} {G} {H}*", "2001:db8::1", [G]),
        (f"{TELLS} {G}*", "2001:db8::1", []),
        (f"{TELLS} {G}", "", []),
        (f"fe80::1/64 {G}", "2001:db8::1", []),
        (f"{TELLS} {A}", "192.0.2.1 fe80::1", []),
        (f"{TELLS} {A} 169.254.7.7/16", "192.0.2.1", [A]),
        (f"{TELLS} {A} 169.254.7.7/16", "192.0.2.1 169.254.7.7", []),
        (f"{TELLS} {A} 169.254.7.7/16 {B}", "192.0.2.1", []),
        (f"{TELLS} {A} {B} 169.254.7.7/16", "192.0.2.1 192.0.2.2", [A, B]),
        (f"{TELLS} {A} 169.254.7.7/16 {G}", "192.0.2.1 2001:db8::1", [A, G]),
        (f"{TELLS} {B} 169.254.7.7/16 {G}", "169.254.7.7", []),
    ],
)
def test_the_only_address_that_is_not_link_local_is_the_hosts_where_the_kernel_knows_marks(
    addresses: str, virtual: str, expected: list[str]
) -> None:
    assert own(NOTHING, addresses, virtual=virtual, is_new=True) == ([], expected)
    assert own(NOTHING, addresses, virtual=virtual) == ([], []), "somebody has put it there meanwhile"


def test_the_only_one_is_the_hosts_until_there_is_another_or_it_is_gone() -> None:
    before = NOTHING._replace(only=frozenset({ip_interface(G)}))
    assert own(before, f"{TELLS} {G}", virtual="2001:db8::1") == ([], [G])
    assert own(before, f"{TELLS} {G} {H}", virtual="2001:db8::1") == ([], [])
    assert own(before, TELLS, virtual="2001:db8::1") == ([], [])


def test_the_only_one_that_a_reload_lists_is_the_hosts_and_one_of_several_is_not() -> None:
    def only(addresses: str, virtual: str = "", coming: str = "2001:db8::1") -> list[str]:
        lists = Lists(frozenset(map(ip_address, virtual.split())), coming=frozenset(map(ip_address, coming.split())))
        return sorted(map(str, recognised(NOTHING, interface(*addresses.split()), lists, is_new=False).only))

    assert only(f"fe80::1/64 {G}") == [G]
    assert only(f"fe80::1/64 {G} {H}") == []
    assert only(f"fe80::1/64 {G} {H}", virtual="2001:db8::2") == [G]
    assert only(f"fe80::1/64 {G} {H}", coming="2001:db8::1 2001:db8::2") == [G, H]
    assert only(f"fe80::1/64 {G}*") == []
