"""An interned address is the library's own in everything, but one object."""

from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from socket import AF_INET, AF_INET6

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.linux.netlink.interning import intern_address, interned
from failover.vrrp import VirtualAddress

EXAMPLES = ("192.0.2.1/24", "192.0.2.1/32", "0.0.0.0/0", "2001:db8::1/64", "fe80::1/128", "::/0")


ADDRESSES = st.builds(IPv4Interface, st.tuples(st.ip_addresses(v=4), st.integers(0, 32))) | st.builds(
    IPv6Interface, st.tuples(st.ip_addresses(v=6), st.integers(0, 128))
)


@given(ADDRESSES)
def test_it_equals_the_librarys_and_has_the_same_hash_and_address(plain: VirtualAddress) -> None:
    quick = intern_address(plain)
    assert quick == plain
    assert plain == quick
    assert hash(quick) == hash(plain)
    assert {quick} == {plain}
    assert quick.ip == plain.ip
    assert str(quick) == str(plain)
    assert quick.network == plain.network


@pytest.mark.parametrize("text", EXAMPLES)
def test_there_is_one_of_each(text: str) -> None:
    address = ip_interface(text)
    family = AF_INET if address.version == 4 else AF_INET6
    assert intern_address(address) is intern_address(ip_interface(text))
    assert interned(family, address.packed, address.network.prefixlen) is intern_address(address)


def test_another_prefix_length_is_another_address() -> None:
    one, other = intern_address(ip_interface("192.0.2.1/24")), intern_address(ip_interface("192.0.2.1/25"))
    assert one != other
    assert other != ip_interface("192.0.2.1/24")


def test_what_is_no_address_is_none() -> None:
    assert interned(AF_INET, bytes(4), 33) is None
    assert interned(AF_INET, bytes(16), 24) is None
    assert interned(AF_INET6, bytes(16), 129) is None
    assert interned(0, bytes(4), 24) is None
