"""`linux.sockets.wakeup`: it wakes for what is not known, once the packet is there; what wakes nobody waits."""

import select
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from failover.linux.filter.fingerprint import fingerprint
from failover.linux.filter.program import Terms
from failover.linux.sockets.advertisement import AdvertisementSocket
from failover.vrrp import Family
from tests.linux.sockets.sending import send_one
from tests.linux.sockets.test_advertisement import (
    VRID,
    Cable,
    assert_passes,
    both,
    cable,
    datagram,
    families,
    stack,
    take,
)

pytestmark = pytest.mark.root
__all__ = ["cable", "stack"]


def wakes(receiver: AdvertisementSocket, timeout: float = 2.0) -> bool:
    return bool(select.select([receiver.wakeup], [], [], timeout)[0])


def connected(cable: Cable, stack: ExitStack, family: Family) -> tuple[AdvertisementSocket, AdvertisementSocket]:
    """Both ends, nothing on the way."""
    sender, receiver = both(cable, family, stack)
    cable.up()
    assert_passes(sender, receiver, family)
    while wakes(receiver, 0.05):
        receiver.wakeup.acknowledge()
    take(receiver, 1000)
    return sender, receiver


@families
def test_when_it_wakes_the_packet_is_there(cable: Cable, stack: ExitStack, family: Family) -> None:
    sender, receiver = connected(cable, stack, family)
    poller = select.poll()
    poller.register(receiver.wakeup, select.POLLIN)
    for number in range(300):
        send_one(sender, datagram(family, number=number % 256))
        while not poller.poll(0):  # awake, to see it as soon as can be
            pass
        receiver.wakeup.acknowledge()
        (packet,) = take(receiver, 1000)
        assert packet.payload[-1] == number % 256


@families
def test_it_does_not_wake_for_what_is_known_and_the_packet_waits(
    cable: Cable, stack: ExitStack, family: Family
) -> None:
    sender, receiver = connected(cable, stack, family)
    send_one(sender, datagram(family))
    assert wakes(receiver)
    assert receiver.wakeup.acknowledge() == 1
    (packet,) = take(receiver, 1000)
    receiver.overlook(frozenset({fingerprint(packet), 7}))
    for number in (0, 0, 1, 0):
        send_one(sender, datagram(family, number=number))
    assert wakes(receiver)
    assert receiver.wakeup.acknowledge() == 1
    assert not wakes(receiver, 0.05)
    assert [one.payload[-1] for one in take(receiver, 1000)] == [0, 0, 1, 0], "in the order in which they came"
    receiver.overlook(frozenset())
    send_one(sender, datagram(family))
    assert wakes(receiver)


@families
def test_other_terms_end_it(cable: Cable, stack: ExitStack, family: Family) -> None:
    sender, receiver = connected(cable, stack, family)
    send_one(sender, datagram(family))
    assert wakes(receiver)
    receiver.wakeup.acknowledge()
    (packet,) = take(receiver, 1000)
    receiver.overlook(frozenset({fingerprint(packet)}))
    receiver.accept(Terms(frozenset({VRID, 52})))
    send_one(sender, datagram(family, 52))
    assert wakes(receiver)
    receiver.wakeup.acknowledge()
    send_one(sender, datagram(family))
    assert wakes(receiver)


@families
def test_it_wakes_for_no_other_vrid(cable: Cable, stack: ExitStack, family: Family) -> None:
    sender, receiver = connected(cable, stack, family)
    receiver.overlook(frozenset({7}))
    send_one(sender, datagram(family, 52))
    assert not wakes(receiver, 0.05)


@families
def test_many_packets_wake_as_one_does(cable: Cable, stack: ExitStack, family: Family) -> None:
    sender, receiver = connected(cable, stack, family)
    for number in range(200):
        send_one(sender, datagram(family, number=number))
    assert wakes(receiver)
    assert 1 <= receiver.wakeup.acknowledge() <= 8
    assert not wakes(receiver, 0.05)
    assert len(take(receiver, 1000)) == 200
    assert not receiver.overflowed()


@families
def test_an_overflow_is_told_once(cable: Cable, stack: ExitStack, family: Family) -> None:
    sender, receiver = connected(cable, stack, family)
    for number in range(6000):
        send_one(sender, datagram(family, number=number % 256))
    time.sleep(0.05)
    assert len(take(receiver, 6000)) < 6000
    assert receiver.overflowed()
    assert not receiver.overflowed()


@families
def test_all_virtual_routers_fit_the_memory_that_older_kernels_give(
    cable: Cable, stack: ExitStack, family: Family
) -> None:
    """For the program in force and for the one that replaces it, both at once."""
    if not Path("/proc/sys/net/core/optmem_max").exists():
        pytest.skip("this kernel has no such limit")
    _, receiver = both(cable, family, stack, frozenset(range(1, 256)))
    cable.right.sysctl("core/optmem_max", "20480")
    for first in (1, 2):
        receiver.overlook(frozenset(range(first << 30, (first << 30) + 255)))
