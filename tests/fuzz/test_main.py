"""The command `python -m fuzz`: what it says of a search, and its exit status."""

import pytest

from fuzz import __main__ as command
from fuzz.__main__ import BUILD, Outcome

QUIET = Outcome("messages", 12, 3, [], BUILD / "messages" / "log", is_over=True)
FOUND = QUIET._replace(findings=[BUILD / "messages" / "crash-1"], is_over=False)
BROKEN = QUIET._replace(is_over=False)


@pytest.mark.parametrize(
    ("outcome", "line", "status"),
    [
        (QUIET, "messages: 12 executions, 3 inputs kept, 0 findings", 0),
        (FOUND, "messages: 12 executions, 3 inputs kept, 1 findings: build/fuzz/messages/crash-1", 1),
        (
            BROKEN,
            "messages: 12 executions, 3 inputs kept, 0 findings; it broke off, see build/fuzz/messages/log",
            1,
        ),
    ],
)
def test_a_search_is_a_line_and_a_finding_is_the_exit_status(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    outcome: Outcome,
    line: str,
    status: int,
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda _: object())
    monkeypatch.setattr(command, "search", lambda *_, **__: outcome)
    assert command.main(["messages"]) == status
    assert capsys.readouterr().out == f"{line}\n"


def test_a_target_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["mesages"])
    assert "mesages" in capsys.readouterr().err


@pytest.mark.parametrize(("environment", "status"), [("", 0), ("1", 1)])
def test_without_atheris_nothing_is_searched_and_where_everything_must_run_it_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], environment: str, status: int
) -> None:
    monkeypatch.setenv("CI", environment)
    monkeypatch.setattr(command, "find_spec", lambda _: None)
    assert command.main([]) == status
    assert "atheris" in capsys.readouterr().err
