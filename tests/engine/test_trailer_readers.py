"""Whoever else reads advertisements takes signed ones for what they are: by their length, head or stream."""

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_interface
from typing import Final

import pytest

from failover.engine.authentication.authenticator import Authenticator
from failover.engine.fleet.addresses.seen import Sent, duplicate, head
from failover.engine.transmit.prepared import datagrams
from failover.lab.network.lan import Lan
from failover.lab.network.waiting import wait_until
from failover.linux.clock import Clock
from failover.linux.filter.bpf import PACKET_TYPE, VLAN_TAG_PRESENT
from failover.linux.filter.sample import interval_of, stream_of
from failover.linux.packet import lay_out, unpack
from failover.linux.sockets.looking.lookout import Sighting, Sought, program, sighted
from failover.vrrp import Advertisement, Family, Instant, Secret, SendAdvertisement, VirtualRouter, seconds
from failover.vrrp.authentication.keys import KeyedAuthentication
from tests.engine.daemons import OurDaemon
from tests.engine.flooding import flooding
from tests.engine.garbage import OURS, V3, plain
from tests.engine.test_problems import problems
from tests.engine.test_signed import entry
from tests.linux.filter.bpf_machine import run
from tests.vrrp.making import EACH_FAMILY, GREATER, a_router

BY: Final = KeyedAuthentication(keys=((1, Secret(bytes(range(32)))),), active_key=1, window=seconds(5))
MAC: Final = bytes.fromhex("020000000001")
ETHER_TYPE: Final = {Family.IPV4: b"\x08\x00", Family.IPV6: b"\x86\xdd"}


def keyed(family: Family) -> VirtualRouter:
    return replace(a_router(family), keyed=BY)


def clock() -> Clock:
    """Each look at it is a millisecond later."""
    walls = iter(range(1_800_000_000_000_000_000, 1_900_000_000_000_000_000, 1_000_000))
    return Clock(lambda: Instant(0), lambda: next(walls))


def signed(router: VirtualRouter, count: int = 1) -> Iterator[bytes]:
    """Datagrams, one after the other."""
    prepared = [one.datagram for one in datagrams(router, SendAdvertisement(200, router.initial_checksum))]
    authenticator = Authenticator(clock())
    for _ in range(count):
        yield from authenticator.signed(prepared, router)


def seen(router: VirtualRouter, datagram: bytes, *, is_outgoing: bool = True) -> Sighting:
    family = router.family
    frame = bytes(6) + MAC + ETHER_TYPE[family] + datagram + bytes(6)
    sought = Sought(router.primary_address, MAC, frozenset({router.vrid}), frozenset({router.vrid}))
    known = {PACKET_TYPE: socket.PACKET_OUTGOING if is_outgoing else 0, VLAN_TAG_PRESENT: 0}
    assert run(program(family, sought), frame, about=known) > 0
    found = sighted(family, frame, is_outgoing)
    assert found is not None
    return found


@EACH_FAMILY
def test_a_look_sees_them_whole_and_takes_none_of_ours_for_that_of_another_program(family: Family) -> None:
    router = keyed(family)
    sent = list(signed(router, 3))
    sightings = [seen(router, one) for one in sent]
    assert [one.packet for one in sightings] == sent
    assert len(set(sent)) == 3
    assert {(one.vrid, one.priority, one.source) for one in sightings} == {(51, 200, router.primary_address)}
    prepared = [one.datagram for one in datagrams(router, SendAdvertisement(200, router.initial_checksum))]
    before, after = (Sent(router, frozenset(map(head, prepared)), frames) for frames in (7, 10))
    assert after.is_all(sightings, before)
    assert not after.is_all([*sightings, *(seen(router, one) for one in signed(router, 2))], before)


@EACH_FAMILY
def test_those_of_ours_that_a_switch_returns_are_no_clone_and_others_are(family: Family) -> None:
    router = keyed(family)
    ours = list(signed(router, 4))
    sought = Sought(router.primary_address, MAC, frozenset({51}), frozenset({51}))
    sent = [seen(router, one) for one in ours]
    assert duplicate([*sent, *(seen(router, one, is_outgoing=False) for one in ours)], sought) is None
    found = duplicate([*sent[:2], *(seen(router, one, is_outgoing=False) for one in ours[2:])], sought)
    assert found is not None
    assert found.is_clone


@EACH_FAMILY
def test_all_of_a_sender_are_one_stream_with_its_interval(family: Family) -> None:
    router = replace(keyed(family), primary_address=GREATER[family])
    packets = [lay_out(family, one, 2) for one in signed(router, 3)]
    plain_one = lay_out(
        family,
        next(iter(datagrams(replace(router, keyed=None), SendAdvertisement(200, router.initial_checksum)))).datagram,
        2,
    )
    assert len({stream_of(family, one) for one in [*packets, plain_one]}) == 1
    assert {interval_of(family, one) for one in packets} == {router.advertisement_interval}


@EACH_FAMILY
def test_what_was_signed_is_heard_by_another_with_the_key_after_its_way_through_a_socket(family: Family) -> None:
    sender, receiver = replace(keyed(family), primary_address=GREATER[family]), keyed(family)
    hears = Authenticator(clock())
    for datagram in signed(sender, 3):
        packet = unpack(family, lay_out(family, datagram, 2))
        assert packet is not None
        assert isinstance(hears.receive(packet, receiver), Advertisement)


def test_migrating_each_version_has_a_signature_of_its_own_and_each_is_newer() -> None:
    router = replace(
        keyed(Family.IPV4),
        addresses=(ip_interface("192.0.2.100/24"),),
        primary_address=GREATER[Family.IPV4],
        with_version_2=True,
    )
    hears, receiver = Authenticator(clock()), replace(router, primary_address=a_router().primary_address)
    for datagram in signed(router, 2):
        packet = unpack(Family.IPV4, lay_out(Family.IPV4, datagram, 2))
        assert packet is not None
        assert isinstance(hears.receive(packet, receiver), Advertisement)


@pytest.mark.root
@pytest.mark.timeout(250)
def test_another_program_on_the_host_of_a_master_that_signs_is_named_until_it_is_silent(lan: Lan) -> None:
    host = lan.host("one", "192.0.2.11/24")
    daemon = OurDaemon(host, entry(host, 200))
    daemon.wait_for("MASTER")
    theirs = plain(replace(V3, vrid=51, priority=150), OURS)
    began = time.monotonic()
    with flooding(host) as flood:
        while "other_program" not in problems(daemon):
            assert time.monotonic() - began < 60
            flood.send(theirs, 20, 1)
    wait_until(lambda: "other_program" not in problems(daemon), "its own are not taken for another's", 75)
