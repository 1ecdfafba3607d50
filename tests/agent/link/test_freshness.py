"""The agent asks the engine when a client asks the agent: seldom, and without waiting for long."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest

from failover.agent.link.freshness import _PATIENCE_SECONDS, Asking
from failover.messages import ASK, Dropped, EngineLag, Lag

LAG = EngineLag(since_start=Lag(max=0, counts=[]), last_minute=Lag(max=0, counts=[]))


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, engines = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    engines.setblocking(False)
    with ours, engines:
        yield ours, engines


def run(test: Callable[[], Awaitable[None]]) -> float:
    """How long it took, in seconds."""
    began = time.monotonic()
    asyncio.run(asyncio.wait_for(_awaited(test), 10))
    return time.monotonic() - began


async def _awaited(test: Callable[[], Awaitable[None]]) -> None:
    await test()


def questions(engines: socket.socket) -> int:
    count = 0
    while True:
        try:
            count += engines.recv(100) == ASK
        except BlockingIOError:
            return count


def test_it_returns_when_the_engine_has_told_the_last_of_its_answer(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, engines = ends
    told: list[str] = []

    async def test() -> None:
        asking = Asking(ours)
        waiting = asyncio.create_task(asking.ask())
        await asyncio.sleep(0)
        assert questions(engines) == 1
        asking.take(Dropped(1))
        await asyncio.sleep(0)
        assert not waiting.done()
        told.append("lag")
        asking.take(LAG)
        await waiting

    run(test)
    assert told == ["lag"]


def test_however_many_ask_it_asks_once_a_second(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, engines = ends

    async def test() -> None:
        asking = Asking(ours)
        await asyncio.gather(*(asking.ask() for _ in range(20)))
        for _ in range(20):
            await asking.ask()

    run(test)
    assert questions(engines) == 1


def test_an_engine_that_does_not_answer_is_waited_for_once_and_not_for_long(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, _ = ends

    async def test() -> None:
        asking = Asking(ours)
        for _ in range(50):
            await asking.ask()

    assert run(test) < 20 * _PATIENCE_SECONDS, "fifty would take fifty times as long"


def test_an_engine_that_is_gone_is_no_error(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, engines = ends
    engines.close()

    async def test() -> None:
        await Asking(ours).ask()

    run(test)
