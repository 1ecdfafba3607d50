"""`failover health`: its line, its exit status and its JSON, for each way in which a daemon may answer or not."""

import json
import socket
from pathlib import Path

import pytest

from failover.cli import control, main
from tests.cli.health.test_judgement import silent, with_daemon
from tests.cli.test_control import serving

GOOD_HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
SILENT = b'HTTP/1.1 503 Service Unavailable\r\n\r\n{"error": "the engine does not answer", "engine": {}}'


def health(
    capsys: pytest.CaptureFixture[str], path: Path, answer: bytes | None, *options: str
) -> tuple[int, str, list[bytes]]:
    """Exit status and what was said, of a daemon that gives this answer; None: no daemon."""
    capsys.readouterr()
    if answer is None:
        return main(["health", "--socket", str(path), *options]), capsys.readouterr().out, []
    path.unlink(missing_ok=True)
    with serving(path, answer) as requests:
        status = main(["health", "--socket", str(path), *options])
    return status, capsys.readouterr().out, requests


@pytest.mark.parametrize(
    ("daemon", "status", "line"),
    [
        ({}, 0, "OK: 1 virtual router: 1 MASTER\n"),
        ({"warnings": ["memory is not locked"]}, 1, "WARNING: memory is not locked\n"),
        ({"engine": silent(None), "warnings": ["w"]}, 2, "CRITICAL: the engine does not answer; w\n"),
    ],
)
def test_a_daemon_that_answers_is_judged(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, daemon: dict[str, object], status: int, line: str
) -> None:
    answer = GOOD_HEAD + json.dumps(with_daemon(**daemon)).encode()
    code, said, requests = health(capsys, tmp_path / "s", answer)
    assert (code, said) == (status, line)
    assert requests[0].startswith(b"GET /status ")
    code, said, _ = health(capsys, tmp_path / "s", answer, "--json")
    document = json.loads(said)
    assert (code, document["status"]) == (status, line.partition(":")[0].lower())
    assert [one["message"] for one in document["findings"]] == (line.split(": ", 1)[1][:-1].split("; ") if code else [])
    assert all(one["router"] is None for one in document["findings"])


def test_alive_is_whose_engine_answers(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, said, requests = health(capsys, tmp_path / "s", GOOD_HEAD + b"{}", "--live")
    assert (code, said) == (0, "OK: engine and agent answer\n")
    assert requests[0].startswith(b"GET /healthz ")
    assert health(capsys, tmp_path / "s", SILENT, "--live")[:2] == (2, "CRITICAL: the engine does not answer\n")
    code, said, _ = health(capsys, tmp_path / "s", b"HTTP/1.1 404 Not Found\r\n\r\n[]", "--live", "--json")
    finding = {"severity": "critical", "router": None, "message": "HTTP status 404"}
    assert (code, json.loads(said)) == (2, {"status": "critical", "findings": [finding]})


def test_without_a_daemon_it_is_critical(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for options in ((), ("--live",)):
        code, said, _ = health(capsys, tmp_path / "s", None, *options)
        assert code == 2
        assert said.startswith(f"CRITICAL: no daemon runs on {tmp_path}/s")


def test_what_does_not_answer_is_unknown_and_not_alive(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = control._look
    monkeypatch.setattr(control, "_look", lambda where, what, _, waits: look(where, what, 0.05, waits=waits))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        code, said, _ = health(capsys, tmp_path / "s", None)
        assert (code, said) == (
            3,
            (
                f"UNKNOWN: {tmp_path}/s: the agent (status and log) does not answer; the virtual routers"
                " may still run; restart the daemon (systemctl restart failover)\n"
            ),
        )
        code, said, _ = health(capsys, tmp_path / "s", None, "--live")
        assert (code, said.partition(":")[0]) == (2, "CRITICAL")


@pytest.mark.parametrize("answer", [b"220 mail.example ESMTP\r\n", GOOD_HEAD + b"<html>"])
def test_what_is_not_the_daemon_is_unknown(capsys: pytest.CaptureFixture[str], tmp_path: Path, answer: bytes) -> None:
    code, said, _ = health(capsys, tmp_path / "s", answer)
    assert code == 3
    assert said.startswith(f"UNKNOWN: {tmp_path}/s: ")


def test_one_who_may_not_ask_does_not_know(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    code, said, _ = health(capsys, tmp_path / "s", None)
    assert (code, said) == (3, f"UNKNOWN: {tmp_path}/s: Permission denied; use sudo, or join the group of the socket\n")
    assert health(capsys, tmp_path / "s", None, "--live")[0] == 2
