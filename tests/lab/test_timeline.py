"""The text of a demonstration."""

import io

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


def test_colour_is_for_terminals_only() -> None:
    plain, terminal = io.StringIO(), Terminal()
    for out in (plain, terminal):
        Timeline(out).say("text [with] brackets", "bold red")
    assert plain.getvalue() == "text [with] brackets\n"
    assert "text [with] brackets" in terminal.getvalue()


def test_a_duration_has_tenths_of_milliseconds() -> None:
    assert seconds(3_609_375_000) == "3.6094 s"
