"""What is done in a round, in which order, and how much of it at once."""

from dataclasses import replace
from ipaddress import ip_interface
from itertools import groupby
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.engine.router.instance import Instance
from failover.engine.transmit.announcements import GIVEN_UP_AFTER, Announcement
from failover.engine.transmit.beat import Beat
from failover.engine.transmit.prepared import ANNOUNCEMENT_REPEAT
from failover.engine.transmit.transmitter import Transmitter
from failover.linux.netlink.addresses import PORTION, Failure, prepare_add, prepare_remove
from failover.linux.netlink.codec import Refused
from failover.linux.sockets.outbox import AT_ONCE, Packets
from failover.messages import Event, Value
from failover.vrrp import Family, Instant, VirtualAddress, VirtualRouter, seconds
from tests.engine.simulated import (
    INDEX,
    Kernel,
    SimulatedLoop,
    Wire,
    as_port,
    first_of,
    instance_of,
    loop_of,
    netlink_of,
)
from tests.vrrp.making import NO_CARRIER, OURS, a_router, after

PORTION_TAKES = seconds(0.0005)
MANY = tuple(ip_interface(f"10.9.{n // 200}.{n % 200 + 1}/16") for n in range(500))


class SlowKernel(Kernel):
    """Takes its time for each write."""

    loop: SimulatedLoop

    def carry_out(self, datagrams: object) -> list[list[Refused]]:
        self.loop.now = after(self.loop.now, PORTION_TAKES)
        return super().carry_out(datagrams)  # type: ignore[arg-type]


class Bench:
    """A transmitter, and what it has done."""

    def __init__(self) -> None:
        self.story: list[tuple[str, object]] = []
        self.loop = SimulatedLoop()
        self.wire = Wire(self.note)
        self.port = as_port(self.wire)
        self.kernel = SlowKernel(self.note)
        self.kernel.loop = self.loop
        self.transmitter = Transmitter(loop_of(self.loop), netlink_of(self.kernel))
        self.failures: list[tuple[object, object]] = []
        self.reserved = 0

    def note(self, what: str, of: object) -> None:
        self.story.append((what, of))

    def done(self) -> list[str]:
        """The kinds of what was done, each once for a stretch of it."""
        return [what for what, _ in groupby(what for what, _ in self.story)]

    def advertise(self, content: bytes, family: Family = Family.IPV4) -> None:
        self.transmitter.advertise(
            self.port, family, Packets([content]), lambda error: self.failures.append((content, error))
        )

    def change(self, *addresses: VirtualAddress, removed: bool = False) -> None:
        prepare = prepare_remove if removed else prepare_add
        batch = prepare(INDEX, addresses, self.reserved)
        self.reserved += len(addresses)
        self.transmitter.change(batch, lambda failures: self.failures.append((addresses, failures)))

    def announce(self, *frames: bytes, of: object = None, rounds: int = 1, wire: Wire | None = None) -> None:
        at = as_port(wire or self.wire)
        self.transmitter.announce(
            Announcement(of, at, Packets(frames), rounds, lambda error: self.announced(of, error))
        )

    def announced(self, of: object, error: OSError | None) -> None:
        if error is not None:
            self.failures.append((of, error))

    def tell(self, news: str) -> None:
        self.transmitter.tell(lambda: self.note("news", news))

    def turns(self) -> int:
        """Turns until nothing is left that could be done, and the moment for which news waits is over."""
        count = 1
        while self.transmitter.turn():
            count += 1
        if (later := self.transmitter._later.at) is not None:
            self.loop.now = max(self.loop.now, later)
            self.transmitter._later.set(None)
            while self.transmitter.turn():
                count += 1
        return count


@pytest.fixture
def bench() -> Bench:
    return Bench()


@given(st.permutations(["advertisement", "install", "announcement", "news"] * 3))
def test_advertisements_come_first_then_addresses_then_announcements_then_news_whoever_asked_first(
    asked: list[str],
) -> None:
    bench = Bench()
    for number, what in enumerate(asked):
        if what == "advertisement":
            bench.advertise(bytes([number]))
        elif what == "install":
            bench.change(MANY[number])
        elif what == "announcement":
            bench.announce(bytes([number]), rounds=2)
        else:
            bench.tell(str(number))
    bench.turns()
    assert bench.done() == ["advertisement", "install", "announcement", "news"]
    for what in ("advertisement", "install", "news"):
        assert len([one for one, _ in bench.story if one == what]) == 3
    order = [of for what, of in bench.story if what == "announcement"]
    wanted = [bytes([number]) for number, what in enumerate(asked) if what == "announcement"]
    assert order == wanted * 2, "whole rounds"


