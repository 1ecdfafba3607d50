"""MASTERs with a beat and MASTERs without live through the same. Nobody can tell them apart on the wire."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from typing import Any, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from failover.engine.router.instance import Instance
from failover.engine.transmit.beat import Beat
from failover.engine.transmit.transmitter import Transmitter
from failover.linux.packet import Received
from failover.linux.sockets.outbox import Burst, Packets
from failover.messages import Event, Value
from failover.vrrp import (
    Family,
    Instant,
    Interval,
    Master,
    ReceivedFrom,
    Startup,
    VirtualRouter,
    encode,
    initial_state,
    seconds,
    step,
)
from failover.vrrp.scope import GROUPS
from tests.engine.simulated import (
    Kernel,
    SimulatedLoop,
    Wire,
    as_port,
    instance_of,
    loop_of,
    members_of,
    netlink_of,
)
from tests.vrrp.making import GREATER, NO_CARRIER, NOW, OURS, SMALLER, a_router, after, an_advertisement

SECOND = seconds(1)
PHASE = seconds(0.3)
VRID_AT = 21
"""In an IPv4 datagram."""


class NoBeat:
    """Stands for a beat that takes nobody."""

    count = 0

    def join(self, *_: object) -> bool:
        return False

    def leave(self, _: object) -> None:
        """There is nothing to leave."""


class Side:
    """Routers on a wire of their own, and what they have sent and told."""

    def __init__(self, loop: SimulatedLoop, routers: list[VirtualRouter], *, with_beat: bool) -> None:
        self.loop = loop
        self.wire, self.kernel = Wire(self.note), Kernel(self.note)
        self.story: list[tuple[int, str, object]] = []
        self.events: list[tuple[int, str, dict[str, Value]]] = []
        self.transmitter = Transmitter(loop_of(loop), netlink_of(self.kernel))
        self.turn = loop.after_round
        port = as_port(self.wire)
        interval = routers[0].advertisement_interval
        self.beat = Beat(loop_of(loop), interval, partial(port.send, Family.IPV4))
        beat = self.beat if with_beat else cast(Beat, NoBeat())
        self.instances = [instance_of(router, loop_of(loop), self.transmitter, beat, self.tell) for router in routers]
        for instance in self.instances:
            instance.attach(port, OURS[Family.IPV4], loop.now)

    def note(self, what: str, of: object) -> None:
        self.story.append((self.loop.now, what, of))

    def tell(self, event: Event, instance: Instance) -> None:
        self.events.append((instance.router.vrid, event.kind, event.fields))

    def heard_by_others(self) -> list[tuple[int, str, str]]:
        """What was on the wire, and when; in which order at one time is nobody's business."""
        return sorted((at, what, str(of)) for at, what, of in self.story)


