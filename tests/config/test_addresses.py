"""Which addresses a host can hold, and which spellings name one."""

from ipaddress import ip_interface

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.config.checking.addresses import host_complaint, parse_address
from failover.config.checking.settings import Complaint

NOT_AN_ADDRESS = "is not an IP address"
NAME = "names are not resolved: write an address"
NETWORK = "is the address of the network itself, not of a host in it"


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("", None),
        ("gateway", NAME),
        ("10.0.0", None),
        ("10.0.0.256/24", None),
        ("10.0.0.1/33", "the length must be 0 to 32"),
        ("10.0.0.1/", "the length must be 0 to 32"),
        ("10.0.0.1/-1", "the length must be 0 to 32"),
        ("10.0.0.1/24/24", "the length must be 0 to 32"),
        ("010.0.0.1/24", 'did you mean "10.0.0.1/24"?'),
        ("2001:db8::1/129", "the length must be 0 to 128"),
        ("2001:db8::1::2/64", None),
        ("10.0.0.1/255.255.255.0", 'did you mean "10.0.0.1/24"?'),
        (" 10.0.0.1/24", 'did you mean "10.0.0.1/24"?'),
        ("10.0.0.1 255.255.255.0", 'did you mean "10.0.0.1/24"?'),
        ("10.0.0.1 netmask 255.255.255.0", 'did you mean "10.0.0.1/24"?'),
        ("10.0.0.1 / 24", 'did you mean "10.0.0.1/24"?'),
        (" 10.0.0.1 ", 'did you mean "10.0.0.1"?'),
        ("[fe80::1]/64", 'did you mean "fe80::1/64"?'),
        ("10.0.0.1, 10.0.0.2/24", 'did you mean "10.0.0.1", "10.0.0.2/24"?'),
        ("10.0.0.1;10.0.0.2", 'did you mean "10.0.0.1", "10.0.0.2"?'),
        ("10.0.0.1/24 dev eth0 label eth0:1", 'write "10.0.0.1/24" alone: the interface is interface_name'),
        ("gw.example.com", NAME),
        ("gw.example.com/24", NAME),
        ("10.0.0.1-10.0.0.9", None),
        ("10.0.0.1:80", None),
        ("\u0661\u0660.0.0.1/24", None),
    ],
)
def test_a_text_that_is_no_address_is_refused(text: str, suggestion: str | None) -> None:
    assert parse_address(text) == Complaint(NOT_AN_ADDRESS, suggestion)


def test_a_very_long_text_is_refused_unread() -> None:
    assert parse_address("1" * 1_000_000) == Complaint("is not an IP address")


@pytest.mark.parametrize(
    ("text", "meant"), [("10.0.0.1", "10.0.0.1/32"), ("2001:db8::1", "2001:db8::1/128"), ("10.0.0.1/8", "10.0.0.1/8")]
)
def test_an_address_without_a_length_is_a_host_route(text: str, meant: str) -> None:
    assert parse_address(text) == ip_interface(meant)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.0.0.0/8", "is the unspecified address"),
        ("::/64", "is the unspecified address"),
        ("224.0.0.18/24", "is a multicast address"),
        ("ff02::12/64", "is a multicast address"),
        ("127.0.0.1/8", "is a loopback address, which never leaves a host"),
        ("::1", "is a loopback address, which never leaves a host"),
        ("255.255.255.255", "is the broadcast address"),
        ("10.0.0.1/0", "has prefix length 0, which covers every address"),
        ("2001:db8::1/0", "has prefix length 0, which covers every address"),
        ("192.168.1.0/24", NETWORK),
        ("10.0.0.4/30", NETWORK),
        ("2001:db8::/64", NETWORK),
        ("192.168.1.255/24", "is the broadcast address of its network"),
        ("10.0.0.7/30", "is the broadcast address of its network"),
    ],
)
def test_an_address_that_no_host_can_hold_is_refused(text: str, message: str) -> None:
    assert host_complaint(ip_interface(text)) == Complaint(message)


@pytest.mark.parametrize(
    "text",
    [
        "192.168.1.0/23",
        "192.168.0.255/23",
        "10.0.0.0/31",
        "10.0.0.1/31",
        "10.0.0.0",
        "10.0.0.255/32",
        "169.254.1.1/16",
        "100.64.0.1/10",
        "240.0.0.1/24",
        "203.0.113.9/29",
        "fe80::1/64",
        "fd00::ffff:ffff:ffff:ffff/64",
        "2001:db8::/127",
        "2001:db8::",
    ],
)
def test_whatever_a_host_can_hold_is_accepted(text: str) -> None:
    assert host_complaint(ip_interface(text)) is None


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("fe80::1/64%eth0", "fe80::1/64"),
        ("fe80::1%eth0/64", "fe80::1/64"),
        (" fe80::1%\u00e9/64", "fe80::1/64"),
        ("FE80::7%bond0.100", "fe80::7/128"),
        ("fe80::1%2/64%eth0", "fe80::1/64"),
    ],
)
def test_the_zone_of_a_link_local_address_is_left_to_interface_name(text: str, plain: str) -> None:
    read = parse_address(text)
    found = read if isinstance(read, Complaint) else host_complaint(read)
    assert found == Complaint("has a zone", f'write "{plain}": the interface is interface_name')


def test_an_ipv4_address_in_ipv6_form_is_refused() -> None:
    assert host_complaint(ip_interface("::ffff:10.0.0.1/120")) == Complaint(
        "is an IPv4 address in IPv6 form", 'write "10.0.0.1"'
    )


@given(st.ip_addresses(), st.data())
def test_the_text_of_any_address_is_read_as_that_address(ip: object, data: st.DataObject) -> None:
    longest = ip_interface(str(ip)).max_prefixlen
    text = f"{ip}/{data.draw(st.integers(0, longest))}"
    assert parse_address(text) == ip_interface(text)
