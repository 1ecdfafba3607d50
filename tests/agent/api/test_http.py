"""What a client of the control API may send, in what pieces, how slowly, and together with how many others."""

import errno
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from failover.agent.api import clients, http, routes
from failover.messages import (
    Ask,
    NotReloaded,
    Reload,
    ReloadEnded,
)
from tests.agent.agents import Agent, Talk, assert_equal, until
from tests.agent.link.test_mirror import KNOWN
from tests.engine.daemons import ask


def test_requests_of_one_connection_are_answered_in_turn_also_those_that_came_together(
    agent: Agent, talk: Callable[[], Talk]
) -> None:
    def client() -> None:
        one = talk()
        one.send("GET /status HTTP/1.1\nHost: x\n\n" * 3 + "POST /status HTTP/1.1\nHost: x\nContent-Length: 0\n\n")
        assert [one.answer()[0].split(" ", 2)[1] for _ in range(4)] == ["503", "503", "503", "405"]
        assert one.rest() == b""

    agent.run(client)


def test_head_is_answered_as_get_without_the_document(agent: Agent, talk: Callable[[], Talk]) -> None:
    agent.tell(*KNOWN)

    def client() -> None:
        until(lambda: ask(agent.control)[0] == 200)
        one = talk()
        one.send("HEAD /status HTTP/1.1\nHost: x\nConnection: close\n\n")
        head, _, body = one.rest().partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"content-length: " in head.lower()
        assert body == b""

    agent.run(client)


def test_a_client_that_asks_whether_to_send_its_body_is_told_to(agent: Agent, talk: Callable[[], Talk]) -> None:
    def client() -> None:
        agent.engine.settimeout(5)
        one = talk()
        one.send("POST /reload HTTP/1.1\nHost: x\nContent-Length: 5\nExpect: 100-continue\n\n")
        assert one.answer()[0].startswith("HTTP/1.1 100 ")
        one.send("hello")
        agent.tell(ReloadEnded(agent.commanded(Reload), NotReloaded(report="bad", is_bad=True)))
        assert one.answer()[1] == '{"error":"bad"}'

    agent.run(client)


def test_a_client_that_has_left_before_it_was_heard_has_asked_for_nothing(
    agent: Agent, talk: Callable[[], Talk]
) -> None:
    gone = talk()
    gone.send("POST /reload HTTP/1.1\nHost: x\nContent-Length: 0\n\n")
    gone.socket.close()

    def client() -> None:
        agent.engine.settimeout(5)
        assert ask(agent.control)[0] == 503
        agent.commanded(Ask)
        agent.engine.settimeout(0)
        with pytest.raises(BlockingIOError):
            agent.engine.recv(100)

    agent.run(client)


def test_a_body_without_end_is_refused(agent: Agent, talk: Callable[[], Talk]) -> None:
    def client() -> None:
        one = talk()
        one.send(f"POST /reload HTTP/1.1\nHost: x\nContent-Length: {1 << 30}\n\n" + "x" * (http.LARGEST_BODY + 1))
        assert one.rest().startswith(b"HTTP/1.1 413 ")

    agent.run(client)


def test_a_head_without_end_is_refused(agent: Agent, talk: Callable[[], Talk]) -> None:
    def client() -> None:
        one = talk()
        one.send("GET /status HTTP/1.1\nHost: x\nX-Long: " + "x" * (1 << 15))
        assert one.rest().startswith(b"HTTP/1.1 431 ")

    agent.run(client)


@pytest.mark.parametrize("said", ["", "GET /sta", "POST /reload HTTP/1.1\nHost: x\nContent-Length: 5\n\nhell"])
def test_a_client_that_is_silent_is_hung_up_on(
    agent: Agent, talk: Callable[[], Talk], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "PATIENCE_SECONDS", 0.2)

    def client() -> None:
        one = talk()
        one.send(said)
        assert one.rest() == b""

    agent.run(client)


