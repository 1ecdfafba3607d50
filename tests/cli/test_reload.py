"""`failover reload`: what it prints, and its exit status."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from failover.cli import control, main
from failover.cli.commands import reload

NOBODY = {"count": 0, "first": []}
NOTHING: dict[str, Any] = {"added": NOBODY, "removed": NOBODY, "changed": NOBODY, "unchanged": 1, "needs_restart": []}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "nothing has changed: 1 virtual router\n"),
        ({"unchanged": 2, "needs_restart": ["lock_memory", "cpu_affinity"]},
         "nothing has changed: 2 virtual routers\nneeds a restart: lock_memory, cpu_affinity\n"),
        ({"added": {"count": 2, "first": ["A", "B"]}, "removed": {"count": 3, "first": ["C"]},
          "changed": {"count": 1, "first": ["D"]}, "unchanged": 0},
         "added: A, B\nremoved: C and 2 more\nchanged: D\nunchanged: 0 virtual routers\n"),
    ],
)  # fmt: skip
def test_it_says_what_has_changed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], expected: str
) -> None:
    monkeypatch.setattr(control, "post", lambda *_: (200, json.dumps({**NOTHING, **changes}).encode()))
    assert main(["reload"]) == 0
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize(("code", "status"), [(422, 3), (409, 1)])
def test_it_fails_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: int, status: int
) -> None:
    report = "x.json: 1 problem\n  $.vrid: 300 is out of range; allowed: 1 to 255"
    monkeypatch.setattr(control, "post", lambda *_: (code, json.dumps({"error": report}).encode()))
    assert main(["reload"]) == status
    assert capsys.readouterr().err == f"failover: not reloaded, nothing was changed: {report}\n"


def test_where_the_daemon_is_silent_it_does_not_say_that_nothing_has_changed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(control, "post", lambda *_: (504, b'{"error": "the daemon has not answered"}'))
    assert main(["reload"]) == 1
    assert capsys.readouterr().err == (
        "failover: the outcome of the reload is not known: the daemon has not answered\n"
    )


def test_where_it_gives_up_by_itself_it_says_what_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reload, "_PATIENCE_SECONDS", 0.05)
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        assert main(["reload", "--socket", str(path)]) == 1
    assert capsys.readouterr().err == (
        f"failover: the outcome of the reload is not known: {path}: the agent (status and log) does not answer;"
        " see failover status when the daemon answers again\n"
    )


@pytest.mark.parametrize("body", [b"Not Found", b"[]", b"{}", b"\xff"])
def test_an_answer_that_is_none_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], body: bytes
) -> None:
    monkeypatch.setattr(control, "post", lambda *_: (404, body))
    assert main(["reload", "--socket", "/here"]) == 1
    assert capsys.readouterr().err == "failover: /here: the daemon answered with HTTP status 404\n"


def test_without_a_daemon_there_is_nothing_to_reload(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reload", "--runtime-dir", str(tmp_path)]) == 1
    assert "no daemon runs on" in capsys.readouterr().err
