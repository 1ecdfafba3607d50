"""What is prepared is what frames and the protocol build; addresses of the host itself are left alone."""

from ipaddress import ip_address, ip_interface

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.engine.prepared import ANNOUNCEMENT_REPEAT, datagram_bytes, prepare
from failover.frames import advertisement_datagram, announcement
from failover.linux.addresses import prepare_add, prepare_remove
from failover.vrrp import (
    Advertisement,
    ChecksumForm,
    SendAdvertisement,
    Version,
    VirtualRouter,
    advertisements,
    encode,
    seconds,
)

MAC = bytes.fromhex("020000000001")
INDEX = 7
IPV4 = VirtualRouter(
    vrid=51,
    addresses=(ip_interface("192.0.2.100/24"), ip_interface("192.0.2.101/24")),
    excluded_addresses=(ip_interface("198.51.100.1/32"),),
    primary_address=ip_address("192.0.2.11"),
)
IPV6 = VirtualRouter(
    vrid=52,
    addresses=(ip_interface("fe80::100/64"), ip_interface("2001:db8::100/64")),
    primary_address=ip_address("fe80::1"),
)
BOTH_VERSIONS = VirtualRouter(
    vrid=53,
    addresses=(ip_interface("192.0.2.100/24"),),
    primary_address=ip_address("192.0.2.11"),
    with_version_2=True,
)
ROUTERS = st.sampled_from([(router, form) for router in (IPV4, BOTH_VERSIONS) for form in ChecksumForm]) | st.just(
    (IPV6, ChecksumForm.PSEUDO_HEADER)
)


@given(ROUTERS)
def test_advertisements_are_those_of_the_protocol_in_an_ip_datagram(pair: tuple[VirtualRouter, ChecksumForm]) -> None:
    router, form = pair
    prepared = prepare(router, form, INDEX, MAC, ())
    for made, priority in ((prepared.advertise, router.priority), (prepared.resign, 0)):
        expected = advertisements(router, SendAdvertisement(priority, form))
        source = router.primary_address
        assert made == tuple(advertisement_datagram(source, encode(one, source)) for one in expected)


def test_a_migrating_router_sends_both_versions() -> None:
    prepared = prepare(BOTH_VERSIONS, ChecksumForm.MESSAGE, INDEX, MAC, ())
    assert [datagram[20] >> 4 for datagram in prepared.advertise] == [3, 2]
    assert [datagram[22] for datagram in prepared.resign] == [0, 0]


@pytest.mark.parametrize("router", [IPV4, IPV6])
def test_every_held_address_is_installed_withdrawn_and_announced_in_rounds(router: VirtualRouter) -> None:
    prepared = prepare(router, router.initial_checksum, INDEX, MAC, ())
    assert prepared.install == prepare_add(INDEX, router.held_addresses)
    assert prepared.withdraw == prepare_remove(INDEX, router.held_addresses)
    one_round = tuple(announcement(MAC, address) for address in router.held_addresses)
    assert prepared.announcements == one_round * ANNOUNCEMENT_REPEAT


def test_addresses_of_the_host_itself_are_announced_but_neither_added_nor_removed() -> None:
    own = IPV4.addresses[0]
    prepared = prepare(IPV4, ChecksumForm.MESSAGE, INDEX, MAC, {own})
    others = tuple(address for address in IPV4.held_addresses if address != own)
    assert prepared.install == prepare_add(INDEX, others)
    assert prepared.withdraw == prepare_remove(INDEX, others)
    assert announcement(MAC, own) in prepared.announcements


@pytest.mark.parametrize("router", [IPV4, IPV6, BOTH_VERSIONS])
def test_the_size_of_an_advertisement_is_that_of_the_largest_datagram(router: VirtualRouter) -> None:
    prepared = prepare(router, router.initial_checksum, INDEX, MAC, ())
    assert datagram_bytes(router) == max(map(len, prepared.advertise))


def test_the_bytes_on_the_wire_are_these() -> None:
    """By hand, so that an error in the shared codec shows: IPv4 header, VRRP header, two addresses."""
    datagram = prepare(IPV4, ChecksumForm.MESSAGE, INDEX, MAC, ()).advertise[0]
    assert datagram[:4].hex() == "45c00024"
    assert datagram[8:10].hex() == "ff70"
    assert datagram[12:20] == ip_address("192.0.2.11").packed + ip_address("224.0.0.18").packed
    assert datagram[20:26].hex() == "313364020064"
    assert datagram[28:] == ip_address("192.0.2.100").packed + ip_address("192.0.2.101").packed
    assert (
        Advertisement(
            version=Version.V3,
            vrid=51,
            priority=100,
            interval=seconds(1),
            addresses=IPV4.advertised,
        )
        == advertisements(IPV4, SendAdvertisement(100, ChecksumForm.MESSAGE))[0]
    )
