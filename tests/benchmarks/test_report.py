"""Targets, ratios and the table."""

from dataclasses import dataclass

import msgspec
import pytest

from benchmarks.report import markdown, number, table
from benchmarks.results import FRR, KEEPALIVED, OURS, Failure, Measurement, Results, Target


def measured(
    ours: list[float], keepalived: list[float], target: Target | None = None, frr: list[float] | None = None
) -> Measurement:
    samples = {OURS: ours, KEEPALIVED: keepalived} | ({FRR: frr} if frr else {})
    return Measurement(scenario="cpu/1@1s", what="CPU", unit="µs", samples=samples, target=target, rest=[0.01, 0.02])


def test_the_ratio_is_that_of_the_medians() -> None:
    assert measured([1, 2, 30], [4, 4, 5]).ratio == 0.5


def test_there_is_no_ratio_without_the_other_or_to_nothing() -> None:
    assert measured([1], []).ratio is None
    assert measured([1], [0]).ratio is None


@dataclass
class Case:
    target: Target
    ours: float
    keepalived: float
    met: bool


@pytest.mark.parametrize(
    "case",
    [
        Case(Target(ratio=0.5), 1, 2, True),
        Case(Target(ratio=0.5), 1.1, 2, False),
        Case(Target(value=3), 3, 0, True),
        Case(Target(value=3), 3.1, 9, False),
        Case(Target(ratio=1, value=3), 4, 5, False),
        Case(Target(ratio=1, value=3), 2, 1, False),
        Case(Target(ratio=1, value=3), 2, 2, True),
        Case(Target(ratio=0.5), 0, 0, True),
    ],
)
def test_a_target_is_met_where_all_that_it_asks_holds(case: Case) -> None:
    assert measured([case.ours], [case.keepalived], case.target).is_met is case.met


def test_a_target_against_another_program_is_compared_with_that() -> None:
    one = measured([1], [1], Target(ratio=0.5, against=FRR), frr=[2])
    assert (one.is_met, one.ratio) == (True, 0.5)


def test_what_was_not_measured_meets_no_target_and_misses_none() -> None:
    assert measured([], [1], Target(value=1)).is_met is None
    assert measured([1], [], Target(ratio=1)).is_met is None
    assert measured([1], [1]).is_met is None


def test_a_row_starts_with_what_target_ours_keepalived_ratio_met() -> None:
    header, _, row = table([measured([1.0], [4.0], Target(ratio=0.5))]).splitlines()
    assert header.startswith("| what | target | ours | keepalived | ratio | met |")
    assert row.startswith("| CPU, µs | ratio ≤ 0.5 | 1.00 | 4.00 | 0.25 | yes |")


def test_a_missed_target_catches_the_eye_and_several_rounds_show_their_spread() -> None:
    row = table([measured([1, 2, 3], [1, 1, 1], Target(value=1))]).splitlines()[-1]
    assert "| 2.00 (1.00 to 3.00) |" in row
    assert "| **no** |" in row


def test_columns_that_say_nothing_are_left_out() -> None:
    assert "FRR" not in table([measured([1], [1])])
    assert "FRR" in table([measured([1], [1], frr=[1])])


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1234.5, "1,234"), (12.34, "12.3"), (1.234, "1.23"), (0.1234, "0.123"), (0.00012, "0.0001")],
)
def test_numbers_have_the_digits_that_count(value: float, text: str) -> None:
    assert number(value) == text


def test_the_report_names_environment_groups_and_failures() -> None:
    results = Results({"kernel": "6.1"}, [measured([1], [1])], [Failure("floods/ttl", "TimeoutError: no")])
    text = markdown(results)
    assert "- kernel: 6.1" in text
    assert "## cpu" in text
    assert "- floods/ttl: TimeoutError: no" in text


def test_a_group_with_a_plot_shows_it() -> None:
    results = Results({}, [measured([1], [1])])
    assert "![cpu](cpu.svg)" in markdown(results, ["cpu"])
    assert "svg" not in markdown(results)


def test_results_survive_json() -> None:
    results = Results({"kernel": "6.1"}, [measured([1], [1], Target(ratio=1))])
    assert msgspec.json.decode(msgspec.json.encode(results), type=Results) == results
