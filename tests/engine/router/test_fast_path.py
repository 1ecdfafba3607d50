"""Two instances hear the same; one is read for by the engine, fast path and all. Nobody can tell them apart."""

import socket
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any, cast
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from failover.engine.events import EventSink
from failover.engine.intended import Intended
from failover.engine.loop.loop import Loop
from failover.engine.port.receiver import Receiver
from failover.engine.router.instance import Instance
from failover.engine.transmit.beat import Beat
from failover.engine.transmit.transmitter import Transmitter
from failover.frames import advertisement_datagram
from failover.linux import packet as packet_layout
from failover.linux.packet import Received, unpack
from failover.linux.sockets.advertisement import AdvertisementSocket
from failover.messages import Event, Value
from failover.vrrp import (
    Action,
    Address,
    ConfigChanged,
    Family,
    Instant,
    ReportOddity,
    Shutdown,
    Startup,
    VirtualRouter,
    encode,
    seconds,
)
from failover.vrrp.machine.actions import OF_THE_SENDER
from failover.vrrp.scope import GROUPS
from tests.engine.simulated import Kernel, SimulatedLoop, loop_of, netlink_of
from tests.vrrp.making import (
    EACH_FAMILY,
    GREATER,
    NO_CARRIER,
    NOW,
    ODD,
    ON_LINK,
    V2,
    a_router,
    after,
    an_advertisement,
)
from tests.vrrp.strategies import intervals, routers, sources


def kept(source: Address, message: bytes, hop_limit: int = 255) -> bytes:
    """The packet as an inbox hands it out."""
    datagram = advertisement_datagram(source, message)
    if isinstance(source, IPv4Address):
        return datagram[:4] + bytes((hop_limit,)) + datagram[9:10] + datagram[12:]
    destination = packet_layout._DESTINATION.pack(
        36, socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, GROUPS[Family.IPV6].packed
    )
    told = packet_layout._HOP_LIMIT.pack(20, socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT, hop_limit)
    sender = packet_layout.SENDER.pack(socket.AF_INET6, 0, 0, source.packed, 2)
    return (
        destination.ljust(packet_layout._HOP_LIMIT_AT, b"\0")
        + told.ljust(socket.CMSG_SPACE(4), b"\0")
        + sender
        + message
    )


_NOT_YET = 1 << 62
"""A time of arrival after everything: a reader takes it for now."""


