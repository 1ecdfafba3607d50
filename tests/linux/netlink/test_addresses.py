"""Batches as bytes: order, numbering, and what goes into one datagram."""

import errno
from ipaddress import IPv4Interface, IPv6Interface
from itertools import islice

import pytest

from failover.linux.netlink.addresses import (
    PORTION,
    STEPS_BEHIND,
    Failure,
    prepare_add,
    prepare_behind,
    prepare_remove,
    tagged,
)
from failover.linux.netlink.codec import Payload, Refused, frames
from failover.linux.netlink.rtnetlink import AddressAdded, AddressRemoved, AssignedAddress, parse
from failover.vrrp.protocol import VirtualAddress

TWO = (IPv4Interface("192.0.2.1/24"), IPv4Interface("192.0.2.2/24"))
MANY = tuple(IPv6Interface((int(IPv6Interface("2001:db8::1")) + n, 64)) for n in range(4000))


def test_addresses_are_added_in_their_order() -> None:
    [datagram] = prepare_add(3, TWO).datagrams
    found = [one for one in parse(datagram.content) if isinstance(one, AddressAdded)]
    assert [one.assigned.address for one in found] == list(TWO)
    assert {one.ifindex for one in found} == {3}


def test_addresses_are_removed_the_last_added_first() -> None:
    batch = prepare_remove(3, TWO)
    [datagram] = batch.datagrams
    found = [one for one in parse(datagram.content) if isinstance(one, AddressRemoved)]
    assert [one.assigned.address for one in found] == list(reversed(TWO))
    assert batch.addresses == tuple(reversed(TWO))


def test_every_request_of_a_batch_that_needs_several_datagrams_has_its_own_number() -> None:
    batch = prepare_add(3, MANY)
    assert [len(datagram) for datagram in batch.datagrams] == [PORTION] * 62 + [32]
    assert all(len(datagram.content) <= 120_000 for datagram in batch.datagrams)
    numbers = [one.sequence for datagram in batch.datagrams for one in frames(datagram.content)]
    assert numbers == list(range(4000))
    assert numbers == [n for datagram in batch.datagrams for n in datagram.sequences]
    for datagram in batch.datagrams:
        *_, last = (one for one in frames(datagram.content) if isinstance(one, Payload))
        assert last.sequence == datagram.sequences[-1]


@pytest.mark.parametrize("length", [8, 24, 31, 32])
def test_addresses_go_behind_others_without_being_missed_at_any_step(length: int) -> None:
    two = [IPv4Interface(f"10.0.0.{n}/{length}") for n in (1, 2)]
    batch = prepare_behind(3, two, 10)
    [datagram] = batch.datagrams
    there: set[VirtualAddress] = set(two)
    for request in parse(datagram.content):
        assert isinstance(request, AddressAdded | AddressRemoved)
        if isinstance(request, AddressAdded):
            there.add(request.assigned.address)
        else:
            there.remove(request.assigned.address)
        assert {address.ip for address in there} == {address.ip for address in two}
    assert there == set(two)
    removed = [one.assigned.address for one in parse(datagram.content) if isinstance(one, AddressRemoved)]
    assert removed[:2] == [two[1], two[0]], "the primary last, or the other would be promoted"
    assert list(datagram.sequences) == list(range(10, 10 + len(two) * STEPS_BEHIND))
    told = [str(Failure(3, address, 1)) for address in batch.addresses]
    assert len(told) == len(datagram)
    many = prepare_behind(3, [IPv4Interface((int(IPv4Interface("10.0.0.1")) + n, 8)) for n in range(100)])
    assert [len(one) for one in many.datagrams] == [64] * 6 + [16]


def test_a_batch_is_numbered_from_where_it_is_told() -> None:
    batch = prepare_add(3, MANY, 1000)
    numbers = [one.sequence for datagram in batch.datagrams for one in frames(datagram.content)]
    assert numbers == list(range(1000, 5000))
    assert numbers == [n for datagram in batch.datagrams for n in datagram.sequences]


def test_a_refusal_is_that_of_the_address_with_its_number_unless_it_was_so_already() -> None:
    removal = prepare_remove(3, TWO, 1000)
    refused = [Refused(1000, errno.EADDRNOTAVAIL, ""), Refused(1001, errno.EPERM, "no")]
    assert removal.failures(refused) == (Failure(3, TWO[0], errno.EPERM, "no"),)
    addition = prepare_add(3, TWO, 7)
    assert addition.failures([Refused(8, errno.EEXIST, ""), Refused(7, errno.EPERM, "")]) == (
        Failure(3, TWO[0], errno.EPERM),
    )


def test_no_addresses_make_no_datagram() -> None:
    assert prepare_add(3, ()).datagrams == ()


def test_only_addresses_with_our_tag_are_picked_for_the_clean_up() -> None:
    protocols = (0, 112, 3)
    assigned = [AssignedAddress(a, 0, 0, p) for a, p in zip(islice(MANY, 3), protocols, strict=True)]
    assert tagged(assigned) == (MANY[1],)


def test_a_failure_says_address_reason_and_the_kernels_words() -> None:
    assert str(Failure(3, TWO[0], errno.ENODEV)) == "192.0.2.1/24: No such device"
    denied = Failure(3, MANY[0], errno.EACCES, "ipv6: IPv6 is disabled on this device")
    assert str(denied) == "2001:db8::1/64: Permission denied (ipv6: IPv6 is disabled on this device)"
