"""What a simulated socket lets in, and what it rings for."""

from dataclasses import replace

from failover.frames import advertisement_datagram
from failover.linux.filter.fingerprint import fingerprint
from failover.linux.filter.program import Terms
from failover.vrrp import Family, Version, encode
from tests.simulation.lan import Lan
from tests.simulation.loop import SimulatedLoop
from tests.simulation.sockets import SimulatedAdvertisementSocket
from tests.simulation.world import World
from tests.vrrp.making import EACH_FAMILY, GREATER, a_router, an_advertisement

INDEX = 2


def a_socket(family: Family) -> SimulatedAdvertisementSocket:
    world = World()
    card = Lan(world).plug("host", lambda: True)
    return SimulatedAdvertisementSocket(card, SimulatedLoop(world), INDEX, family, Terms(frozenset({51})))


def datagram(family: Family, vrid: int = 51, priority: int = 200) -> bytes:
    advertisement = replace(an_advertisement(a_router(family)), vrid=vrid, priority=priority)
    return advertisement_datagram(GREATER[family], encode(advertisement, GREATER[family]))


def damaged(packet: bytes) -> bytes:
    return packet[:-1] + bytes((packet[-1] ^ 1,))


def waiting(opened: SimulatedAdvertisementSocket) -> int:
    return len(opened.receive(100, []))


@EACH_FAMILY
def test_a_packet_comes_out_as_it_was_sent(family: Family) -> None:
    opened = a_socket(family)
    opened.arrive(datagram(family))
    (packet,) = opened.receive(100, [])
    received = opened.unpack(packet)
    assert received is not None
    assert received.meta.source == GREATER[family]
    assert received.meta.hop_limit == 255
    assert datagram(family).endswith(received.payload)


@EACH_FAMILY
def test_what_is_of_another_virtual_router_or_family_does_not_come_in(family: Family) -> None:
    opened = a_socket(family)
    opened.arrive(datagram(family, vrid=52))
    opened.arrive(datagram(Family.IPV6 if family is Family.IPV4 else Family.IPV4))
    assert waiting(opened) == 0
    opened.accept(Terms(frozenset({51, 52})))
    opened.arrive(datagram(family, vrid=52))
    assert waiting(opened) == 1


@EACH_FAMILY
def test_what_is_overlooked_waits_and_does_not_ring_until_the_terms_are_others(family: Family) -> None:
    opened = a_socket(family)
    opened.arrive(datagram(family))
    assert opened.wakeup.acknowledge() == 1
    (packet,) = opened.receive(100, [])
    received = opened.unpack(packet)
    assert received is not None
    opened.overlook(frozenset({fingerprint(received)}))
    opened.arrive(datagram(family))
    assert opened.wakeup.acknowledge() == 0
    assert waiting(opened) == 1
    opened.arrive(datagram(family, priority=0))
    assert opened.wakeup.acknowledge() == 1
    opened.accept(Terms(frozenset({51})))
    opened.arrive(datagram(family))
    assert opened.wakeup.acknowledge() == 1


@EACH_FAMILY
def test_a_wrong_checksum_comes_in_unless_the_terms_are_strict(family: Family) -> None:
    opened = a_socket(family)
    opened.arrive(damaged(datagram(family)))
    assert waiting(opened) == 1
    opened.accept(Terms(frozenset({51}), frozenset({Version.V3})))
    opened.arrive(damaged(datagram(family)))
    assert waiting(opened) == 0
    opened.arrive(datagram(family))
    assert waiting(opened) == 1


def test_a_socket_that_is_full_loses_what_comes_and_says_so_once() -> None:
    opened = a_socket(Family.IPV4)
    for _ in range(3000):
        opened.arrive(datagram(Family.IPV4))
    assert len(opened.receive(4000, [])) < 3000
    assert [opened.overflowed(), opened.overflowed()] == [True, False]