class Waiting:
    """Stands for the advertisement socket: what waits in it."""

    def __init__(self, family: Family) -> None:
        self.family, self.packets, self.arrived = family, list[bytes](), _NOT_YET
        self.vrid_position = packet_layout.VRID_POSITION[family]
        self.wakeup = self
        self.overlooked = frozenset[int]()
        self.is_overflowing = False
        self.is_current: bool | None = True

    def fileno(self) -> int:
        return -1

    def acknowledge(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing comes any more."""

    def overlook(self, known: frozenset[int], share: int = 0) -> None:
        self.overlooked = known

    def overflowed(self) -> bool:
        return self.is_overflowing

    def receive(self, _limit: int, arrived: list[int]) -> list[bytes]:
        arrived += [self.arrived] * len(self.packets)
        taken, self.packets = self.packets, []
        return taken

    def unpack(self, packet: bytes) -> Received | None:
        return unpack(self.family, packet)


class Watched(Instance):
    """Remembers what it did and told."""

    def __init__(self, router: VirtualRouter, loop: Loop, transmitter: Transmitter) -> None:
        self.done: list[Action] = []
        self.events: list[tuple[str, dict[str, Value]]] = []
        beat = Beat(loop, router.advertisement_interval, lambda _: {})
        events = EventSink(self.tell, loop.clock.wall, transmitter.tell)
        super().__init__(Intended("VR", "eth0", router), router.beat_phase, loop, transmitter, beat, events)

    def tell(self, event: Event, _: object) -> None:
        self.events.append((event.kind, event.fields))

    def _act(self, action: Action, now: Instant) -> None:
        if not (isinstance(action, ReportOddity) and action.oddity in OF_THE_SENDER):  # seen in counters and events
            self.done.append(action)
        super()._act(action, now)


class TwoOfAKind(RuleBasedStateMachine):
    """`short` has a receiver, `long` is given every packet taken apart."""

    def __init__(self) -> None:
        super().__init__()
        self.simulated, self.heard = SimulatedLoop(), list[bytes]()
        self.loop = loop_of(self.simulated)
        self.transmitter = Transmitter(self.loop, netlink_of(Kernel()))
        self.router: VirtualRouter
        self.both: tuple[Watched, Watched] | tuple[()] = ()

    @initialize(router=routers(), data=st.data())
    def begin(self, router: VirtualRouter, data: st.DataObject) -> None:
        self.router = router
        self.short = Watched(router, self.loop, self.transmitter)
        self.long = Watched(router, self.loop, self.transmitter)
        self.both = self.short, self.long
        self.opens()
        for instance in self.both:
            instance.start(None, self.now)
        self.hears_something(data, priority=254)

    @property
    def now(self) -> Instant:
        return self.simulated.now

    @now.setter
    def now(self, now: Instant) -> None:
        self.simulated.now = now

    def opens(self) -> None:
        self.waiting = Waiting(self.router.family)
        opened = cast(AdvertisementSocket, self.waiting)
        self.receiver = Receiver(opened, {self.router.vrid: self.short}, self.loop)

    @rule(data=st.data(), priority=st.sampled_from([0, 1, 100, 254, 254, 254, 255]))
    def hears_something(self, data: st.DataObject, priority: int) -> None:
        router, changes = self.router, dict[str, Any]()
        if data.draw(st.integers(0, 4)) == 0:
            changes["interval"] = data.draw(intervals(router.version))
        if router.with_version_2 and data.draw(st.booleans()):
            changes.update(version=V2, interval=seconds(1))
        source = data.draw(sources(router.family))
        message = encode(an_advertisement(router, priority=priority, **changes), source)
        flaw = data.draw(st.integers(0, 9))
        hop_limit, message = 254 if flaw == 0 else 255, message[:-1] if flaw == 1 else message
        self.heard.append(kept(source, message, hop_limit))
        self.hear([self.heard[-1]] * data.draw(st.integers(1, 3)), one_by_one=data.draw(st.booleans()))

    @rule(data=st.data(), times=st.integers(1, 4), delay=st.sampled_from([0, 1, seconds(0.5), seconds(3)]))
    def hears_the_same_again(self, data: st.DataObject, times: int, delay: int) -> None:
        recent = data.draw(st.sampled_from(self.heard[-3:]))
        one_by_one = data.draw(st.booleans())
        for _ in range(times):
            self.now = after(self.now, delay)
            self.hear([recent], one_by_one=one_by_one)

    def hear(self, packets: list[bytes], *, one_by_one: bool) -> None:
        for portion in [[packet] for packet in packets] if one_by_one else [packets]:
            self.waiting.packets = list(portion)
            self.simulated.read()
        for packet in packets:
            received = self.waiting.unpack(packet)
            assert received is not None
            self.long.hear(received, self.now)

    @rule(late=st.sampled_from([0, 0, 1, seconds(0.01), seconds(300)]))
    def wakes_up(self, late: int) -> None:
        due = self.long._schedule._alarm.at
        if due is not None:
            self.now = after(max(self.now, due), late)
            self.simulated.sleep(self.now)

    @rule(fault=st.sampled_from([None, NO_CARRIER]))
    def link_changes(self, fault: Any) -> None:
        for instance in self.both:
            instance.link_changed(fault, self.now)

    @rule()
    def socket_is_another(self) -> None:
        self.receiver.close()
        self.opens()

    @rule()
    def restarts(self) -> None:
        for instance in self.both:
            instance._feed(Shutdown(), self.now)
            instance._feed(Startup(), self.now)

    @rule(priority=st.sampled_from([1, 100, 253, 255]), preempt_mode=st.booleans())
    def configuration_changes(self, priority: int, preempt_mode: bool) -> None:  # noqa: FBT001 - drawn
        self.is_now(replace(self.router, priority=priority, preempt_mode=preempt_mode))

    @rule(knows_subnets=st.booleans())
    def own_subnets_change(self, knows_subnets: bool) -> None:  # noqa: FBT001 - drawn
        """Whether the MASTER's address is odd may be different from now on."""
        self.is_now(replace(self.router, on_link=ON_LINK[self.router.family] if knows_subnets else ()))

    def is_now(self, router: VirtualRouter) -> None:
        previous, self.router = self.router, router
        for instance in self.both:
            instance._performer.router = self.router
            instance._feed(ConfigChanged(previous), self.now)

    @rule()
    def somebody_asks(self) -> None:
        """Reading the state makes it up; that must not end the fast path, nor change what comes after."""
        known = self.short._deferred._known_advert
        assert self.short.status().master == self.long.status().master
        assert self.short._deferred._known_advert is known

    @invariant()
    def nobody_can_tell_them_apart(self) -> None:
        if not self.both:
            return
        self.transmitter.finish()
        assert self.short.counters == self.long.counters
        assert self.short.done == self.long.done
        assert self.short.events == self.long.events
        if (known := self.short._deferred._known_advert) is None:
            assert self.short._schedule._alarm.at == self.long._schedule._alarm.at
            assert (self.short._schedule._alarm.prewarm is None) == (self.long._schedule._alarm.prewarm is None)
        else:
            assert self.short._schedule._alarm.at is None
            assert known.heard_at + known.held_off == self.long._schedule._alarm.at

    def teardown(self) -> None:
        if self.both:
            assert self.short.state == self.long.state


TestTwoOfAKind = TwoOfAKind.TestCase
TestTwoOfAKind.settings = settings(settings.default, stateful_step_count=30)


@EACH_FAMILY
@pytest.mark.parametrize("odd", [False, True])
def test_the_same_packet_again_is_not_taken_apart(family: Family, *, odd: bool) -> None:
    router, simulated = a_router(family, on_link=ON_LINK[family]), SimulatedLoop()
    loop = loop_of(simulated)
    transmitter, waiting = Transmitter(loop, netlink_of(Kernel())), Waiting(router.family)
    instance = Watched(router, loop, transmitter)
    Receiver(cast(AdvertisementSocket, waiting), {router.vrid: instance}, loop)
    instance.start(None, NOW)
    source = (ODD if odd else GREATER)[family]
    waiting.packets = [kept(source, encode(an_advertisement(router, priority=200), source))] * 3
    with patch.object(Instance, "hear", autospec=True, side_effect=Instance.hear) as hear:
        simulated.read()
        assert hear.call_count == 1
    transmitter.finish()
    assert instance.counters.advertisements_received == 3
    assert sum(instance.counters.oddities.values()) == (3 if odd else 0)
    assert [kind for kind, _ in instance.events if kind == "oddity"] == ["oddity"] * odd
