"""Clients of the control socket that stay, and those that are too many."""

import asyncio
import errno
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import pytest

from failover.agent.api import clients, http
from failover.messages import Holds, Reload
from tests.agent.agents import Agent, until
from tests.agent.link.test_mirror import KNOWN
from tests.engine.daemons import ask

STATUS: Final = b"GET /status HTTP/1.1\r\nHost: x\r\n\r\n"


@contextmanager
def connected(agent: Agent, sent: bytes = b"") -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.connect(str(agent.control))  # it waits where the backlog is full, which it would not with a timeout
        client.settimeout(10)
        client.sendall(sent)
        yield client


def answer(client: socket.socket) -> bytes:
    """One, to its end."""
    said = b""
    while not said.endswith(b"}]}"):
        piece = client.recv(1 << 16)
        assert piece
        said += piece
    return said


def is_closed(client: socket.socket) -> bool:
    """Whether the agent has hung up, by now; what it has said is read."""
    client.setblocking(False)
    try:
        while client.recv(1 << 16):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        pass
    finally:
        client.settimeout(10)
    return True


def test_of_too_many_the_one_goes_that_is_idle_for_the_longest_time(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "MOST_CLIENTS", 4)
    agent.tell(*KNOWN)

    def client() -> None:
        with ExitStack() as stack:
            idle = []
            for _ in range(4):
                idle.append(stack.enter_context(connected(agent)))
                idle[0].sendall(STATUS)
                assert answer(idle[0]).startswith(b"HTTP/1.1 200")
            until(lambda: ask(agent.control)[0] == 200)
            until(lambda: is_closed(idle[1]))
            assert [is_closed(one) for one in idle] == [False, True, False, False]

    agent.run(client)


def test_of_those_that_are_served_one_that_leaves_makes_room(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "MOST_CLIENTS", 2)
    agent.tell(*KNOWN)

    def client() -> None:
        agent.engine.settimeout(5)
        with ExitStack() as stack:
            asking = b"POST /reload HTTP/1.0\r\nHost: x\r\n\r\n"
            served = [stack.enter_context(connected(agent, asking)) for _ in range(2)]
            for _ in served:
                agent.commanded(Reload)
            with connected(agent, STATUS) as waiting:
                served[0].close()
                assert waiting.recv(100).startswith(b"HTTP/1.1 200")

    agent.run(client)


def test_who_does_not_take_its_answer_makes_room(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "MOST_CLIENTS", 2)
    agent.tell(*KNOWN)
    (number,) = {message.router for message in KNOWN if isinstance(message, Holds)}

    def client() -> None:
        for first in range(0, 50_000, 500):
            agent.tell(Holds(number, first, ["2001:db8:1234:5678:9abc:def0:1234:5678/128"] * 500))
        until(lambda: len(str(ask(agent.control)[1])) > 1_000_000)
        with connected(agent, STATUS) as one, connected(agent, STATUS) as other:
            until(lambda: len(one.recv(1, socket.MSG_PEEK)) and len(other.recv(1, socket.MSG_PEEK)))
            began = time.monotonic()
            assert ask(agent.control)[0] == 200
            assert time.monotonic() - began < http.PATIENCE_SECONDS / 2

    agent.run(client)
    assert agent.lines == []


def test_hundreds_of_idle_ones_keep_nobody_out_and_cost_no_line(agent: Agent) -> None:
    agent.tell(*KNOWN)

    def client() -> None:
        with ExitStack() as stack:
            crowd = [stack.enter_context(connected(agent)) for _ in range(500)]
            with connected(agent, STATUS) as asking:
                assert answer(asking).startswith(b"HTTP/1.1 200")
            until(lambda: sum(not is_closed(one) for one in crowd) < clients.MOST_CLIENTS)

    agent.run(client)
    assert agent.lines == []


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])
def test_where_the_system_has_no_room_it_says_so_once_and_goes_on(
    agent: Agent, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(clients, "_RETRY_SECONDS", 0.01)
    agent.tell(*KNOWN)
    accept = socket.socket.accept
    refusals = [number] * 20

    def refuse(listener: socket.socket) -> tuple[socket.socket, object]:
        if refusals:
            raise OSError(refusals.pop(), os.strerror(number))
        return accept(listener)

    monkeypatch.setattr(socket.socket, "accept", refuse)
    agent.run(lambda: until(lambda: ask(agent.control)[0] == 200))
    (line,) = agent.lines
    assert line.endswith(f"could not accept a client of the control socket: {os.strerror(number)}")
    assert refusals == []


def test_where_no_descriptor_is_left_an_idle_one_gives_its_own(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    agent.tell(*KNOWN)
    monkeypatch.setattr(clients, "_RETRY_SECONDS", 1000)
    accept, most, open_ones = socket.socket.accept, 3, list[socket.socket]()

    def refuse(listener: socket.socket) -> tuple[socket.socket, object]:
        open_ones[:] = [one for one in open_ones if one.fileno() >= 0]
        if len(open_ones) >= most:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        accepted = accept(listener)
        open_ones.append(accepted[0])
        return accepted

    monkeypatch.setattr(socket.socket, "accept", refuse)

    def client() -> None:
        with ExitStack() as stack:
            idle = []
            for _ in range(most):
                idle.append(stack.enter_context(connected(agent, STATUS)))
                answer(idle[-1])
            assert ask(agent.control)[0] == 200
            assert [is_closed(one) for one in idle] == [True, False, False]

    agent.run(client)
    assert len(agent.lines) == 1


def test_what_a_library_complains_of_is_one_line_and_the_same_once(agent: Agent) -> None:
    async def broken() -> None:
        raise ValueError("two\nlines")

    def client() -> None:
        assert agent.loop is not None
        for _ in range(20):
            agent.loop.call_soon_threadsafe(lambda: asyncio.ensure_future(broken()))
        until(lambda: agent.lines)

    agent.run(client)
    (line,) = agent.lines
    assert "Task exception was never retrieved: ValueError: two lines" in line
