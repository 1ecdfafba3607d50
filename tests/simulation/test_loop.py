"""The simulated loop does in a round what the real one does, and in its order: simulated engines rest on that."""

import os
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from failover.engine.environment import EventLoop
from failover.engine.loop.loop import Loop
from failover.linux.clock import SYSTEM
from failover.vrrp import Instant
from tests.simulation.loop import SimulatedLoop
from tests.simulation.world import World

Story = list[tuple[str, int]]
"""What happened, of which kind, and the number of the mailbox, callback, alarm or round."""


@dataclass(frozen=True)
class Mail:
    """Packets that wait in a mailbox before the round."""

    packets: int
    wakes: bool
    is_expected_silent: bool


@dataclass(frozen=True)
class Script:
    """What there is before the first round."""

    mail: list[Mail]
    readable: int
    """Descriptors that are watched, and readable."""
    overdue: list[int]
    """Nanoseconds since each alarm was due."""
    more_rounds: int
    """How often the end of a round asks for another one."""


SCRIPTS = st.builds(
    Script,
    mail=st.lists(st.builds(Mail, st.integers(0, 3), st.booleans(), st.booleans()), max_size=3),
    readable=st.integers(0, 2),
    overdue=st.lists(st.integers(1, 1000), max_size=4, unique=True),
    more_rounds=st.integers(0, 2),
)


def ask(loop: EventLoop, script: Script, story: Story) -> None:
    """Alarms, and further rounds."""
    now = loop.clock.now()
    loop.housekeeping.due = Instant(now + 10**12)
    for number, overdue in enumerate(script.overdue):
        loop.alarm(partial(_note, story, number)).set(Instant(now - overdue))
    rounds = iter(range(script.more_rounds + 1))

    def after_round(_: bool) -> bool:  # noqa: FBT001 - as the loop calls it
        number = next(rounds)
        story.append(("round", number))
        return number < script.more_rounds

    loop.after_round = after_round


def _note(story: Story, number: int, _: Instant) -> None:
    story.append(("alarm", number))


def real(script: Script) -> Story:
    """With pipes for descriptors, and a clock that stands still, as in the other: a slow round would be cut short."""
    story: Story = []
    began = SYSTEM.now()
    with ExitStack() as stack, closing(Loop(SYSTEM._replace(now=lambda: began))) as loop:

        def pipe(content: int) -> int:
            reader, writer = os.pipe2(os.O_NONBLOCK)
            stack.callback(os.close, reader)
            stack.callback(os.close, writer)
            os.write(writer, bytes(content))
            return reader

        def emptied(descriptor: int, kind: str, number: int) -> Callable[[], Any]:
            def read() -> int:
                content = os.read(descriptor, 100)
                if kind:
                    story.append((kind, number))
                return len(content)

            return read

        ask(loop, script, story)
        for number, mail in enumerate(script.mail):
            wakeup, waiting = pipe(int(mail.wakes and mail.packets > 0)), pipe(mail.packets)
            loop.listen(wakeup, waiting, emptied(wakeup, "", number), emptied(waiting, "read", number))
            loop.expect(wakeup, float(mail.is_expected_silent))
        for number in range(script.readable):
            watched = pipe(1)
            loop.watch(watched, emptied(watched, "call", number))
        loop.dispatch()
        while loop.is_busy:
            loop.dispatch()
    return story


def simulated(script: Script) -> Story:
    """With descriptors of the simulator's."""
    story: Story = []
    world = World()
    loop = SimulatedLoop(world)
    world.admit(loop)
    ask(loop, script, story)

    def waiting(content: int) -> tuple[Callable[[], bool], Callable[[str, int], Callable[[], Any]]]:
        left = [content]

        def emptied(kind: str, number: int) -> Callable[[], Any]:
            def read() -> int:
                if kind:
                    story.append((kind, number))
                found, left[0] = left[0], 0
                return found

            return read

        return lambda: left[0] > 0, emptied

    for number, mail in enumerate(script.mail):
        has_rung, silence = waiting(int(mail.wakes and mail.packets > 0))
        has_mail, read = waiting(mail.packets)
        wakeup, box = loop.open(has_rung), loop.open(has_mail)
        loop.listen(wakeup, box, silence("", number), read("read", number))
        loop.expect(wakeup, float(mail.is_expected_silent))
    for number in range(script.readable):
        is_readable, call = waiting(1)
        loop.watch(loop.open(is_readable), call("call", number))
    loop.wake()
    while loop.is_busy:
        loop.wake()
    return story


def in_phases(story: Story) -> list[tuple[str, list[int]]]:
    """What of one kind happened together; which of several descriptors comes first is nobody's business."""
    return [(kind, sorted(number for _, number in some)) for kind, some in groupby(story, lambda one: one[0])]


@given(SCRIPTS)
def test_both_loops_do_the_same_in_the_same_order(script: Script) -> None:
    assert in_phases(simulated(script)) == in_phases(real(script))
