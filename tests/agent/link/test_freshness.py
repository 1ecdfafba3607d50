"""The agent asks the engine when a client asks the agent: seldom, and knows whether the engine answers."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from failover.agent.link import freshness as module
from failover.agent.link.commands import Commands
from failover.agent.link.freshness import PATIENCE_SECONDS, Freshness, Liveness
from failover.cli import control
from failover.messages import Answer, Ask, Dropped, Event, NotReloaded, Refused, ReloadEnded, Told
from tests.agent.link.test_commands import Ends, ends, received

__all__ = ["ends"]

SHORT = 0.2
"""Seconds: the patience in these tests."""
EVENT = Event(at=1, kind="state_changed")


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", SHORT)
    monkeypatch.setattr(module, "_EVERY_SECONDS", SHORT)


def run(test: Callable[[], Awaitable[None]]) -> float:
    """How long it took, in seconds."""
    began = time.monotonic()
    asyncio.run(asyncio.wait_for(_awaited(test), 10))
    return time.monotonic() - began


async def _awaited(test: Callable[[], Awaitable[None]]) -> None:
    await test()


def test_the_commands_wait_longer_for_the_agent_than_that_waits_for_its_engine() -> None:
    assert PATIENCE_SECONDS + 1 < control.PATIENCE_SECONDS


def test_it_returns_when_the_engine_has_told_the_last_of_its_answer(ends: Ends) -> None:
    async def test() -> None:
        freshness = Freshness(Commands(ends.ours, 1))
        assert freshness.liveness == Liveness(answers=True, answered_at=None, silent_since=None)
        waiting = asyncio.create_task(freshness.renew())
        await asyncio.sleep(0.01)
        assert received(ends) == [Ask(1)]
        freshness.take(EVENT)
        await asyncio.sleep(0)
        assert not waiting.done()
        before = time.time_ns()
        freshness.take(Told(1))
        await waiting
        answers, answered_at, silent_since = freshness.liveness
        assert (answers, silent_since) == (True, None)
        assert answered_at is not None
        assert before <= answered_at <= time.time_ns()

    run(test)


def test_however_many_ask_it_asks_once_in_a_while(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_EVERY_SECONDS", 60)

    async def test() -> None:
        freshness = Freshness(Commands(ends.ours, 1))
        waiting = asyncio.gather(*(freshness.renew() for _ in range(20)))
        await asyncio.sleep(0)
        freshness.take(Told(1))
        await waiting
        for _ in range(20):
            await freshness.renew()
        assert received(ends) == [Ask(1)]

    run(test)


def test_an_engine_that_does_not_answer_is_waited_for_once_and_its_silence_is_said_until_it_answers(ends: Ends) -> None:
    async def test() -> None:
        freshness = Freshness(Commands(ends.ours, 1))
        before = time.time_ns()
        freshness.take(EVENT)
        heard_by = time.time_ns()
        began = time.monotonic()
        await asyncio.gather(freshness.renew(), freshness.renew())
        assert time.monotonic() - began >= SHORT
        for _ in range(50):
            await freshness.renew()
        answers, answered_at, silent_since = freshness.liveness
        assert (answers, answered_at) == (False, None)
        assert silent_since is not None
        assert before <= silent_since <= heard_by, "since it was last heard from, not since it was asked"
        await asyncio.sleep(SHORT)
        await freshness.renew()
        assert received(ends) == [Ask(1)], "questions do not pile up in the channel"
        freshness.take(Told(1))
        assert freshness.liveness.answers, "once it answers, without being asked again"

    assert run(test) < 20 * SHORT, "fifty would take fifty times as long"


@pytest.mark.parametrize(
    "answer", [Told(1), Told(0), Refused(None, "what"), ReloadEnded(0, NotReloaded(report="no", is_bad=True))]
)
def test_any_answer_ends_the_silence_and_then_it_is_asked_again(ends: Ends, answer: Answer) -> None:
    async def test() -> None:
        freshness = Freshness(Commands(ends.ours, 1))
        await freshness.renew()
        assert not freshness.liveness.answers
        freshness.take(EVENT)
        assert not freshness.liveness.answers, "what it had said before may be read late"
        freshness.take(answer)
        assert freshness.liveness.answers
        await asyncio.sleep(SHORT)
        await freshness.renew()
        assert not freshness.liveness.answers, "it is silent again"
        assert received(ends) == ([Ask(1), Ask(2)] if answer == Told(1) else [Ask(1)])

    run(test)


def test_a_question_whose_answer_may_be_lost_is_asked_again(ends: Ends) -> None:
    async def test() -> None:
        freshness = Freshness(Commands(ends.ours, 1))
        await freshness.renew()
        freshness.take(Dropped(3))
        assert freshness.liveness.answers, "it runs: it has just said so"
        waiting = asyncio.create_task(freshness.renew())
        await asyncio.sleep(0.01)
        assert received(ends) == [Ask(1), Ask(2)]
        freshness.take(Told(2))
        await waiting

    run(test)


def test_an_engine_that_is_gone_or_whose_channel_is_full_is_silent_and_asked_again(ends: Ends) -> None:
    class Full(Commands):
        asked = 0

        def ask(self) -> None:
            self.asked += 1

    async def test() -> None:
        full = Full(ends.ours, 1)
        freshness = Freshness(full)
        await asyncio.gather(freshness.renew(), freshness.renew())
        assert not freshness.liveness.answers
        assert full.asked == 1
        await asyncio.sleep(SHORT)
        began = time.monotonic()
        await freshness.renew()
        assert time.monotonic() - began < SHORT
        assert full.asked == 2
        freshness.take(Refused(None, "what"))
        assert freshness.liveness.answers

    run(test)


def test_a_client_that_leaves_says_nothing_of_the_engine(ends: Ends) -> None:
    async def test() -> None:
        freshness = Freshness(Commands(ends.ours, 1))
        leaving = asyncio.create_task(freshness.renew())
        await asyncio.sleep(0.01)
        leaving.cancel()
        await asyncio.wait([leaving])
        assert freshness.liveness.answers
        await asyncio.sleep(SHORT)
        await freshness.renew()
        assert not freshness.liveness.answers

    run(test)


def test_an_agent_that_stood_still_itself_finds_the_answer_that_came_meanwhile(ends: Ends) -> None:
    async def test() -> None:
        freshness = Freshness(Commands(ends.ours, 1))
        loop = asyncio.get_running_loop()

        def read() -> None:
            if ends.engines.recv(100):
                loop.remove_reader(ends.engines)
                freshness.take(Told(1))

        waiting = asyncio.create_task(freshness.renew())
        await asyncio.sleep(0.01)
        loop.add_reader(ends.engines, read)
        time.sleep(2 * SHORT)  # noqa: ASYNC251 - the whole process stands still
        await waiting
        assert freshness.liveness.answers

    run(test)
