"""The loop: descriptors first, then alarms; alone, and inside another loop."""

import os
import select
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from unittest.mock import patch

import pytest

from failover.engine.loop.loop import Loop
from failover.linux.clock import now
from failover.vrrp import Instant, seconds


@pytest.fixture
def loop() -> Iterator[Loop]:
    with closing(Loop()) as made:
        yield made


class Pipe:
    """A descriptor to watch."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe2(os.O_NONBLOCK)

    def write(self) -> None:
        os.write(self.writer, b"x")

    def read(self) -> None:
        os.read(self.reader, 1)

    def reading(self, then: Callable[[], object]) -> Callable[[], None]:
        """A callback that reads what has arrived."""

        def callback() -> None:
            self.read()
            then()

        return callback

    def close(self) -> None:
        os.close(self.reader)
        os.close(self.writer)


@pytest.fixture
def pipes() -> Iterator[Callable[[], Pipe]]:
    made: list[Pipe] = []

    def make() -> Pipe:
        made.append(Pipe())
        return made[-1]

    yield make
    for pipe in made:
        pipe.close()


def test_what_has_arrived_is_read_before_an_alarm_rings(loop: Loop, pipes: Callable[[], Pipe]) -> None:
    order: list[str] = []
    pipe = pipes()
    loop.watch(pipe.reader, pipe.reading(lambda: order.append("read")))
    loop.alarm(lambda _: order.append("alarm")).set(Instant(now() - 1))
    pipe.write()
    loop.wait()
    assert order == ["read", "alarm"]


def test_many_descriptors_are_all_read_before_an_alarm_rings(loop: Loop, pipes: Callable[[], Pipe]) -> None:
    order: list[str] = []
    for _ in range(150):
        pipe = pipes()
        loop.watch(pipe.reader, pipe.reading(lambda: order.append("read")))
        pipe.write()
    loop.alarm(lambda _: order.append("alarm")).set(Instant(now() - 1))
    loop.wait()
    assert order == ["read"] * 150 + ["alarm"]


def test_an_alarm_that_became_due_in_a_pause_waits_for_what_arrived_in_that_pause(
    loop: Loop, pipes: Callable[[], Pipe]
) -> None:
    order: list[str] = []
    first, second = pipes(), pipes()

    def pause() -> None:
        first.read()
        time.sleep(0.02)
        second.write()
        order.append("pause")

    loop.watch(first.reader, pause)
    loop.watch(second.reader, second.reading(lambda: order.append("read")))
    loop.alarm(lambda _: order.append("alarm")).set(Instant(now() + seconds(0.01)))
    first.write()
    while "alarm" not in order:
        loop.wait()
    assert order == ["pause", "read", "alarm"]


def test_an_alarm_is_told_the_time_after_the_descriptors_were_read(loop: Loop, pipes: Callable[[], Pipe]) -> None:
    told: list[Instant] = []
    pipe = pipes()
    loop.watch(pipe.reader, pipe.reading(lambda: time.sleep(0.02)))
    loop.alarm(told.append).set(Instant(now() - 1))
    pipe.write()
    began = now()
    loop.wait()
    assert told[0] - began >= seconds(0.02)


@pytest.mark.parametrize("moved", [0.01, 0.05])
def test_an_alarm_rings_at_the_time_that_was_set_last(loop: Loop, moved: float) -> None:
    told: list[Instant] = []
    alarm = loop.alarm(told.append)
    at = now()
    alarm.set(Instant(at + seconds(0.03)))
    loop.dispatch()
    alarm.set(Instant(at + seconds(moved)))
    while not told:
        loop.wait()
    assert told[0] >= at + seconds(moved)
    assert told[0] < at + seconds(moved + 1)


def test_an_alarm_that_sets_itself_rings_again_and_again(loop: Loop) -> None:
    told: list[Instant] = []

    def ring(at: Instant) -> None:
        told.append(at)
        alarm.set(Instant(at + seconds(0.005)))

    alarm = loop.alarm(ring)
    alarm.set(now())
    while len(told) < 4:
        loop.wait()
    assert all(later - earlier >= seconds(0.005) for earlier, later in pairwise(told))


def test_an_alarm_that_was_cleared_does_not_ring(loop: Loop) -> None:
    rung: list[str] = []
    cleared = loop.alarm(lambda _: rung.append("cleared"))
    cleared.set(Instant(now() + seconds(0.005)))
    loop.dispatch()
    cleared.set(None)
    loop.alarm(lambda _: rung.append("other")).set(Instant(now() + seconds(0.02)))
    while not rung:
        loop.wait()
    assert rung == ["other"]


def test_another_loop_can_drive_it_by_its_descriptor(loop: Loop, pipes: Callable[[], Pipe]) -> None:
    order: list[str] = []
    pipe = pipes()
    loop.watch(pipe.reader, pipe.reading(lambda: order.append("read")))
    loop.alarm(lambda _: order.append("alarm")).set(Instant(now() + seconds(0.01)))
    outer = select.poll()
    outer.register(loop.fileno(), select.POLLIN)
    loop.dispatch()
    assert not outer.poll(0)
    assert outer.poll(1000), "the alarm is not seen from outside"
    loop.dispatch()
    assert order == ["alarm"]
    pipe.write()
    assert outer.poll(1000), "the descriptor is not seen from outside"
    loop.dispatch()
    assert order == ["alarm", "read"]
    assert not outer.poll(0)


def test_a_descriptor_that_a_callback_of_the_same_round_forgot_is_not_called(
    loop: Loop, pipes: Callable[[], Pipe]
) -> None:
    called: list[Pipe] = []
    one, two = pipes(), pipes()

    def forget(other: Pipe) -> Callable[[], None]:
        def callback() -> None:
            called.append(other)
            loop.forget(other.reader)

        return callback

    loop.watch(one.reader, forget(two))
    loop.watch(two.reader, forget(one))
    one.write()
    two.write()
    loop.dispatch()
    assert len(called) == 1


def test_a_callback_may_forget_its_own_descriptor(loop: Loop, pipes: Callable[[], Pipe]) -> None:
    called: list[int] = []
    pipe = pipes()

    def once() -> None:
        called.append(1)
        loop.forget(pipe.reader)

    loop.watch(pipe.reader, once)
    pipe.write()
    loop.dispatch()
    loop.dispatch()
    assert called == [1]


def test_an_alarm_is_prewarmed_before_it_rings(loop: Loop) -> None:
    story: list[object] = []
    alarm = loop.alarm(lambda _: story.append("rings"))
    # Late wake-ups happen, and leave nothing to prewarm: try until one is early enough.
    for _ in range(100):
        at = Instant(now() + seconds(0.005))
        alarm.set(at, story.append)
        while "rings" not in story:
            loop.wait()
        if story != ["rings"]:
            assert set(story) == {at, "rings"}
            assert story[-1] == "rings"
            return
        story.clear()
    pytest.fail("never early enough")


@pytest.mark.parametrize(("worth_it", "lead", "is_met"), [(True, 0.02, True), (True, 0.0, False), (False, 0.02, False)])
def test_an_alarm_that_is_worth_it_is_met_awake_where_the_loop_is_told_to(
    loop: Loop,
    worth_it: bool,  # noqa: FBT001 - of the table
    lead: float,
    is_met: bool,  # noqa: FBT001 - of the table
) -> None:
    rung: list[Instant] = []
    alarm = loop.alarm(rung.append, is_met=worth_it)
    loop.wake_early(seconds(lead))

    def computing() -> float:
        """Seconds of CPU time until it rings."""
        rung.clear()
        began = time.thread_time()
        alarm.set(Instant(now() + seconds(0.03)))
        while not rung:
            loop.wait()
        return time.thread_time() - began

    # Late wake-ups happen, and leave little to wait for: one of many is early enough.
    assert any(computing() > 0.002 for _ in range(200 if is_met else 3)) is is_met


def test_what_arrives_between_rehearsal_and_alarm_is_read_first(loop: Loop, pipes: Callable[[], Pipe]) -> None:
    story: list[str] = []
    pipe = pipes()
    alarm = loop.alarm(lambda _: story.append("rings"))

    def prewarm(_: Instant) -> None:
        if "prewarmed" not in story:
            story.append("prewarmed")
            pipe.write()

    def heard() -> None:
        story.append("heard")
        alarm.set(None)

    loop.watch(pipe.reader, pipe.reading(heard))
    # Late wake-ups happen: try until one is early enough to prewarm.
    for _ in range(100):
        story.clear()
        alarm.set(Instant(now() + seconds(0.005)), prewarm)
        while not {"rings", "heard"} & set(story):
            loop.wait()
        if "prewarmed" in story:
            break
    assert story == ["prewarmed", "heard"]


def test_another_loop_is_never_kept_waiting_for_an_alarm(loop: Loop) -> None:
    alarm = loop.alarm(lambda _: None)
    prewarmed: list[Instant] = []
    alarm.set(Instant(now() + seconds(0.0002)), prewarmed.append)
    loop.dispatch()
    assert prewarmed == []


def test_a_round_after_which_there_is_more_to_do_is_followed_by_the_next_at_once(loop: Loop) -> None:
    left, told = 3, list[bool]()

    def after_round(hurried: bool) -> bool:  # noqa: FBT001 - as the loop calls it
        nonlocal left
        told.append(hurried)
        left -= 1
        return left > 0

    loop.after_round = after_round
    loop.alarm(lambda _: None).set(Instant(now() + seconds(100)))
    loop.dispatch()
    for rounds in (2, 3):
        assert loop.is_busy
        loop.wait()  # without sleeping: nothing else will wake it up for a long time
        assert len(told) == rounds
    assert not loop.is_busy
    assert told == [False] * 3


def test_another_loop_is_asked_for_the_next_round_at_once(loop: Loop) -> None:
    left = 3

    def after_round(_: bool) -> bool:  # noqa: FBT001 - as the loop calls it
        nonlocal left
        left -= 1
        return left > 0

    loop.after_round = after_round
    outer = select.poll()
    outer.register(loop.fileno(), select.POLLIN)
    loop.dispatch()
    for _ in range(2):
        assert outer.poll(1000), "the next round is not asked for"
        loop.dispatch()
    assert left == 0
    assert not outer.poll(0)


def test_sockets_are_read_in_between_when_many_alarms_take_their_time(loop: Loop, pipes: Callable[[], Pipe]) -> None:
    story: list[str] = []
    pipe = pipes()

    def ring(_: Instant) -> None:
        story.append("alarm")
        time.sleep(0.002)  # longer than a turn
        if len(story) == 1:
            pipe.write()

    loop.watch(pipe.reader, pipe.reading(lambda: story.append("read")))
    at = Instant(now() - 1)
    for _ in range(4):
        loop.alarm(ring).set(at)
    hurried: list[bool] = []

    def after_round(more: bool) -> bool:  # noqa: FBT001 - as the loop calls it
        hurried.append(more)
        return False

    loop.after_round = after_round
    while story.count("alarm") < 4:
        loop.wait()
    assert story.index("read") in (1, 2), "after the turn in which it arrived"
    assert story.count("alarm") == 4, "each once"
    assert hurried[0] is True
    assert hurried[-1] is False


class Mailbox:
    """A pipe that packets wait in, and one as their wake-up socket."""

    def __init__(self, loop: Loop, pipes: Callable[[], Pipe], story: list[str] | None = None) -> None:
        self.wakeup, self.mail, self.story = pipes(), pipes(), [] if story is None else story
        loop.listen(self.wakeup.reader, self.mail.reader, self.acknowledge, self.read)

    def deliver(self, *, ring: bool) -> None:
        self.mail.write()
        if ring:
            self.wakeup.write()

    def acknowledge(self) -> int:
        self.wakeup.read()
        self.story.append("acknowledge")
        return 1

    def read(self) -> None:
        self.story.append(f"read {len(os.read(self.mail.reader, 100))}")


def test_where_a_bell_rings_it_is_silenced_before_packets_are_read(loop: Loop, pipes: Callable[[], Pipe]) -> None:
    mailbox = Mailbox(loop, pipes)
    mailbox.deliver(ring=False)
    mailbox.deliver(ring=True)
    loop.wait()
    assert mailbox.story == ["acknowledge", "read 2"]


def test_packets_are_read_before_anything_else_is_done(loop: Loop, pipes: Callable[[], Pipe]) -> None:
    story: list[str] = []
    pipe = pipes()
    loop.watch(pipe.reader, pipe.reading(lambda: story.append("call")))
    rung, unrung = Mailbox(loop, pipes, story), Mailbox(loop, pipes, story)
    loop.expect(unrung.wakeup.reader, 10)
    loop.alarm(lambda _: story.append("alarm")).set(Instant(now() - 1))
    pipe.write()
    rung.deliver(ring=True)
    unrung.deliver(ring=False)
    loop.dispatch()
    assert story == ["acknowledge", "read 1", "read 1", "call", "alarm"]


def test_of_many_sockets_those_are_read_in_which_packets_wait(loop: Loop, pipes: Callable[[], Pipe]) -> None:
    some, none = Mailbox(loop, pipes), Mailbox(loop, pipes)
    for mailbox in (some, none):
        loop.expect(mailbox.wakeup.reader, 10)
    some.deliver(ring=False)
    loop.dispatch()
    assert (some.story, none.story) == (["read 1"], [])


def test_what_came_without_a_ring_is_read_before_the_alarm_for_which_the_timer_was_set(
    loop: Loop, pipes: Callable[[], Pipe]
) -> None:
    mailbox = Mailbox(loop, pipes)
    loop.expect(mailbox.wakeup.reader, 10)
    loop.alarm(lambda _: mailbox.story.append("alarm")).set(Instant(now() + seconds(0.003)))
    mailbox.deliver(ring=False)
    while "alarm" not in mailbox.story:
        loop.wait()
    assert mailbox.story[0] == "read 1"


def test_nobody_is_expected_where_nothing_comes_unrung_any_more(loop: Loop, pipes: Callable[[], Pipe]) -> None:
    mailbox, other = Mailbox(loop, pipes), Mailbox(loop, pipes)
    loop.expect(mailbox.wakeup.reader, 10)
    loop.expect(mailbox.wakeup.reader, 0)
    loop.dispatch()
    assert mailbox.story == []
    loop.expect(mailbox.wakeup.reader, 10)
    loop.forget(mailbox.wakeup.reader)
    other.deliver(ring=True)
    loop.wait()
    assert mailbox.story == []
    assert other.story == ["acknowledge", "read 1"]


def test_it_is_up_before_too_many_packets_have_gathered(loop: Loop, pipes: Callable[[], Pipe]) -> None:
    mailbox = Mailbox(loop, pipes)
    loop.alarm(lambda _: None).set(Instant(now() + seconds(60)), lambda _: None)
    loop.expect(mailbox.wakeup.reader, 25_600)
    began = now()
    loop.wait()
    assert seconds(0.009) <= now() - began < seconds(30)


def test_an_alarm_that_what_waits_has_put_off_does_not_ring(loop: Loop, pipes: Callable[[], Pipe]) -> None:
    """The loop gets up for it, reads, and goes back to sleep."""
    a_while = seconds(0.4)  # longer than a busy machine lets it wait
    rung, reads, until = list[Instant](), list[Instant](), Instant(0)
    wakeup, mail, alarm = pipes(), pipes(), loop.alarm(rung.append, put_off=lambda: until)

    def read() -> None:
        nonlocal until
        reads.append(now())
        if len(reads) < 5:
            until = Instant(now() + a_while)
        else:
            mail.read()

    mail.write()
    loop.listen(wakeup.reader, mail.reader, lambda: 1, read)
    loop.expect(wakeup.reader, 10)
    alarm.set(Instant(now() + a_while))
    with patch.object(loop._wakeups._timer, "arm", wraps=loop._wakeups._timer.arm) as arm:
        while len(reads) < 5:
            loop.wait()
        assert arm.call_count == 0
    while not rung:
        loop.wait()
    assert rung[0] >= until


def test_a_beat_needs_the_timer_set_only_at_its_beginning(loop: Loop) -> None:
    period, rung = seconds(0.01), list[Instant]()

    def ring(at: Instant) -> None:
        rung.append(at)
        alarm.set(Instant(began + (len(rung) + 1) * period))

    began = now()
    alarm = loop.alarm(ring)
    alarm.set(Instant(began + period))
    with patch.object(loop._wakeups._timer, "arm", wraps=loop._wakeups._timer.arm) as arm:
        while len(rung) < 40:
            loop.wait()
    assert all(at >= began + number * period for number, at in enumerate(rung, 1)), "never early"
    # Where the machine was busy for a whole period it is set anew.
    assert arm.call_count < 30


def test_a_timer_that_repeats_is_stopped_with_its_alarm(loop: Loop) -> None:
    period, rung = seconds(0.005), list[Instant]()

    def ring(at: Instant) -> None:
        rung.append(at)
        if len(rung) < 10:
            alarm.set(Instant(began + (len(rung) + 1) * period))

    began = now()
    alarm = loop.alarm(ring)
    alarm.set(Instant(began + period))
    while len(rung) < 10:
        loop.wait()
    last = loop.alarm(rung.append)
    last.set(Instant(now() + seconds(0.1)))
    with patch.object(loop, "_round", wraps=loop._round) as rounds:
        while len(rung) < 11:
            loop.wait()
    assert rounds.call_count <= 2


def test_an_alarm_with_a_rehearsal_is_met_also_where_the_timer_was_not_set_for_it(loop: Loop) -> None:
    """Far away there is none; whatever wakes the loop up meanwhile, it rings in time."""
    for away in (0.004, 0.0049, 0.0051, 0.007, 0.02, 0.05):
        rung: list[Instant] = []
        at = Instant(now() + seconds(away))
        alarm = loop.alarm(rung.append)
        alarm.set(at, lambda _: None)
        other = loop.alarm(lambda _: None)
        other.set(Instant(at - seconds(0.0003)))  # as the loop would get up for it anyway
        while not rung:
            loop.wait()
        assert rung[0] >= at


def test_a_nap_ends_before_an_alarm_however_often_it_is_put_off(loop: Loop, pipes: Callable[[], Pipe]) -> None:
    pipe, rung, until = pipes(), list[Instant](), Instant(0)
    alarm = loop.alarm(rung.append, put_off=lambda: until)

    def acknowledge() -> int:
        pipe.read()
        return 1

    def read() -> None:
        nonlocal until
        until = Instant(now() + seconds(0.03))

    loop.listen(pipe.reader, pipes().reader, acknowledge, read)
    alarm.set(Instant(now() + seconds(0.03)))
    with patch.object(loop._wakeups._timer, "arm", wraps=loop._wakeups._timer.arm) as arm:
        for _ in range(5):
            time.sleep(0.002)  # no rush
            pipe.write()
            loop.wait()
        assert arm.call_count == 0
        while not rung:
            loop.wait()
    assert rung[0] >= until
