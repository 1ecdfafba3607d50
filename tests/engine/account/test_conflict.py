"""What is wrong with a router's addresses, in words."""

from dataclasses import replace
from ipaddress import ip_address, ip_interface

from failover.engine.account.conflict import NONE, Conflict, conflict_of, some
from failover.vrrp import VirtualRouter

ROUTER = VirtualRouter(
    vrid=51,
    primary_address=ip_address("192.0.2.1"),
    addresses=(ip_interface("192.0.2.100/24"),),
    excluded_addresses=(ip_interface("198.51.100.1/32"),),
)
MINE, EXCLUDED, LONGER, OTHER = (
    ip_interface(one) for one in ("192.0.2.100/24", "198.51.100.1/32", "192.0.2.100/32", "192.0.2.1/24")
)


def test_only_its_own_addresses_concern_it_whatever_their_prefix_length() -> None:
    assert conflict_of(ROUTER, [OTHER], [OTHER]) == NONE
    assert conflict_of(ROUTER, [MINE, LONGER, OTHER], [EXCLUDED, OTHER]) == Conflict(
        frozenset({MINE, LONGER}), frozenset({EXCLUDED})
    )


def test_an_address_owners_are_where_they_should_be_unless_it_cannot_run() -> None:
    found = conflict_of(replace(ROUTER, priority=255), [MINE], [MINE, OTHER])
    assert found == Conflict(kept=frozenset({MINE}))
    assert found.words("eth0") is None
    assert found.words_in_a_fault("eth0") == (
        "192.0.2.100/24 stays on eth0 all the same, because it is the host's own address; another host may be MASTER"
        " and have it, too"
    )
    assert NONE.words_in_a_fault("eth0") is None


def test_it_is_a_sentence_in_a_fixed_order_or_nothing() -> None:
    assert NONE.words("eth0") is None
    assert Conflict(frozenset({LONGER, MINE})).words("eth0") == (
        "another program, such as keepalived, keeps adding 192.0.2.100/24, 192.0.2.100/32 to eth0: stop that program"
    )
    assert Conflict(frozenset({MINE}), frozenset({EXCLUDED})).words("eth0") == (
        "another program, such as keepalived, keeps adding 192.0.2.100/24 to eth0: stop that program;"
        " 198.51.100.1/32 stays on eth0 in every state, because it is the host's own address"
    )


def test_many_are_named_by_the_first_ones() -> None:
    many = frozenset(ip_interface(f"192.0.2.{last}/24") for last in range(1, 101))
    assert some(many) == "192.0.2.1/24, 192.0.2.2/24, 192.0.2.3/24 and 97 more"
    assert some(frozenset({LONGER, MINE})) == "192.0.2.100/24, 192.0.2.100/32"
