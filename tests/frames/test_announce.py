"""`failover.frames.announcement` chooses by family."""

from ipaddress import ip_address, ip_interface

import pytest

from failover.frames import announcement, arp, neighbour

MAC = bytes.fromhex("00005e000133")


def test_an_ipv4_address_is_announced_by_arp() -> None:
    address = ip_address("10.0.0.9")
    assert address.version == 4
    assert announcement(MAC, address) == arp.gratuitous(MAC, address)


def test_an_ipv6_address_is_announced_by_a_neighbour_advertisement() -> None:
    address = ip_address("2001:db8::9")
    assert address.version == 6
    assert announcement(MAC, address) == neighbour.unsolicited(MAC, address)
    host = neighbour.unsolicited(MAC, address, is_router=False)
    assert announcement(MAC, address, is_router=False) == host


@pytest.mark.parametrize("text", ["10.0.0.9/24", "2001:db8::9/64"])
def test_the_prefix_length_does_not_matter(text: str) -> None:
    with_prefix = ip_interface(text)
    assert announcement(MAC, with_prefix) == announcement(MAC, with_prefix.ip)


@pytest.mark.parametrize("text", ["10.0.0.9", "2001:db8::9"])
def test_a_hardware_address_that_is_not_ethernets_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a MAC address has 6 bytes"):
        announcement(bytes(20), ip_address(text))