def test_advertisements_of_an_interface_go_together_in_their_order(bench: Bench) -> None:
    for number in range(3):
        bench.advertise(bytes([number]))
    bench.wire.refuses = lambda datagram: datagram == bytes([1])
    bench.turns()
    assert [of for _, of in bench.story] == [bytes([0]), bytes([2])]
    assert [(of, error is not None) for of, error in bench.failures] == [
        (bytes([0]), False),
        (bytes([1]), True),
        (bytes([2]), False),
    ]


def test_small_changes_share_a_write_and_keep_their_order_and_their_failures(bench: Bench) -> None:
    bench.change(*MANY[:10])
    bench.change(*MANY[:4], removed=True)
    bench.change(*MANY[20:30])
    bench.kernel.refused = {3: 1, 12: 2, 23: 17, 20: 1}
    bench.turns()
    assert bench.kernel.writes == 1
    assert [of for _, of in bench.story] == [*MANY[:10], *reversed(MANY[:4]), *MANY[20:30]]
    assert bench.failures == [
        (MANY[:10], (Failure(INDEX, MANY[3], 1),)),
        (MANY[:4], (Failure(INDEX, MANY[1], 2),)),
        (MANY[20:30], (Failure(INDEX, MANY[26], 1),)),
    ]


@given(st.lists(st.integers(0, 3 * PORTION), max_size=8))
def test_changes_are_written_in_portions_whole_and_in_order(sizes: list[int]) -> None:
    bench = Bench()
    expected = []
    for size in sizes:
        bench.change(*MANY[:size])
        expected += list(MANY[:size])
    bench.turns()
    assert [of for _, of in bench.story] == expected
    assert bench.failures == [(MANY[:size], ()) for size in sizes if size]
    assert bench.kernel.writes <= sum(-(-size // PORTION) for size in sizes)
    assert not bench.transmitter.is_changing


def test_five_hundred_addresses_take_several_turns(bench: Bench) -> None:
    bench.change(*MANY)
    for turn in range(1, 5):
        assert bench.transmitter.is_changing
        assert bench.transmitter.turn()
        assert bench.kernel.writes == 2 * turn, "a millisecond's worth"
    assert not bench.transmitter.is_changing
    assert bench.transmitter.turn() is False


def test_it_is_said_before_what_is_long_begins_and_when_nothing_is_left_to_be_changed(bench: Bench) -> None:
    bench.transmitter.before_long = lambda ifindex: bench.note("long", ifindex)
    bench.transmitter.after_long = lambda: bench.note("over", len(bench.story))
    bench.change(*MANY[:PORTION])
    bench.turns()
    assert bench.done() == ["install"]
    bench.change(*MANY[: PORTION + 1])
    bench.change(*MANY[: PORTION + 1], removed=True)
    bench.change(*MANY[:1])
    assert bench.done() == ["install", "long"]
    bench.turns()
    assert bench.done() == ["install", "long", "install", "withdraw", "install", "over"]
    bench.change(*MANY[:1])
    bench.turns()
    assert bench.done()[-1] == "install"


def test_in_a_hurry_there_are_advertisements_alone_and_then_one_portion_of_the_rest(bench: Bench) -> None:
    bench.change(*MANY)
    for name in (b"1", b"2", b"3"):
        bench.advertise(name)
        assert bench.transmitter.turn(True)
        bench.loop.now = after(bench.loop.now, seconds(0.002))
    assert bench.story == [("advertisement", b"1"), ("advertisement", b"2"), ("advertisement", b"3")]
    assert bench.transmitter.turn(True)
    assert bench.kernel.writes == 1
    assert bench.transmitter.turn(True)
    assert bench.kernel.writes == 1, "and waits again"


def test_in_a_hurry_for_advertisements_alone_nothing_has_waited(bench: Bench) -> None:
    bench.advertise(b"1")
    assert not bench.transmitter.turn(True)
    bench.loop.now = after(bench.loop.now, seconds(1))
    bench.change(*MANY)
    assert bench.transmitter.turn(True)
    assert bench.kernel.writes == 0


def test_advertisements_that_are_asked_for_meanwhile_do_not_wait_for_the_rest(bench: Bench) -> None:
    bench.change(*MANY)
    bench.announce(b"frame")
    bench.transmitter.turn()
    bench.advertise(b"urgent")
    bench.transmitter.turn()
    assert bench.done()[:3] == ["install", "advertisement", "install"]
    assert bench.story.index(("advertisement", b"urgent")) == 2 * PORTION


def test_alarms_get_their_turn_between_the_portions(bench: Bench) -> None:
    """Rounds are counted, not time: an alarm every millisecond rings in every round but the last ones."""
    rung: list[int] = []

    def ring(at: Instant) -> None:
        rung.append(bench.kernel.writes)
        alarm.set(after(at, seconds(0.001)))

    alarm = bench.loop.alarm(ring)
    alarm.set(after(bench.loop.now, seconds(0.001)))
    bench.change(*MANY)
    began = bench.loop.now
    bench.loop.run(began)
    bench.loop.round()
    bench.loop.run(after(began, seconds(0.02)))
    assert bench.kernel.writes == 8
    between = [later - earlier for earlier, later in zip([0, *rung], rung, strict=False)]
    assert max(between) <= 2, "portions between two rings"


def test_announcements_are_sent_by_32_in_whole_rounds(bench: Bench) -> None:
    frames = [number.to_bytes(2) for number in range(70)]
    bench.announce(*frames, rounds=2)
    bench.announce(b"other", rounds=2)
    bench.turns()
    assert [of for _, of in bench.story] == [*frames, b"other"] * 2
    assert bench.wire.calls == 2 * (-(-70 // AT_ONCE) + 1)


def test_silence_ends_what_one_has_asked_to_announce_and_nothing_else(bench: Bench) -> None:
    one, other = object(), object()
    bench.announce(b"one", of=one)
    bench.announce(b"other", of=other)
    bench.announce(b"one again", of=one)
    bench.transmitter.silence(one)
    bench.turns()
    assert [of for _, of in bench.story] == [b"other"]


def test_news_of_a_change_waits_for_a_moment_and_other_news_does_not(bench: Bench) -> None:
    bench.tell("other")
    bench.loop.round()
    assert bench.done() == ["news"]
    began = bench.loop.now
    bench.change(MANY[0])
    bench.tell("of the change")
    bench.tell("more of it")
    bench.loop.round()
    assert bench.done() == ["news", "install"]
    bench.loop.run(after(began, seconds(0.001)))
    assert [of for what, of in bench.story if what == "news"] == ["other", "of the change", "more of it"]


def test_news_of_many_changes_waits_no_longer(bench: Bench) -> None:
    for number in range(20):
        bench.change(*MANY)
        bench.tell(str(number))
        bench.loop.run(after(bench.loop.now, seconds(0.02)))
        assert bench.story[-1] == ("news", str(number))


def test_a_queue_without_room_is_tried_again_until_all_is_sent(bench: Bench) -> None:
    frames = [bytes([number]) for number in range(10)]
    bench.wire.room = 4
    bench.announce(*frames)
    bench.tell("news")
    bench.loop.round()
    assert [of for _, of in bench.story] == [*frames[:4], "news"], "news need not wait for a queue"
    for room in (0, 3, 100):
        bench.wire.room = room
        bench.loop.run(after(bench.loop.now, seconds(0.002)))
    assert [of for what, of in bench.story if what == "announcement"] == frames
    assert bench.failures == []
    assert first_of(bench.loop.alarms) is None, "nothing is left to be tried"


def test_a_queue_that_stays_full_is_given_up_after_a_while_and_that_is_told_once(bench: Bench) -> None:
    bench.wire.room = 0
    bench.announce(b"frame", of="whose", rounds=5)
    bench.loop.round()
    bench.loop.run(after(bench.loop.now, GIVEN_UP_AFTER - seconds(0.01)))
    assert bench.failures == []
    bench.loop.run(after(bench.loop.now, seconds(0.1)))
    ((whose, error),) = bench.failures
    assert whose == "whose"
    assert isinstance(error, BlockingIOError)
    calls = bench.wire.calls
    bench.loop.run(after(bench.loop.now, seconds(10)))
    assert bench.wire.calls == calls


def test_a_full_queue_holds_up_no_other_interface_and_all_that_waits_for_it_is_given_up_together(bench: Bench) -> None:
    bench.wire.room = 0
    for whose in ("one", "two", "three"):
        bench.announce(b"frame", of=whose)
    other = Wire(bench.note)
    bench.announce(b"elsewhere", of="other", wire=other)
    bench.loop.round()
    assert [of for _, of in bench.story] == [b"elsewhere"]
    bench.loop.run(after(bench.loop.now, GIVEN_UP_AFTER + seconds(0.01)))
    assert [whose for whose, _ in bench.failures] == ["one", "two", "three"]
    assert first_of(bench.loop.alarms) is None, "nothing is left to be tried"


def test_what_is_refused_is_told_and_the_others_are_announced(bench: Bench) -> None:
    bench.wire.refuses = lambda frame: frame == b"bad"
    bench.announce(b"bad", of="bad", rounds=5)
    bench.announce(b"good", of="good")
    bench.turns()
    assert [of for _, of in bench.story] == [b"good"]
    assert [whose for whose, _ in bench.failures] == ["bad"]


def test_finishing_does_everything_at_once_and_drops_what_has_no_room(bench: Bench) -> None:
    bench.advertise(b"last")
    bench.change(*MANY)
    bench.wire.room = 1
    bench.announce(b"one", b"two")
    bench.tell("news")
    bench.transmitter.finish()
    assert bench.done() == ["advertisement", "install", "announcement", "news"]
    assert bench.kernel.writes == 8
    bench.wire.room = 100
    bench.loop.run(after(bench.loop.now, seconds(10)))
    assert [of for what, of in bench.story if what == "announcement"] == [b"one"]


def test_nothing_to_do_is_done(bench: Bench) -> None:
    bench.change()
    assert bench.transmitter.turn() is False
    bench.transmitter.finish()
    assert bench.story == []


# What the routers ask for


class Routers:
    """Address owners, MASTER from the start, on a bench."""

    def __init__(self, bench: Bench, *routers: VirtualRouter) -> None:
        self.bench = bench
        self.events: list[tuple[str, dict[str, Value]]] = []
        loop = loop_of(bench.loop)
        beat = Beat(loop, seconds(1), lambda _: {})
        self.instances = [
            instance_of(router, loop, bench.transmitter, beat, self.tell, f"VR_{router.vrid}") for router in routers
        ]
        for instance in self.instances:
            instance.attach(bench.port, OURS[Family.IPV4], bench.loop.now)
            instance.start(None, bench.loop.now)

    def tell(self, event: Event, _: Instance) -> None:
        self.bench.note("news", event.kind)
        self.events.append((event.kind, event.fields))


def a_master(vrid: int = 51, *addresses: VirtualAddress) -> VirtualRouter:
    router = a_router(vrid=vrid, priority=255)
    return replace(router, addresses=addresses or router.addresses)


def test_a_hundred_routers_advertise_all_before_the_first_adds_an_address(bench: Bench) -> None:
    Routers(bench, *[a_master(1 + number, MANY[number]) for number in range(100)])
    bench.turns()
    assert bench.done() == ["advertisement", "install", "announcement", "news"]
    assert [cast(bytes, of)[21] for what, of in bench.story if what == "advertisement"] == list(range(1, 101))
    assert [of for what, of in bench.story if what == "install"] == list(MANY[:100])
    frames = [of for what, of in bench.story if what == "announcement"]
    assert len(frames) == 100 * ANNOUNCEMENT_REPEAT
    assert frames == frames[:100] * ANNOUNCEMENT_REPEAT, "round by round"
    assert bench.kernel.writes == 2


def test_who_withdraws_announces_no_more(bench: Bench) -> None:
    routers = Routers(bench, a_master(51, MANY[0]), a_master(52, MANY[1]))
    first, _ = routers.instances
    bench.wire.room = 1
    bench.turns()
    first.link_changed(NO_CARRIER, bench.loop.now)
    bench.wire.room = 100
    bench.turns()
    frames = [cast(bytes, of) for what, of in bench.story if what == "announcement"]
    address = MANY[0].ip.packed
    assert [address in frame for frame in frames] == [True] + [False] * ANNOUNCEMENT_REPEAT
    assert [of for what, of in bench.story if what == "withdraw"] == [MANY[0]]


def test_who_resigns_says_so_before_anything_is_withdrawn(bench: Bench) -> None:
    routers = Routers(bench, a_master(51, MANY[0]), a_master(52, MANY[1]))
    bench.turns()
    bench.story.clear()
    rests = [instance.stop(bench.loop.now) for instance in routers.instances]
    bench.transmitter.advertise_now()
    assert bench.done() == ["advertisement"]
    for rest in rests:
        rest()
    bench.transmitter.finish()
    assert bench.done() == ["advertisement", "withdraw", "news"]
    assert [cast(bytes, of)[22] for what, of in bench.story if what == "advertisement"] == [0, 0]
    assert [instance.counters.priority_zero_sent for instance in routers.instances] == [1, 1]


def test_what_could_not_be_done_is_told_of_the_router_that_asked(bench: Bench) -> None:
    routers = Routers(bench, a_master(51, *MANY[:3]))
    bench.kernel.refused = dict.fromkeys(range(3), 1)
    bench.wire.refuses = lambda _: True
    bench.turns()
    told = {kind: fields for kind, fields in routers.events if kind != "state_changed"}
    assert told["addresses_failed"]["doing"] == "installing"
    assert told["addresses_failed"]["count"] == 3
    assert {fields["what"] for kind, fields in routers.events if kind == "send_failed"} == {
        "advertisement",
        "announcement",
    }
    assert routers.instances[0].counters.send_errors == 2
    assert routers.instances[0].counters.advertisements_sent == 0
