"""The table: plain where nobody looks, coloured on a terminal."""

import io
import sys

import pytest

from failover.cli import table


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


HEADER = ("A", "LONG")
ROWS = [("x [bold]", "1"), ("y", "2")]


def test_it_is_plain_text_in_aligned_columns_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert table.render(HEADER, ROWS, ["green", ""]) == "A         LONG\nx [bold]  1\ny         2"


def test_it_is_coloured_on_a_terminal_and_takes_text_literally(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stdout", Terminal())
    text = table.render(HEADER, ROWS, ["green", ""])
    assert "\033[32mx [bold]" in text
    assert "LONG" in text


@pytest.mark.parametrize(("out", "before"), [(Terminal(), "\033[H\033[2J\033[3J"), (io.StringIO(), "")])
def test_the_screen_is_cleared_only_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, out: io.StringIO, before: str
) -> None:
    monkeypatch.setattr(sys, "stdout", out)
    table.write("x", afresh=True)
    assert out.getvalue() == f"{before}x\n"
