"""The largest groups of `engine.transmit.slots`, sent through a cable to a receiver that does not read meanwhile."""

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from typing import Any, Final

import pytest

from failover.engine.transmit.prepared import datagrams
from failover.engine.transmit.slots import assign_beats
from failover.lab.network.namespaces import Namespace
from failover.linux.sockets.advertisement import AdvertisementSocket
from failover.linux.sockets.options import DOMAINS, configure, destination_of, join_group, open_raw
from failover.linux.sockets.outbox import AT_ONCE, Burst, Packets
from failover.vrrp import Family, SendAdvertisement, VirtualRouter
from failover.vrrp.protocol import PROTOCOL_NUMBER
from failover.vrrp.scope import GROUPS
from tests.vrrp.making import a_router, virtual_addresses

pytestmark = pytest.mark.root

DEFAULT_BUFFER: Final = 212_992
"""Bytes; Linux's where nobody sets another (net.core.rmem_default)."""
NETS: Final = {Family.IPV4: "198.51.100.{}/24", Family.IPV6: "fe80::1:{}/64"}


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def cable(stack: ExitStack, family: Family) -> tuple[AdvertisementSocket, socket.socket]:
    """A sender on one end, on the other a receiver as any program would open it; both up, with room for 9000 bytes."""
    left, right = stack.enter_context(Namespace("left")), stack.enter_context(Namespace("right"))
    left.ip(f"link add left mtu 9000 type veth peer name right mtu 9000 netns {right.name}")
    with left.enter():
        sender = stack.enter_context(closing(AdvertisementSocket("left", socket.if_nametoindex("left"), family)))
    with right.enter():
        receiver = stack.enter_context(closing(open_raw("right", DOMAINS[family], PROTOCOL_NUMBER)))
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, DEFAULT_BUFFER // 2)  # the kernel doubles it
        configure(receiver, "right", join_group(GROUPS[family], socket.if_nametoindex("right")))
    left.ip("link set left up")
    right.ip("link set right up")
    return sender, receiver


def waiting(receiver: socket.socket) -> int:
    """How many packets are there; none afterwards."""
    count = 0
    with suppress(BlockingIOError):
        while receiver.recv(10_000):
            count += 1
    return count


def send_until_heard(sender: AdvertisementSocket, receiver: socket.socket, packet: Burst) -> None:
    """A link needs a moment after it came up, and IPv6 an address."""
    for _ in range(100):
        failures = sender.send(packet)
        if select.select([receiver], [], [], 0.05)[0] and not failures:
            waiting(receiver)
            return
    pytest.fail("nothing arrived")


def group_of(router: VirtualRouter) -> list[bytes]:
    """What as many of them as can be in one group send together."""
    places = assign_beats([("left", router)] * (AT_ONCE + 1))
    members = places.count(places[0])
    assert members <= AT_ONCE
    outgoing = datagrams(router, SendAdvertisement(100, router.initial_checksum))
    return [one.datagram for one in outgoing] * members


@pytest.mark.parametrize("count", [1, 93, 94, 187, 188, 255])
@pytest.mark.parametrize(
    "shape", [{"family": Family.IPV4}, {"family": Family.IPV4, "with_version_2": True}, {"family": Family.IPV6}]
)
def test_the_largest_group_waits_in_a_default_buffer_without_a_loss(
    stack: ExitStack, shape: dict[str, Any], count: int
) -> None:
    router = a_router(**shape)
    net = NETS[router.family]
    group = group_of(replace(router, addresses=virtual_addresses(*(net.format(n) for n in range(count)))))
    sender, receiver = cable(stack, router.family)
    destination = destination_of(GROUPS[router.family], sender.index)
    send_until_heard(sender, receiver, Packets(group[:1], [destination]))
    assert sender.send(Packets(group, [destination])) == {}
    assert waiting(receiver) == len(group) <= AT_ONCE


def test_twice_as_many_of_the_largest_would_overrun_it(stack: ExitStack) -> None:
    """So that what the weights are for is seen."""
    router = a_router(Family.IPV6, addresses=virtual_addresses(*(NETS[Family.IPV6].format(n) for n in range(255))))
    sender, receiver = cable(stack, Family.IPV6)
    destination = destination_of(GROUPS[Family.IPV6], sender.index)
    group = group_of(router)
    send_until_heard(sender, receiver, Packets(group[:1], [destination]))
    assert sender.send(Packets(group * 2, [destination])) == {}
    assert 0 < waiting(receiver) < 2 * len(group)