def test_a_client_that_does_not_read_is_hung_up_on(
    agent: Agent, talk: Callable[[], Talk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "PATIENCE_SECONDS", 0.2)

    def client() -> None:
        one = talk()
        with suppress(BrokenPipeError, ConnectionResetError):  # what else goes wrong, as a timeout, fails the test
            while True:
                one.send("GET /status HTTP/1.1\nHost: x\n\n" * 100)

    agent.run(client)


def test_more_clients_than_are_served_take_the_places_of_idle_ones(agent: Agent, talk: Callable[[], Talk]) -> None:
    def client() -> None:
        agent.engine.settimeout(5)
        busy = talk()
        busy.send("POST /reload HTTP/1.1\nHost: x\nContent-Length: 0\n\n")
        number = agent.commanded(Reload)
        idle = [talk() for _ in range(2 * clients.MOST_CLIENTS)]
        assert ask(agent.control)[0] == 503
        assert all(one.rest() == b"" for one in idle[: clients.MOST_CLIENTS])
        idle[-1].send("GET /status HTTP/1.1\nHost: x\n\n")
        assert idle[-1].answer()[0].startswith("HTTP/1.1 503 ")
        agent.tell(ReloadEnded(number, NotReloaded(report="late", is_bad=True)))
        assert busy.answer()[1] == '{"error":"late"}'

    agent.run(client)


def test_where_all_that_are_served_are_busy_the_next_one_waits(agent: Agent, talk: Callable[[], Talk]) -> None:
    def client() -> None:
        agent.engine.settimeout(5)
        busy = [talk() for _ in range(clients.MOST_CLIENTS)]
        numbers = []
        for one in busy:
            one.send("POST /reload HTTP/1.0\n\n")
            numbers.append(agent.commanded(Reload))
        waiting = talk()
        waiting.send("GET /status HTTP/1.0\n\n")
        waiting.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            waiting.rest()
        waiting.socket.settimeout(10)
        agent.tell(ReloadEnded(numbers[7], NotReloaded(report="late", is_bad=True)))
        assert waiting.rest().startswith(b"HTTP/1.1 503 ")

    agent.run(client)


def test_where_the_system_has_no_room_for_a_client_this_is_said_once_and_tried_again(
    agent: Agent, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(clients, "_RETRY_SECONDS", 0.01)

    class Full(socket.socket):
        failures = 50

        def accept(self) -> tuple[socket.socket, Any]:
            if self.failures:
                self.failures -= 1
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
            return super().accept()

    agent.listener = Full(fileno=agent.listener.detach())
    agent.run(lambda: assert_equal(ask(agent.control)[0], 503))
    assert [one.split("Z: ")[-1] for one in agent.lines] == [
        "agent: could not accept a client of the control socket: Too many open files"
    ]
    assert not caplog.records


def test_a_fault_of_ours_is_answered_and_logged(
    agent: Agent, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(routes, "status_document", fail)
    agent.run(lambda: assert_equal(ask(agent.control), (500, {"error": "the request failed: the log says why"})))
    assert "ZeroDivisionError" in caplog.text


def test_what_is_no_http_is_refused_and_the_next_client_is_served(
    agent: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    agent.tell(*KNOWN)

    def client() -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as odd:
            odd.connect(str(agent.control))
            odd.sendall(b"\x00\x01 nonsense\r\n\r\n")
            assert odd.recv(100).startswith(b"HTTP/1.1 400")
        until(lambda: ask(agent.control)[0] == 200)

    agent.run(client)
    assert not caplog.records


CHUNKED = b"POST /status HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
NO_CHUNK = b"5\x0f\nnonsense\r\n\r\n"


def test_a_client_that_stops_speaking_http_in_its_request_is_refused_and_nothing_is_logged(
    agent: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    def client() -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as odd:
            odd.settimeout(5)
            odd.connect(str(agent.control))
            odd.sendall(CHUNKED.replace(b"/status", b"/reload") + NO_CHUNK)
            assert b"".join(iter(lambda: odd.recv(1000), b"")).startswith(b"HTTP/1.1 400 ")

    agent.run(client)
    assert not caplog.records


def test_a_client_that_stops_speaking_http_once_it_was_answered_is_hung_up_on_and_nothing_is_logged(
    agent: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    def client() -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as odd:
            odd.settimeout(5)
            odd.connect(str(agent.control))
            odd.sendall(CHUNKED)
            assert odd.recv(1000).startswith(b"HTTP/1.1 405 ")
            odd.sendall(NO_CHUNK)
            until(lambda: odd.recv(1000) == b"")

    agent.run(client)
    assert not caplog.records
