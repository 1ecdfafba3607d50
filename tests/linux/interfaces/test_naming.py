"""`failover.linux.interfaces.naming`: what a name is that is no interface's."""

from collections.abc import Iterator
from ipaddress import ip_interface

import pytest

from failover.config import parse, sample
from failover.linux.interfaces.naming import meant
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.rtnetlink import AssignedAddress

ADDRESSES = tuple(AssignedAddress(ip_interface(text), 0, 0, 0) for text in ("192.0.2.11/24", "fe80::7/64"))
MAC = bytes.fromhex("0200c0ffee01")
ETH0 = Interface(2, "eth0", MAC, True, True, 1500, None, ADDRESSES, altnames=("uplink", "enp3s0"))
VLAN = Interface(3, "eth0.100", MAC, True, True, 1500, None, ())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("uplink", "that is an altname of eth0: write eth0"),
        ("enp3s0", "that is an altname of eth0: write eth0"),
        ("eth0.100@eth0", "the part from @ on does not belong to the name: write eth0.100"),
        ("enp3s0@eth9", "the part from @ on does not belong to the name: write eth0"),
        ("Eth0", "write eth0"),
        ("ETH0.100", "write eth0.100"),
        ("2", "that is the index of eth0: write eth0"),
        ("192.0.2.11", "that is an address of eth0: write eth0"),
        ("fe80::7", "that is an address of eth0: write eth0"),
        ("fe80::7%eth9", "that is an address of eth0: write eth0"),
        ("FE80:0:0:0:0:0:0:7", "that is an address of eth0: write eth0"),
        *(
            (text, "that is the MAC address of eth0.100, eth0: write eth0.100 or eth0")
            for text in ("02:00:c0:ff:ee:01", "02-00-C0-FF-EE-01", "0200.c0ff.ee01", "0200c0ffee01")
        ),
        ("eth1", None),
        ("4", None),
        ("@eth0", None),
        ("192.0.2.12", None),
    ],
)
def test_a_name_that_is_none_may_be_something_else(name: str, words: str | None) -> None:
    assert meant(name, [VLAN, ETH0]) == words
    if words is None:
        assert meant(name, []) is None


@pytest.mark.parametrize("name", ["fab0.1000.2000", "02:00:00:00:00:02", "020000000002"])
def test_a_mac_address_that_nobody_has_is_named_as_one(name: str) -> None:
    assert meant(name, [VLAN, ETH0]) == "that looks like a MAC address, but no interface has it"


@pytest.mark.parametrize("name", ["eth0", "192.0.2.11", "fe80::7", "0200.c0ff.ee01", "2", "uplink", "eth0@if7"])
def test_on_a_host_without_interfaces_no_name_is_said_to_be_meant(name: str) -> None:
    assert "write" not in (meant(name, []) or "")


def test_of_many_interfaces_with_a_mac_address_a_few_are_named() -> None:
    many = [Interface(number, f"vlan{number}", MAC, True, True, 1500, None, ()) for number in range(1, 99)]
    assert meant("0200c0ffee01", many) == (
        "that is the MAC address of vlan1, vlan2, vlan3: write vlan1 or vlan2 or vlan3"
    )


def test_addresses_are_not_looked_through_for_a_name_that_is_none() -> None:
    class Unread(tuple[AssignedAddress, ...]):
        __slots__ = ()

        def __iter__(self) -> Iterator[AssignedAddress]:
            raise AssertionError("looked through")

    busy = Interface(2, "eth0", MAC, True, True, 1500, None, Unread(ADDRESSES))
    assert meant("eth1", [busy]) is None


def test_the_name_in_the_sample_says_what_to_edit() -> None:
    (router,) = parse(sample()).virtual_routers
    assert meant(router.interface_name, [VLAN, ETH0]) == (
        "this is the sample configuration: set interface_name and ip_addresses for this host"
    )


@pytest.mark.parametrize("name", ["LO", "1", "lo@NONE"])
def test_the_loopback_is_never_meant(name: str) -> None:
    loopback = Interface(1, "lo", bytes(6), True, True, 65536, None, ADDRESSES, loopback=True)
    assert meant(name, [loopback]) is None
