"""The page: wrapped at blanks, coloured where that is wanted, cut to the height of the terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.cli.terminal.page import Line, Window, compose

TABLE = [Line("NAME  STATE", bold=True), *(Line(f"VR_{number}  MASTER", "green") for number in range(1, 51))]
PLAIN = [Line(line.text) for line in TABLE]


def test_without_a_window_it_is_plain_and_whole() -> None:
    long = "a sentence " * 20
    assert compose(TABLE, [long], None).split("\n") == [*(line.text for line in TABLE), long]


def test_sentences_are_broken_at_blanks_alone() -> None:
    address = "2001:db8:1111:2222:3333:4444:5555:6666/64"
    lines = compose(
        [], [f"gateway-of-the-lan (ipv6): another program keeps adding {address} to eth0"], Window(60)
    ).split("\n")
    assert lines == [
        "gateway-of-the-lan (ipv6): another program keeps adding",
        f"  {address} to eth0",
    ]


def test_lines_are_coloured_unless_the_environment_says_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    lines = compose(TABLE[:2], ["so it is"], Window(80)).split("\n")
    assert lines == ["\033[1mNAME  STATE\033[0m", "\033[32mVR_1  MASTER\033[0m", "so it is"]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\033" not in compose(TABLE, [], Window(80))
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert "\033" not in compose(TABLE, [], Window(80))


def test_a_table_that_is_too_high_says_how_many_more_there_are_and_leaves_room_for_the_sentences() -> None:
    lines = compose(PLAIN, ["VR_7 cannot run", "failover 9"], Window(80, 24)).split("\n")
    assert lines[:2] == ["NAME  STATE", "VR_1  MASTER"]
    assert lines[20:] == ["VR_20  MASTER", "... and 30 more virtual routers", "VR_7 cannot run", "failover 9"]
    assert len(lines) == 24


def test_many_sentences_leave_half_of_the_page_to_the_table() -> None:
    lines = compose(PLAIN, [f"sentence {number}" for number in range(40)], Window(80, 20)).split("\n")
    assert lines[9] == "... and 42 more virtual routers"
    assert lines[10] == "sentence 0"
    assert lines[19] == "... and 31 more lines"
    assert len(lines) == 20


def test_a_page_that_fits_is_left_alone() -> None:
    assert compose(PLAIN, ["a"], Window(80, 52)).split("\n") == [*(line.text for line in TABLE), "a"]


@given(st.integers(0, 60), st.lists(st.text("abc ", min_size=1, max_size=100), max_size=30), st.integers(1, 60))
def test_no_page_is_higher_than_its_window(routers: int, sentences: list[str], height: int) -> None:
    lines = compose(PLAIN[: routers + 1], sentences, Window(40, height)).split("\n")
    assert sum(max(-(-len(line) // 40), 1) for line in lines) <= height
