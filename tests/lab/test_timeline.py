"""The text of a demonstration."""

import io

import pytest

from failover.lab.timeline import Timeline, seconds


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_times_count_from_the_first_event() -> None:
    out = io.StringIO()
    timeline = Timeline(out)
    timeline.say("hello")
    timeline.event("start", 5_000_000_000)
    timeline.event("later", 6_500_000_000)
    timeline.event("told late", 6_250_000_000)
    assert out.getvalue() == "hello\n    0.000 s  start\n    1.500 s  later\n    1.250 s  told late\n"


def test_a_table_lines_up_its_columns() -> None:
    out = io.StringIO()
    Timeline(out).table(("", "measured"), [("a", "1 s"), ("long", "10 s")])
    assert out.getvalue() == "      measured\na          1 s\nlong      10 s\n"


def test_colour_is_for_terminals_only_and_only_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    plain, terminal = io.StringIO(), Terminal()
    for out in (plain, terminal):
        Timeline(out).say("text [with] brackets", "bold red")
        Timeline(out).say("no style")
    assert plain.getvalue() == "text [with] brackets\nno style\n"
    assert terminal.getvalue() == "\033[31m\033[1mtext [with] brackets\033[0m\nno style\n"
    monkeypatch.setenv("NO_COLOR", "1")
    bare = Terminal()
    Timeline(bare).say("text", "bold red")
    assert bare.getvalue() == "text\n"


def test_a_duration_has_tenths_of_milliseconds() -> None:
    assert seconds(3_609_375_000) == "3.6094 s"
