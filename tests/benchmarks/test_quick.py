"""The quick comparison: its noise, its verdict, its table, and what its exit status says."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from benchmarks.programs import Keepalived, ours_from
from benchmarks.quick.parts import PARTS, rotated, rounds_of, scenarios
from benchmarks.quick.table import OTHER, Comparison, busy, comparison, exit_status, text
from benchmarks.quick.verdict import LEAST, Verdict, noise, spread, verdict
from benchmarks.results import KEEPALIVED, OURS, Failure, Measurement, Results, Target
from failover.lab.network.lan import Host
from failover.lab.router import RouterSpec

FIVE = [9.9, 10.0, 10.0, 10.1, 10.1]
ALARMS_TOLERATED = 0.005
"""Of comparisons of the same with itself: one in a thousand where the rounds are normal, more where they are not."""


def times(factor: float, values: Sequence[float] = FIVE) -> list[float]:
    return [factor * value for value in values]


def measured(
    ours: list[float],
    keepalived: list[float],
    other: list[float],
    limit: float | None = None,
    rest: list[float] | None = None,
) -> Measurement:
    samples = {OURS: ours, KEEPALIVED: keepalived, OTHER: other}
    return Measurement(
        scenario="cpu/1",
        what="CPU per advert",
        unit="µs",
        samples={program: values for program, values in samples.items() if values},
        target=None if limit is None else Target(value=limit),
        rest=rest or [0.01],
    )


def compared(*found: Measurement, failures: Sequence[Failure] = (), against: bool = True) -> Comparison:
    programs = [OURS, *([OTHER] if against else []), KEEPALIVED]
    return comparison(Results({"kernel": "6.1"}, list(found), list(failures)), programs)


def test_what_differs_by_more_than_the_rounds_do_is_slower_or_faster() -> None:
    assert verdict(times(1.1), FIVE) is Verdict.SLOWER
    assert verdict(FIVE, times(1.1)) is Verdict.FASTER


def test_what_differs_by_less_than_the_rounds_do_is_the_same() -> None:
    assert verdict(times(1.015), FIVE) is Verdict.SAME
    assert verdict([10, 12, 14, 16, 18], [11, 13, 15, 17, 19]) is Verdict.SAME


def test_where_one_round_of_each_meets_the_other_nothing_is_said() -> None:
    assert verdict([20, 20, 20, 20, 20, 20, 10], [10, 10, 10, 10, 10, 10, 10]) is Verdict.SAME


def test_rounds_that_all_agree_still_leave_the_least_noise() -> None:
    assert verdict([100 * (1 + LEAST)] * 5, [100] * 5) is Verdict.SAME
    assert verdict([100 * (1 + 2 * LEAST)] * 5, [100] * 5) is Verdict.SLOWER


def test_what_was_never_and_now_is_always_is_slower() -> None:
    assert verdict([0, 0, 0], [0, 0, 0]) is Verdict.SAME
    assert verdict([1, 1, 1], [0, 0, 0]) is Verdict.SLOWER


def test_fewer_than_three_rounds_say_nothing() -> None:
    assert verdict([2, 2], [1, 1]) is Verdict.SAME
    assert verdict([2, 2, 2], [1, 1, 1]) is Verdict.SLOWER


def test_fewer_rounds_need_a_larger_difference() -> None:
    wider = [noise([0.0, *[1.0] * (count - 1)], [1.0] * count) for count in range(3, 9)]
    assert wider == sorted(wider, reverse=True)
    assert wider[-1] == spread([0.0, 1.0]) / 2


def words(line: str) -> str:
    return " ".join(line.split())


def normal(chance: random.Random) -> float:
    return chance.gauss(10, 1)


def now_and_then_a_third_longer(chance: random.Random) -> float:
    return chance.gauss(10, 0.1) * (4 / 3 if chance.random() < 1 / 3 else 1)


@pytest.mark.parametrize("rounds", sorted({part.rounds for part in PARTS}))
@pytest.mark.parametrize("draw", [normal, now_and_then_a_third_longer])
def test_the_same_is_hardly_ever_called_different(draw: Callable[[random.Random], float], rounds: int) -> None:
    chance = random.Random(rounds)  # noqa: S311 - the same numbers each time
    found = [verdict(*([draw(chance) for _ in range(rounds)] for _ in range(2))) for _ in range(4000)]
    assert sum(one is not Verdict.SAME for one in found) / len(found) < ALARMS_TOLERATED


def test_a_row_has_medians_ratios_spreads_and_the_verdict() -> None:
    lines = text(compared(measured([1, 2, 3], [4, 4, 4], [2, 2, 2], 2.5))).splitlines()
    assert words(lines[0]) == "ours keepalived ratio limit other ours/other spread its spread noise verdict"
    assert words(lines[1]) == "CPU per advert, µs 2.00 4.00 0.50 ≤ 2.5: met 2.00 1.00 100% 0% 210% same"


def test_without_another_checkout_there_is_no_verdict() -> None:
    header, row = text(compared(measured([3], [2], []), against=False)).splitlines()
    assert words(header) == "ours keepalived ratio limit"
    assert words(row) == "CPU per advert, µs 3.00 2.00 1.50"


def test_what_keepalived_cannot_do_is_compared_all_the_same() -> None:
    found = compared(measured(times(2), [], FIVE))
    assert found.rows[0].keepalived is None
    assert exit_status(found) == 4


def test_the_exit_status_says_whether_something_is_slower_or_was_not_measured() -> None:
    same, slower = measured(FIVE, FIVE, FIVE), measured(times(2), FIVE, FIVE)
    assert exit_status(compared(same, measured(FIVE, FIVE, times(2)))) == 0
    assert exit_status(compared(same, slower)) == 4
    assert exit_status(compared(slower, failures=[Failure("floods", "TimeoutError: no")])) == 1
    assert exit_status(compared(measured(FIVE, FIVE, []))) == 1


def test_slower_than_keepalived_and_over_a_limit_is_no_step_back() -> None:
    assert exit_status(compared(measured(times(3), FIVE, times(3), 10.0))) == 0


def test_rounds_that_count_although_the_machine_was_busy_are_named() -> None:
    assert busy(compared(measured(FIVE, FIVE, FIVE, rest=[0.05, 0.1]))) == []
    found = compared(measured(FIVE, FIVE, FIVE, rest=[0.05, 0.7]))
    assert busy(found) == ["cpu/1: others used 0.70 CPUs"]


def test_the_numbers_can_be_kept() -> None:
    found = compared(measured(FIVE, FIVE, times(2)), measured([1], [1], [1]))
    kept = msgspec.json.decode(msgspec.json.encode(found))
    assert kept["rows"][0]["against"]["verdict"] == "faster"
    assert kept["rows"][0]["samples"][OTHER] == times(2)
    assert kept["rows"][1]["against"]["noise"] is None


def test_each_program_comes_first_in_turn() -> None:
    assert [rotated("ABK", turn) for turn in range(4)] == [list("ABK"), list("BKA"), list("KAB"), list("ABK")]


def test_each_part_has_rounds_enough_for_a_verdict_and_a_name_of_its_own() -> None:
    assert all(part.rounds >= 3 for part in PARTS)
    names = [scenario.name for scenario in scenarios([Keepalived])]
    assert len(set(names)) == len(names)


def test_a_daemon_from_another_checkout_finds_its_own_sources_first(tmp_path: Path) -> None:
    driver = ours_from(tmp_path, OTHER)
    daemon = driver(Host("one", 1, ("10.0.0.1/16",), tmp_path), RouterSpec(addresses=("10.0.1.1/16",)))
    assert (daemon.program, daemon.environment()["PYTHONPATH"]) == (OTHER, str(tmp_path / "src"))


def test_beside_keepalived_alone_there_are_fewer_rounds_and_never_less_than_three() -> None:
    for part in PARTS:
        assert rounds_of(part, 3) == part.rounds
        assert 3 <= rounds_of(part, 2) <= part.rounds
