"""The parser of `failover run` against click's: what it understands, click understands the same."""

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.cli import group as commands
from failover.cli import options
from failover.cli.commands.run import command

FLAGS = [option.flag for option in options.RUN]
WORDS = [*FLAGS, *(f"{flag}=" for flag in FLAGS), *(f"{flag}=x=y" for flag in FLAGS), "a", "", "-", "--", "=", "--help"]
WORDS += ["-c", "--conf", "--confg", "--socket-x", "--CONFIG", "file-mode", "/etc/x.json", "-x=1", "ä\udcff"]


def by_click(arguments: list[str]) -> dict[str, str | None] | None:
    try:
        return dict(command.make_context("run", list(arguments)).params)
    except (click.UsageError, click.exceptions.Exit):
        return None


@given(st.lists(st.sampled_from(WORDS), max_size=6))
def test_what_the_fast_parser_accepts_click_parses_to_the_same_values(arguments: list[str]) -> None:
    fast = options.parse(arguments)
    # Of `--` and what follows click knows more: that is why None falls through to it.
    assert fast is None or fast == by_click(arguments)


@given(st.dictionaries(st.sampled_from(FLAGS), st.text(min_size=1)), st.sampled_from(["=", " "]))
def test_every_good_use_of_the_options_is_understood_without_click(values: dict[str, str], between: str) -> None:
    pairs = [[f"{flag}={value}"] if between == "=" else [flag, value] for flag, value in values.items()]
    arguments = [part for pair in pairs for part in pair]
    fast = options.parse(arguments)
    assert fast is not None
    assert fast == by_click(arguments)
    assert fast == {option.name: values.get(option.flag) for option in options.RUN}


def test_the_last_of_repeated_options_counts() -> None:
    arguments = ["--config", "a", "--config=b"]
    assert options.parse(arguments) == by_click(arguments) == {"config": "b", "runtime_dir": None, "socket": None}


@pytest.mark.parametrize("arguments", [["--help"], ["--config"], ["x"], ["--confg", "a"], ["file-mode"], ["--", "x"]])
def test_anything_else_is_left_to_click(arguments: list[str]) -> None:
    assert options.parse(arguments) is None


def test_click_knows_the_options_of_the_table_and_no_others() -> None:
    known = [param.opts[0] for param in command.params]
    assert known == FLAGS
    assert [commands.declared(option).name for option in options.RUN] == [option.name for option in options.RUN]