class WithAndWithout(RuleBasedStateMachine):
    """One side has a beat, the other has none."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = SimulatedLoop()
        self.sides: list[Side] = []

    @initialize(
        priorities=st.lists(st.sampled_from([100, 254, 255]), min_size=1, max_size=4),
        interval=st.sampled_from([seconds(0.01), SECOND]),
        migrating=st.booleans(),
        phase=st.sampled_from([0, 0.3, 0.999]),
    )
    def begin(self, priorities: list[int], interval: Interval, migrating: bool, phase: float) -> None:  # noqa: FBT001
        at = Interval(int(interval * phase)) if len(priorities) > 1 else None
        self.interval = interval
        routers = [
            a_router(
                vrid=51 + number,
                priority=priority,
                advertisement_interval=interval,
                beat_phase=at,
                with_version_2=migrating and number == 1,
            )
            for number, priority in enumerate(priorities)
        ]
        self.sides = [Side(self.loop, routers, with_beat=with_beat) for with_beat in (True, False)]
        turns = [side.turn for side in self.sides]
        self.loop.after_round = lambda hurried: sum(turn(hurried) for turn in turns) > 0
        self.each(lambda instance: instance.start(None, self.loop.now))

    def each(self, do: Callable[[Instance], object], number: int | None = None) -> None:
        """Do it to all, or the one of that number, on both sides."""
        for side in self.sides:
            some = side.instances if number is None else [side.instances[number % len(side.instances)]]
            for instance in some:
                do(instance)
        self.loop.round()

    @rule(intervals=st.sampled_from([0.001, 0.3, 1, 1, 1, 4, 4, 20]))
    def time_passes(self, intervals: float) -> None:
        self.loop.run(after(self.loop.now, int(intervals * self.interval)))

    @rule()
    def the_second_round_of_announcements_comes(self) -> None:
        self.loop.run(after(self.loop.now, seconds(5.5)))

    @rule(intervals=st.sampled_from([0.3, 0.999, 1, 1.5, 2.9, 3.1, 3.7, 10]))
    def the_host_pauses(self, intervals: float) -> None:
        self.loop.sleep(after(self.loop.now, int(intervals * self.interval)))

    @rule(number=st.integers(0, 3), priority=st.sampled_from([0, 0, 1, 99, 100, 200, 254]), smaller=st.booleans())
    def one_hears(self, number: int, priority: int, smaller: bool) -> None:  # noqa: FBT001 - drawn
        source = (SMALLER if smaller else GREATER)[Family.IPV4]

        def hear(instance: Instance) -> None:
            advertisement = an_advertisement(instance.router, priority=priority)
            meta = ReceivedFrom(source, GROUPS[Family.IPV4], 255)
            instance.hear(Received(encode(advertisement, source), meta), self.loop.now)

        self.each(hear, number)

    @rule(number=st.integers(0, 3), fault=st.sampled_from([None, NO_CARRIER]))
    def the_link_of_one_changes(self, number: int, fault: Any) -> None:
        self.each(lambda instance: instance.link_changed(fault, self.loop.now), number)

    @rule(last=st.sampled_from([2, 7]))
    def the_source_address_changes(self, last: int) -> None:
        source = ip_address(f"192.0.2.{last}")
        for side in self.sides:
            for instance in side.instances:
                instance.attach(as_port(side.wire), source, self.loop.now)
        self.loop.round()

    @rule(number=st.integers(0, 4))
    def a_firewall_refuses_those_of_one(self, number: int) -> None:
        for side in self.sides:
            side.wire.refuses = lambda datagram: datagram[VRID_AT] == 51 + number

    @rule(number=st.integers(0, 3))
    def somebody_asks(self, number: int) -> None:
        self.each(lambda instance: instance.status(), number)

    @precondition(lambda self: self.sides)
    @invariant()
    def nobody_can_tell_them_apart(self) -> None:
        beating, alone = self.sides
        for side in self.sides:
            side.transmitter.finish()  # news waits a moment where addresses change, which may be so on one side alone
        assert beating.heard_by_others() == alone.heard_by_others()
        assert sorted(map(str, beating.events)) == sorted(map(str, alone.events))
        assert [one.state_label for one in beating.instances] == [one.state_label for one in alone.instances]
        for side in self.sides:
            side.story.clear()
            side.events.clear()

    def teardown(self) -> None:
        if self.sides:
            beating, alone = self.sides
            assert [one.state for one in beating.instances] == [one.state for one in alone.instances]
            assert [one.counters for one in beating.instances] == [one.counters for one in alone.instances]


TestWithAndWithout = WithAndWithout.TestCase
TestWithAndWithout.settings = settings(settings.default, stateful_step_count=30)


# What the machine cannot see: that there is a beat at all, and who is in it.


class Group:
    """Routers that start as MASTER (address owners), with their beat."""

    def __init__(self, count: int) -> None:
        self.loop = SimulatedLoop()
        router = a_router(priority=255, beat_phase=PHASE)
        self.side = Side(self.loop, [replace(router, vrid=51 + n) for n in range(count)], with_beat=True)
        self.bursts: list[int] = []
        send = self.side.beat._send

        def counted(burst: Burst) -> dict[int, OSError]:
            self.bursts.append(len(burst))
            return send(burst)

        self.side.beat._send = counted

    def start(self, number: int) -> Instance:
        instance = self.side.instances[number]
        instance.start(None, self.loop.now)
        self.loop.round()
        return instance

    def run(self, at: Instant) -> list[int]:
        """Until then; the sizes of the bursts."""
        self.bursts.clear()
        self.loop.run(at)
        return list(self.bursts)


BEAT = Instant(NOW + PHASE)
"""The first after `NOW`, which is on a whole second."""


@pytest.fixture
def three() -> Group:
    return Group(3)


def test_masters_advertise_by_one_burst(three: Group) -> None:
    for number in range(3):
        three.start(number)
    assert three.run(after(BEAT, 2 * SECOND)) == [3, 3, 3]
    sent = [at for at, what, _ in three.side.story if what == "advertisement"]
    assert sent == [NOW] * 3 + [BEAT] * 3 + [BEAT + SECOND] * 3 + [BEAT + 2 * SECOND] * 3


def test_who_joins_later_fits_in_with_its_first_beat(three: Group) -> None:
    three.start(0)
    assert three.run(after(NOW, seconds(0.2))) == []
    three.start(1)
    assert three.run(after(NOW, seconds(0.5))) == [2]
    three.start(2)
    assert three.run(after(BEAT, SECOND)) == [3]


def test_who_joins_between_the_beats_time_and_a_late_beat_fits_in_one_interval_later(three: Group) -> None:
    three.start(0)
    three.loop.now = after(BEAT, seconds(0.1))  # the alarm has not rung yet
    late = three.side.instances[1]
    late.start(None, three.loop.now)
    assert isinstance(late.state, Master)
    assert late.state.advertise_at == BEAT + SECOND
    three.loop.round()
    assert three.bursts == [1]
    assert three.run(after(BEAT, SECOND)) == [2]


def test_who_is_master_no_more_leaves_and_the_others_go_on(three: Group) -> None:
    first, *_ = [three.start(number) for number in range(3)]
    three.run(BEAT)
    first.link_changed(NO_CARRIER, three.loop.now)
    three.loop.round()
    assert three.run(after(BEAT, SECOND)) == [2]
    assert not first.is_master


def test_who_could_not_send_between_two_beats_goes_on_alone_until_it_can_and_says_so(three: Group) -> None:
    first, *_ = [three.start(number) for number in range(3)]
    three.run(BEAT)
    three.side.wire.refuses = lambda datagram: datagram[VRID_AT] == 51
    first.attach(as_port(three.side.wire), SMALLER[Family.IPV4], three.loop.now)
    three.loop.round()
    assert first.status().send_error is not None
    three.side.wire.refuses = lambda _: False
    assert three.run(after(BEAT, SECOND)) == [2]
    assert first.status().send_error is None
    assert [kind for vrid, kind, _ in three.side.events if vrid == 51][-2:] == ["send_failed", "send_recovered"]


def test_a_beat_without_members_makes_no_sound(three: Group) -> None:
    first = three.start(0)
    first.link_changed(NO_CARRIER, three.loop.now)
    three.loop.round()
    assert three.run(after(BEAT, 10 * SECOND)) == []
    assert three.side.beat._alarm.at is None


def test_a_beat_that_is_an_interval_late_goes_the_long_way_and_is_a_beat_again(three: Group) -> None:
    for number in range(3):
        three.start(number)
    three.run(BEAT)
    three.bursts.clear()
    sent = len(three.side.story)
    three.loop.sleep(after(BEAT, seconds(2.1)))
    assert three.bursts == [], "no burst of the beat's own"
    assert [what for _, what, _ in three.side.story[sent:]] == ["advertisement"] * 3
    assert three.run(after(BEAT, 3 * SECOND)) == [3]


def test_after_an_oversleeping_nobody_is_sure_to_be_master(three: Group) -> None:
    three.side.instances = three.side.instances[:2]
    for number in range(2):
        three.start(number)
    for instance in three.side.instances:
        instance._performer.router = replace(instance.router, priority=254)
    three.run(BEAT)
    sent = len(three.side.story)
    three.loop.sleep(after(BEAT, 10 * SECOND))
    assert not any(instance.is_master for instance in three.side.instances)
    assert "advertisement" not in [what for _, what, _ in three.side.story[sent:]]


def test_a_refused_member_is_counted_and_told_and_the_others_are_sent(three: Group) -> None:
    instances = [three.start(number) for number in range(3)]
    three.run(BEAT)
    counted = [instance.counters.advertisements_sent for instance in instances]
    three.side.wire.refuses = lambda datagram: datagram[VRID_AT] == 52
    assert three.run(after(BEAT, 2 * SECOND)) == [3, 2], "who cannot send goes on alone"
    assert [instance.counters.send_errors for instance in instances] == [0, 2, 0]
    sent = [instance.counters.advertisements_sent - before for instance, before in zip(instances, counted, strict=True)]
    assert sent == [2, 0, 2]
    failures = [(vrid, fields) for vrid, kind, fields in three.side.events if kind == "send_failed"]
    assert failures == [(52, {"what": "advertisement", "error": "Operation not permitted"})]
    assert all(instance.is_master for instance in instances)


def test_other_packets_of_a_member_are_those_of_the_next_burst() -> None:
    """A beat knows no router: what it sends is what its members said last."""
    loop, bursts = SimulatedLoop(), list[tuple[bytes, ...]]()

    def send(burst: Burst) -> dict[int, OSError]:
        bursts.append(members_of(burst)[0].contents)
        return {}

    beat = Beat(loop_of(loop), SECOND, send)
    router = a_router(priority=255, beat_phase=PHASE)
    state = step(router, initial_state(router), Startup(), NOW).state
    assert isinstance(state, Master)
    member = cast(Any, object())
    one, other = Packets([b"one"]), Packets([b"other"])
    assert beat.join(member, one, state)
    loop.run(BEAT)
    assert beat.join(member, other, replace(state, advertise_at=beat.at))
    loop.run(after(BEAT, SECOND))
    assert bursts == [(b"one",), (b"other",)]
