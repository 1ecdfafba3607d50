"""Targets, ratios and the table."""

from dataclasses import dataclass

import msgspec
import pytest

from benchmarks.report import markdown, number, table
from benchmarks.results import FRR, KEEPALIVED, OURS, Failure, Measurement, Results, Target, merged


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


def of(scenario: str, taken: str) -> Measurement:
    return Measurement(scenario=scenario, what="x", unit="ms", samples={OURS: [1]}, taken=taken)


def test_a_group_says_when_and_of_what_it_was_measured() -> None:
    one = of("cpu/1", "2026-01-01 10:00 UTC, failover 1, commit a")
    same = of("cpu/2", "2026-01-01 10:05 UTC, failover 1, commit a")
    other = of("cpu/2", "2026-01-02 10:00 UTC, failover 1, commit b")
    assert f"\n- {same.taken}\n" in markdown(Results({}, [one, same]))
    text = markdown(Results({}, [one, other]))
    assert f"\n- cpu/1: {one.taken}\n- cpu/2: {other.taken}\n" in text


def test_what_is_measured_again_replaces_what_there_was_and_the_rest_stays_in_its_place() -> None:
    earlier = Results({"kernel": "1"}, [of("a", "1"), of("b", "1"), of("gone", "1")], [Failure("c", "1")])
    later = Results({"kernel": "1"}, [of("c", "2"), of("a", "2")])
    together = merged(earlier, later, ["a", "b", "c"])
    assert [(one.scenario, one.taken) for one in together.measurements] == [("a", "2"), ("b", "1"), ("c", "2")]
    assert together.failures == []


def test_what_fails_now_is_not_covered_by_what_worked_earlier() -> None:
    together = merged(Results({}, [of("a", "1")]), Results({}, [], [Failure("a", "no")]), ["a"])
    assert (together.measurements, together.failures) == ([], [Failure("a", "no")])


def test_results_of_another_machine_are_not_mixed_in() -> None:
    with pytest.raises(ValueError, match="measured elsewhere"):
        merged(Results({"kernel": "1"}, []), Results({"kernel": "2"}, []), [])
