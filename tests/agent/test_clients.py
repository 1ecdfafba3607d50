"""Clients of the control socket that stay, and those that are too many."""

import asyncio
import errno
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import pytest

from failover.agent.api import clients
from failover.messages import Holds, Reload
from tests.agent.link.test_mirror import KNOWN
from tests.agent.test_serving import Agent, agent, until
from tests.engine.daemons import ask

__all__ = ["agent"]

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


@pytest.mark.parametrize(
    "sent", [b"", STATUS[:20], STATUS, b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"]
)
def test_who_is_connected_without_being_served_is_hung_up_on(
    agent: Agent, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(clients, "IDLE_SECONDS", 0.1)
    agent.tell(*KNOWN)

    def client() -> None:
        with connected(agent, sent) as idle:
            until(lambda: is_closed(idle))

    agent.run(client)
    assert agent.lines == []


def test_who_does_not_take_its_answer_is_hung_up_on(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "IDLE_SECONDS", 0.1)
    agent.tell(*KNOWN)
    (number,) = {message.router for message in KNOWN if isinstance(message, Holds)}

    def client() -> None:
        for first in range(0, 50_000, 500):
            agent.tell(Holds(number, first, ["2001:db8:1234:5678:9abc:def0:1234:5678/128"] * 500))
        until(lambda: len(str(ask(agent.control)[1])) > 1_000_000)
        for request in (STATUS, STATUS.replace(b"1.1", b"1.0")):
            with connected(agent, request) as slow:
                until(lambda: peer_is_gone(slow))

    agent.run(client)
    assert agent.lines == []


def peer_is_gone(client: socket.socket) -> bool:
    """Whether the other end is closed, though there is more to be read."""
    client.setblocking(False)
    try:
        client.send(b" ")
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return False


def test_who_waits_for_an_answer_is_not_idle_however_long_that_takes(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "IDLE_SECONDS", 0.2)

    def client() -> None:
        agent.engine.settimeout(5)
        with connected(agent, b"POST /reload HTTP/1.0\r\nHost: x\r\n\r\n") as patient:
            agent.commanded(Reload)
            with connected(agent) as idle:
                until(lambda: is_closed(idle))
            with connected(agent) as idle:
                until(lambda: is_closed(idle))
            assert not is_closed(patient)

    agent.run(client)


def test_of_too_many_the_one_goes_that_is_idle_for_the_longest_time(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "MOST", 4)
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


def test_where_all_are_served_others_wait_and_then_have_their_turn(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "MOST", 2)
    agent.tell(*KNOWN)

    def client() -> None:
        agent.engine.settimeout(5)
        with ExitStack() as stack:
            asking = b"POST /reload HTTP/1.0\r\nHost: x\r\n\r\n"
            served = [stack.enter_context(connected(agent, asking)) for _ in range(2)]
            for _ in served:
                agent.commanded(Reload)
            with connected(agent, STATUS) as waiting:
                waiting.settimeout(0.2)
                with pytest.raises(TimeoutError):
                    waiting.recv(100)
                waiting.settimeout(10)
                served[0].close()
                assert waiting.recv(100).startswith(b"HTTP/1.1 200")

    agent.run(client)


def test_hundreds_of_idle_ones_keep_nobody_out_and_cost_no_line(agent: Agent) -> None:
    agent.tell(*KNOWN)

    def client() -> None:
        with ExitStack() as stack:
            crowd = [stack.enter_context(connected(agent)) for _ in range(500)]
            with connected(agent, STATUS) as asking:
                assert answer(asking).startswith(b"HTTP/1.1 200")
            until(lambda: sum(not is_closed(one) for one in crowd) < clients.MOST)

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
    assert line.endswith(f"no client of the control socket is accepted: {os.strerror(number)}")
    assert refusals == []


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
