"""The client of the control socket, against servers that behave and servers that do not."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from failover.cli.control import NoDaemon, Unanswered, get, post, probe
from failover.cli.failures import Failure

BUSY = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\r\n{}"
GOOD = b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{"a":1}'


@contextmanager
def serving(path: Path, *answers: bytes | None) -> Iterator[list[bytes]]:
    """A server that gives one answer a connection; None hangs up without one. Yields the requests."""
    requests: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    if answer is None:
                        continue
                    requests.append(connection.recv(4096))
                    for start in range(0, len(answer), 7):
                        connection.sendall(answer[start : start + 7])

        thread = threading.Thread(target=serve)
        thread.start()
        yield requests
        thread.join(5)


def failure(action: Callable[[], bytes]) -> str:
    with pytest.raises(Failure) as caught:
        action()
    assert caught.value.status == 1
    return str(caught.value)


def test_it_returns_the_body_of_a_good_answer(tmp_path: Path) -> None:
    with serving(tmp_path / "s", GOOD) as requests:
        assert get(tmp_path / "s", "/status") == b'{"a":1}'
    assert requests[0].startswith(b"GET /status HTTP/1.0\r\n")


def test_a_daemon_that_accepts_nobody_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(tmp_path / "s"))
        listener.listen(0)
        crowd = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(2)]
        for one in crowd:
            one.setblocking(False)
            with suppress(BlockingIOError):
                one.connect(str(tmp_path / "s"))
        assert "the agent (status and log) does not answer" in failure(lambda: get(tmp_path / "s", "/status", 0.2))


def test_it_waits_for_a_daemon_that_starts_and_for_an_agent_that_comes_back(tmp_path: Path) -> None:
    with serving(tmp_path / "s", BUSY, None, b"", BUSY, GOOD) as requests:
        assert get(tmp_path / "s", "/status") == b'{"a":1}'
    assert len(requests) == 4


def test_what_is_to_be_done_is_posted_and_any_answer_returned(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with serving(path, b"HTTP/1.1 503 starting\r\n\r\n", b"HTTP/1.1 422 no\r\n\r\n{}") as asked:
        assert post(path, "/reload", 5) == (422, b"{}")
    assert [request.split(b"\r\n")[0] for request in asked] == [b"POST /reload HTTP/1.0"] * 2


def test_it_does_not_wait_for_ever_for_a_daemon_that_starts(tmp_path: Path) -> None:
    with serving(tmp_path / "s", BUSY, BUSY):
        assert "has not finished starting" in failure(lambda: get(tmp_path / "s", "/status", 0.08))


def test_it_does_not_wait_for_ever_for_an_answer(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        assert "does not answer" in failure(lambda: get(tmp_path / "s", "/status", 0.05))


def test_without_a_socket_or_a_listener_no_daemon_runs(tmp_path: Path) -> None:
    assert "no daemon runs on" in failure(lambda: get(tmp_path / "s", "/status"))
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "s"))
    assert "no daemon runs on" in failure(lambda: get(tmp_path / "s", "/status"))


def test_an_unknown_resource_and_a_stranger_are_told_apart(tmp_path: Path) -> None:
    with serving(tmp_path / "s", b"HTTP/1.1 404 Not Found\r\n\r\n"):
        assert "HTTP status 404" in failure(lambda: get(tmp_path / "s", "/x"))
    with serving(tmp_path / "t", b"220 mail.example ESMTP\r\n"):
        assert "is not the daemon" in failure(lambda: get(tmp_path / "t", "/status"))


def test_a_path_too_long_for_a_socket_is_a_failure(tmp_path: Path) -> None:
    assert "too long" in failure(lambda: get(tmp_path / ("x" * 120), "/status"))


def test_whether_something_may_have_been_done_is_told_apart_from_that_nothing_was_asked(tmp_path: Path) -> None:
    def outcome(*answers: bytes | None) -> type[Failure]:
        path = tmp_path / "s"
        path.unlink(missing_ok=True)
        with serving(path, *answers), pytest.raises(Failure) as caught:
            post(path, "/reload", 0.08)
        return caught.type

    assert outcome(BUSY, BUSY) is Failure
    assert outcome(None, b"") is Unanswered  # whoever was asked has died
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "silent"))
        listener.listen()
        with pytest.raises(Unanswered):
            post(tmp_path / "silent", "/reload", 0.05)
    with pytest.raises(Failure) as caught:
        post(tmp_path / "missing", "/reload", 0.05)
    assert caught.type is NoDaemon


def test_a_probe_takes_what_is_answered_and_does_not_wait_for_better(tmp_path: Path) -> None:
    with serving(tmp_path / "s", BUSY) as requests:
        assert probe(tmp_path / "s", "/healthz") == (503, b"{}")
    assert requests[0].startswith(b"GET /healthz HTTP/1.0\r\n")
