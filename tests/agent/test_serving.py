"""The agent between its channel, its log and its clients, on real sockets."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from failover.agent.api import http, server
from failover.agent.api.status_document import status_document
from failover.agent.link import freshness
from failover.agent.link.mirror import Mirror
from failover.messages import (
    Ask,
    Dropped,
    Event,
    Names,
    NotReloaded,
    Refused,
    Reload,
    Reloaded,
    ReloadEnded,
    Told,
    Withdraw,
)
from tests.agent.agents import Agent, assert_equal, until
from tests.agent.link.test_mirror import KNOWN
from tests.engine.daemons import ControlConnection, ask


def test_a_reload_is_answered_with_what_came_of_it(agent: Agent) -> None:
    reloaded = Reloaded(
        added=Names(21, ["VR_1", "VR_2"]),
        removed=Names(0, []),
        changed=Names(1, ["GW"]),
        unchanged=3,
        needs_restart=["lock_memory"],
        digest="0a1b2c3d",
    )
    answers: list[tuple[Reloaded | NotReloaded, int, Any]] = [
        (
            reloaded,
            200,
            {
                "added": {"count": 21, "first": ["VR_1", "VR_2"]},
                "removed": {"count": 0, "first": []},
                "changed": {"count": 1, "first": ["GW"]},
                "unchanged": 3,
                "needs_restart": ["lock_memory"],
            },
        ),
        (NotReloaded(report="x.json: 1 problem", is_bad=True), 422, {"error": "x.json: 1 problem"}),
        (NotReloaded(report="another failover ...", is_bad=False), 409, {"error": "another failover ..."}),
    ]

    def client() -> None:
        agent.engine.settimeout(5)
        with ThreadPoolExecutor() as others:
            for answer, code, document in answers:
                asking = others.submit(ask, agent.control, "/reload", "POST")
                agent.tell(ReloadEnded(agent.commanded(Reload), answer))
                assert asking.result() == (code, document)

    agent.run(client)


def test_of_two_reloads_each_has_its_own_answer(agent: Agent) -> None:
    def client() -> None:
        agent.engine.settimeout(5)
        agent.tell(ReloadEnded(7, NotReloaded(report="nobody's", is_bad=True)))
        with ThreadPoolExecutor() as others:
            asking = [others.submit(ask, agent.control, "/reload", "POST") for _ in range(2)]
            for report in ("one", "two"):
                agent.tell(ReloadEnded(agent.commanded(Reload), NotReloaded(report=report, is_bad=True)))
            assert sorted(one.result()[1]["error"] for one in asking) == ["one", "two"]

    agent.run(client)


def test_an_engine_that_does_not_know_the_command_is_told_of(agent: Agent) -> None:
    def client() -> None:
        agent.engine.settimeout(5)
        with ThreadPoolExecutor() as others:
            asking = others.submit(ask, agent.control, "/reload", "POST")
            agent.tell(Refused(agent.commanded(Reload), "Invalid value 'reload'"))
            assert asking.result() == (409, {"error": "the daemon refuses: Invalid value 'reload'"})

    agent.run(client)


def test_an_engine_that_does_not_answer_is_not_waited_for_for_ever(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_RELOAD_PATIENCE_SECONDS", 0.05)
    agent.run(lambda: assert_equal(ask(agent.control, "/reload", "POST")[0], 504))


@pytest.mark.parametrize("after", [b"", b"GET /status HTTP/1.1\r\nHost: x\r\n\r\n", b"x" * 500_000])
def test_a_client_that_does_not_wait_for_its_reload_has_asked_for_none(agent: Agent, after: bytes) -> None:
    def client() -> None:
        agent.engine.settimeout(5)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as impatient:
            impatient.connect(str(agent.control))
            impatient.sendall(b"POST /reload HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
            number = agent.commanded(Reload)
            impatient.setblocking(False)
            with suppress(BlockingIOError):
                impatient.sendall(after)
        assert agent.commanded(Withdraw) == number

    agent.run(client)


def test_a_client_that_says_no_more_still_waits_for_its_reload_and_then_has_what_it_has_asked_for(agent: Agent) -> None:
    def client() -> None:
        agent.engine.settimeout(5)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as patient:
            patient.settimeout(10)
            patient.connect(str(agent.control))
            patient.sendall(b"POST /reload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            number = agent.commanded(Reload)
            patient.sendall(b"GET /status HTTP/1.1\r\nHost: x\r\n\r\n")
            patient.shutdown(socket.SHUT_WR)
            time.sleep(3 * http._LOOK_SECONDS)
            agent.tell(ReloadEnded(number, NotReloaded(report="bad", is_bad=True)))
            answers = b"".join(iter(lambda: patient.recv(1000), b""))
        assert answers.startswith(b"HTTP/1.1 422 ")
        assert b"HTTP/1.1 503 " in answers

    agent.run(client)


def test_a_reload_is_not_to_be_had_by_looking(agent: Agent) -> None:
    agent.run(lambda: assert_equal(ask(agent.control, "/reload")[0], 405))


def test_status_is_the_document_of_the_mirror(agent: Agent) -> None:
    agent.tell(*KNOWN)

    def client() -> None:
        until(lambda: ask(agent.control)[0] == 200)
        code, document = ask(agent.control)
        mirror = Mirror()
        for message in KNOWN:
            mirror.update(message)
        expected = status_document(mirror, time.time_ns())
        assert expected is not None
        assert code == 200
        assert document["virtual_routers"] == expected["virtual_routers"]
        assert document["daemon"].keys() == expected["daemon"].keys()
        assert document["daemon"]["pid"] == expected["daemon"]["pid"]

    agent.run(client)


def test_before_the_engine_has_spoken_the_answer_is_to_try_again(agent: Agent) -> None:
    def client() -> None:
        connection = ControlConnection(agent.control)
        connection.request("GET", "/status")
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert json.loads(answer.read()) == {"error": "the daemon is starting"}
        connection.close()
        agent.tell(*KNOWN)
        until(lambda: ask(agent.control)[0] == 200)

    agent.run(client)


def test_an_engine_that_does_not_answer_is_said_and_what_it_said_last_is_shown(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freshness, "_EVERY_SECONDS", 60)  # asked once: there is no engine to answer again
    agent.tell(*KNOWN)

    def client() -> None:
        agent.engine.settimeout(5)
        code, document = ask(agent.control)
        assert code == 200
        engine = document["daemon"]["engine"]
        assert (engine["answers"], engine["answered_at"]) == (False, None)
        assert engine["silent_since"].endswith("Z")
        for resource in ("/healthz", "/readyz"):
            assert ask(agent.control, resource) == (503, {"error": "the engine does not answer", "engine": engine})
        agent.tell(Told(agent.commanded(Ask)))
        until(lambda: ask(agent.control, "/healthz")[0] == 200)
        for resource in ("/healthz", "/readyz"):
            code, document = ask(agent.control, resource)
            assert (code, document["engine"]["answers"], document["engine"]["silent_since"]) == (200, True, None)
        assert ask(agent.control)[1]["daemon"]["engine"] == document["engine"]

    agent.run(client)


def test_an_engine_that_answers_is_alive_and_once_it_has_said_what_runs_it_is_ready(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freshness, "_EVERY_SECONDS", 60)

    def client() -> None:
        agent.engine.settimeout(5)
        with ThreadPoolExecutor() as others:
            asking = others.submit(ask, agent.control, "/healthz")
            agent.tell(Told(agent.commanded(Ask)))
            code, document = asking.result()
        assert (code, document["engine"]["answers"]) == (200, True)
        code, document = ask(agent.control, "/readyz")
        assert (code, document["error"], document["engine"]["answers"]) == (503, "the daemon is starting", True)
        agent.tell(*KNOWN)
        until(lambda: ask(agent.control, "/readyz")[0] == 200)

    agent.run(client)


@pytest.mark.parametrize(
    ("method", "resource", "code"),
    [("GET", "/", 404), ("GET", "/metrics/x", 404), ("POST", "/status", 405), ("DELETE", "/status", 405)],
)
def test_anything_else_is_refused(agent: Agent, method: str, resource: str, code: int) -> None:
    def client() -> None:
        found, document = ask(agent.control, resource, method)
        assert found == code
        unknown = "no such resource: there are /status, /healthz, /readyz, /reload"
        assert document == {"error": unknown if code == 404 else "/status takes GET only"}

    agent.run(client)


def test_events_become_lines_in_their_order_and_losses_are_told(agent: Agent) -> None:
    agent.tell(*KNOWN, Event(at=0, kind="one"), Dropped(3), Event(at=0, kind="two"))
    agent.run(lambda: until(lambda: len(agent.lines) == 3))
    assert [one.split("Z: ")[-1] for one in agent.lines] == [
        "one ",
        "3 messages from the engine were lost, because the agent was too slow",
        "two ",
    ]


def test_what_was_sent_before_the_engine_hung_up_is_still_written(agent: Agent) -> None:
    count = 1000
    agent.engine.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)

    def client() -> None:
        agent.tell(*(Event(at=0, kind=f"event-{number}") for number in range(count)))
        agent.engine.close()
        until(lambda: len(agent.lines) == count)

    agent.run(client)
    assert agent.lines[-1].endswith(f"event-{count - 1} ")


@pytest.mark.parametrize("garbage", [b"\xff nonsense", b"\x81\xa4type\xa7unknown", b"\x81\xa4type\xa1\xff"])
def test_packets_that_are_no_messages_cost_no_other_and_are_told_of_once(
    agent: Agent, caplog: pytest.LogCaptureFixture, garbage: bytes
) -> None:
    for _ in range(50):
        agent.engine.send(garbage)
    agent.tell(Event(at=0, kind="after"))
    agent.run(lambda: until(lambda: len(agent.lines) == 2))
    told, after = agent.lines
    assert "agent: a message from the engine was not understood: " in told
    assert after == "1970-01-01T00:00:00.000Z: after "
    assert "Traceback" not in told + caplog.text


def test_clients_are_answered_in_the_middle_of_a_storm_of_events(agent: Agent) -> None:
    agent.tell(*KNOWN)
    agent.engine.setblocking(False)

    def client() -> None:
        assert ask(agent.control)[0] == 200  # this engine answers nothing: it is waited for once
        deadline = time.monotonic() + 1
        answers = 0
        while time.monotonic() < deadline:
            try:
                while True:
                    agent.tell(Event(at=0, kind="storm", fields={"x": "y" * 500}))
            except BlockingIOError:
                pass
            answers += ask(agent.control)[0] == 200
        assert answers > 5

    agent.run(client)


def test_clients_that_stay_do_not_keep_the_agent(agent: Agent) -> None:
    idle = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    half = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with idle, half:

        def client() -> None:
            idle.connect(str(agent.control))
            half.connect(str(agent.control))
            half.sendall(b"GET /status HTTP/1.1\r\nHost:")
            until(lambda: ask(agent.control)[0] == 503)

        agent.run(client)  # and ends in its time
