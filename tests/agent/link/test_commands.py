"""Commands to the engine: each has its own number, and its own answer or none."""

import asyncio
import socket
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from failover.agent.link.commands import Commands
from failover.linux.clock import now
from failover.messages import Ask, Command, NotReloaded, Refused, Reload, ReloadEnded, Told, Withdraw, decode_command
from failover.vrrp import seconds


class Ends(NamedTuple):
    """Of a channel."""

    ours: socket.socket
    engines: socket.socket


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, engines = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    engines.setblocking(False)
    with ours, engines:
        yield Ends(ours, engines)


def received(ends: Ends) -> list[Command]:
    """What the engine has been sent since this was asked last."""
    found: list[Command] = []
    while True:
        try:
            found.append(decode_command(ends.engines.recv(100)))
        except BlockingIOError:
            return found


def test_answers_find_whom_they_are_for_in_whatever_order_they_come(ends: Ends) -> None:
    one, other = (ReloadEnded(number, NotReloaded(report="x", is_bad=True)) for number in (1, 2))

    async def test() -> None:
        commands = Commands(ends.ours, 1)
        waiting = [asyncio.create_task(commands.send(make, 5)) for make in (Reload, Reload)]
        await asyncio.sleep(0)
        assert [(type(one), one.id) for one in received(ends)] == [(Reload, 1), (Reload, 2)]
        commands.take(Told(3))
        commands.take(Refused(None, "what was that"))
        commands.take(other)
        commands.take(one)
        assert [await each for each in waiting] == [one, other]

    asyncio.run(test())


def test_a_refusal_is_an_answer(ends: Ends) -> None:
    async def test() -> None:
        commands = Commands(ends.ours, 1)
        waiting = asyncio.create_task(commands.send(Reload, 5))
        await asyncio.sleep(0)
        commands.take(Refused(1, "no"))
        assert await waiting == Refused(1, "no")

    asyncio.run(test())


def test_who_gave_up_is_not_told_and_nobody_else_is_in_its_place(ends: Ends) -> None:
    async def test() -> None:
        commands = Commands(ends.ours, 1)
        assert await commands.send(Reload, 0.01) is None
        waiting = asyncio.create_task(commands.send(Reload, 5))
        await asyncio.sleep(0)
        commands.take(Told(1))
        await asyncio.sleep(0)
        assert not waiting.done()
        commands.take(Told(2))
        assert await waiting == Told(2)
        assert commands._waiting == {}

    asyncio.run(test())


@pytest.mark.parametrize(("begun_within", "limit"), [(None, 5), (2, 2)])
def test_a_command_says_until_when_it_is_worth_beginning(ends: Ends, begun_within: float | None, limit: float) -> None:
    async def test() -> None:
        commands = Commands(ends.ours, 1)
        before = now()
        waiting = asyncio.create_task(commands.send(Reload, 5, begun_within))
        await asyncio.sleep(0)
        (command,) = received(ends)
        assert isinstance(command, Reload)
        assert command.until is not None
        assert before + seconds(limit) <= command.until <= now() + seconds(limit)
        waiting.cancel()

    asyncio.run(test())


def test_a_command_whose_sender_goes_is_withdrawn(ends: Ends) -> None:
    async def test() -> None:
        waiting = asyncio.create_task(Commands(ends.ours, 1).send(Reload, 5))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert received(ends)[1:] == [Withdraw(1)]

    asyncio.run(test())


def test_a_command_that_cannot_be_sent_has_no_answer(ends: Ends) -> None:
    ends.engines.close()
    assert asyncio.run(Commands(ends.ours, 1).send(Reload, 5)) is None


def test_a_question_is_sent_with_a_number_of_its_own_or_not_at_all(ends: Ends) -> None:
    commands = Commands(ends.ours, 1)
    assert [commands.ask(), commands.ask()] == [1, 2]
    assert received(ends) == [Ask(1), Ask(2)]
    ends.ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    sent = [commands.ask() for _ in range(100)]
    assert None in sent, "a channel that is full takes no more, and keeps nobody waiting"
    ends.engines.close()
    assert commands.ask() is None


def test_two_agents_one_after_the_other_have_no_number_in_common(ends: Ends) -> None:
    """The answer to a command of the first may reach the second."""
    numbers = []
    for _ in range(2):
        commands = Commands(ends.ours)
        for _ in range(3):
            commands.ask()
        numbers.append({one.id for one in received(ends)})
    assert len(numbers[0]) == len(numbers[1]) == 3
    assert not numbers[0] & numbers[1]
