"""What is prepared is what frames and the protocol build; addresses of the host itself are left alone."""

from collections.abc import Collection
from ipaddress import ip_address, ip_interface
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from failover.engine.environment import Host
from failover.engine.loop.loop import Loop
from failover.engine.port.port import Port
from failover.engine.transmit.prepared import Prepared, datagram_bytes
from failover.engine.transmit.prepared import prepare as prepare_at
from failover.frames import advertisement_datagram, announcement
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.addresses import Batch, prepare_add, prepare_remove
from failover.linux.netlink.connection import Netlink
from failover.linux.sockets.options import destination_of
from failover.vrrp import (
    Advertisement,
    ChecksumForm,
    PreferredLifetime,
    SendAdvertisement,
    Version,
    VirtualAddress,
    VirtualRouter,
    advertisements,
    encode,
    seconds,
)
from failover.vrrp.scope import GROUPS
from tests.engine.simulated import an_interface

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
    preferred_lifetime=PreferredLifetime.NONE,
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


class Numbers:
    """Hands out sequence numbers as `Netlink` does."""

    def __init__(self) -> None:
        self.next = 1000

    def reserve(self, count: int) -> int:
        self.next += count
        return self.next - count


def prepare(
    router: VirtualRouter,
    form: ChecksumForm,
    own: Collection[VirtualAddress] = (),
    interface: Interface | None = None,
) -> Prepared:
    port = Port("eth0", cast(Loop, None), cast(Host, None), cast(Netlink, Numbers()))
    port.interface = interface or an_interface()
    return prepare_at(router, form, port, own)


@given(ROUTERS)
def test_advertisements_are_those_of_the_protocol_in_an_ip_datagram(pair: tuple[VirtualRouter, ChecksumForm]) -> None:
    router, form = pair
    prepared = prepare(router, form)
    for made, priority in ((prepared.advertise, router.priority), (prepared.resign, 0)):
        expected = advertisements(router, SendAdvertisement(priority, form))
        source = router.primary_address
        assert made.contents == tuple(advertisement_datagram(source, encode(one, source)) for one in expected)


@pytest.mark.parametrize("router", [IPV4, IPV6])
def test_advertisements_go_to_the_group_on_the_interface(router: VirtualRouter) -> None:
    prepared = prepare(router, router.initial_checksum)
    for made in (prepared.advertise, prepared.resign):
        assert made.destinations == (destination_of(GROUPS[router.family], INDEX),)
    assert prepared.announcements.destinations == (), "a frame has its own"


def test_a_migrating_router_sends_both_versions() -> None:
    prepared = prepare(BOTH_VERSIONS, ChecksumForm.MESSAGE)
    assert [datagram[20] >> 4 for datagram in prepared.advertise.contents] == [3, 2]
    assert [datagram[22] for datagram in prepared.resign.contents] == [0, 0]


@pytest.mark.parametrize("router", [IPV4, IPV6])
def test_every_held_address_is_installed_withdrawn_and_announced(router: VirtualRouter) -> None:
    prepared = prepare(router, router.initial_checksum)
    lifetime = router.preferred_lifetime
    assert prepared.install == prepare_add(INDEX, router.held_addresses, prepared.install.first, lifetime)
    assert prepared.withdraw == prepare_remove(INDEX, router.held_addresses, prepared.withdraw.first)
    assert prepared.announcements.contents == tuple(announcement(MAC, address) for address in router.held_addresses)


def test_the_router_flag_is_that_of_the_interface() -> None:
    for is_router in (True, False):
        prepared = prepare(IPV6, IPV6.initial_checksum, interface=replace(an_interface(), forwards_ipv6=is_router))
        expected = tuple(announcement(MAC, address, is_router=is_router) for address in IPV6.held_addresses)
        assert prepared.announcements.contents == expected


def test_installing_and_withdrawing_have_numbers_of_their_own() -> None:
    prepared = prepare(IPV4, ChecksumForm.MESSAGE)
    assert numbers_of(prepared.install).isdisjoint(numbers_of(prepared.withdraw))


def numbers_of(batch: Batch) -> set[int]:
    return {number for datagram in batch.datagrams for number in datagram.sequences}


def test_addresses_of_the_host_itself_are_announced_but_neither_added_nor_removed() -> None:
    own = IPV4.addresses[0]
    prepared = prepare(IPV4, ChecksumForm.MESSAGE, {own})
    others = tuple(address for address in IPV4.held_addresses if address != own)
    assert prepared.install == prepare_add(INDEX, others, prepared.install.first)
    assert prepared.withdraw == prepare_remove(INDEX, others, prepared.withdraw.first)
    assert announcement(MAC, own) in prepared.announcements.contents


@pytest.mark.parametrize("router", [IPV4, IPV6, BOTH_VERSIONS])
def test_the_size_of_an_advertisement_is_that_of_the_largest_datagram(router: VirtualRouter) -> None:
    prepared = prepare(router, router.initial_checksum)
    assert datagram_bytes(router) == max(map(len, prepared.advertise.contents))


def test_the_bytes_on_the_wire_are_these() -> None:
    """By hand, so that an error in the shared codec shows: IPv4 header, VRRP header, two addresses."""
    datagram = prepare(IPV4, ChecksumForm.MESSAGE).advertise.contents[0]
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
