"""The agent asks the engine when a client asks the agent: seldom, and without waiting for long."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from failover.agent.link.commands import Commands
from failover.agent.link.freshness import _PATIENCE_SECONDS, Freshness
from failover.messages import Ask, Dropped, Told
from tests.agent.link.test_commands import Ends, ends, received

__all__ = ["ends"]


def run(test: Callable[[], Awaitable[None]]) -> float:
    """How long it took, in seconds."""
    began = time.monotonic()
    asyncio.run(asyncio.wait_for(_awaited(test), 10))
    return time.monotonic() - began


async def _awaited(test: Callable[[], Awaitable[None]]) -> None:
    await test()


def test_it_returns_when_the_engine_has_told_the_last_of_its_answer(ends: Ends) -> None:
    told: list[str] = []

    async def test() -> None:
        commands = Commands(ends.ours, 1)
        waiting = asyncio.create_task(Freshness(commands).renew())
        await asyncio.sleep(0.01)
        assert [(type(one), one.id) for one in received(ends)] == [(Ask, 1)]
        commands.take(Dropped(1))
        await asyncio.sleep(0)
        assert not waiting.done()
        told.append("all")
        commands.take(Told(1))
        await waiting

    run(test)
    assert told == ["all"]


def test_however_many_ask_it_asks_once_a_second(ends: Ends) -> None:
    async def test() -> None:
        freshness = Freshness(Commands(ends.ours, 1))
        await asyncio.gather(*(freshness.renew() for _ in range(20)))
        for _ in range(20):
            await freshness.renew()

    run(test)
    assert [(type(one), one.id) for one in received(ends)] == [(Ask, 1)]


def test_an_engine_that_does_not_answer_is_waited_for_once_and_not_for_long(ends: Ends) -> None:
    async def test() -> None:
        freshness = Freshness(Commands(ends.ours, 1))
        for _ in range(50):
            await freshness.renew()

    assert run(test) < 20 * _PATIENCE_SECONDS, "fifty would take fifty times as long"


def test_an_engine_that_is_gone_is_no_error(ends: Ends) -> None:
    ends.engines.close()

    async def test() -> None:
        await Freshness(Commands(ends.ours, 1)).renew()

    run(test)
