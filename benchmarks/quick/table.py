"""From measurements to the table: a line a ratio."""

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final

import msgspec

from benchmarks.quick.verdict import Verdict, noise, spread, verdict
from benchmarks.report import number
from benchmarks.results import KEEPALIVED, OURS, Failure, Measurement, Results
from benchmarks.rounds import NOISE_LIMIT

OTHER: Final = "other"
"""Ours from another checkout."""
SLOWER: Final = 4
UNMEASURED: Final = 1
_HEADER: Final = ("", "ours", "keepalived", "ratio", "limit")
_HEADER_AGAINST: Final = ("other", "ours/other", "spread", "its spread", "noise", "verdict")


class Against(msgspec.Struct, frozen=True):
    """Ours compared with the other checkout's."""

    other: float
    ratio: float | None
    """None where the other's is 0."""
    spread: float
    """Between the rounds of ours, in the line's unit, as what follows."""
    other_spread: float
    noise: float
    """Infinite, in JSON null, where the rounds were too few to say."""
    verdict: Verdict


class Row(msgspec.Struct, frozen=True):
    """One line: medians over the rounds."""

    part: str
    """What it was measured with."""
    what: str
    unit: str
    samples: Mapping[str, list[float]]
    ours: float
    keepalived: float | None
    ratio: float | None
    limit: float | None
    is_met: bool | None
    against: Against | None
    rest: list[float]
    """How many CPUs the rest of the machine used, round by round."""


class Comparison(msgspec.Struct, frozen=True):
    """A whole run."""

    environment: Mapping[str, str]
    rows: list[Row]
    failures: list[Failure]


def comparison(results: Results, programs: Sequence[str]) -> Comparison:
    """What was measured; a line that lacks one of our programs is a failure."""
    rows, failures = [], list(results.failures)
    for one in results.measurements:
        missing = [name for name in programs if name != KEEPALIVED and not one.samples.get(name)]
        if missing:
            failures.append(Failure(one.scenario, f"{one.what}: nothing of {', '.join(missing)}"))
        else:
            rows.append(_row(one))
    return Comparison(results.environment, rows, failures)


def exit_status(found: Comparison) -> int:
    """0 where nothing is slower; what could not be measured comes before what is slower."""
    if found.failures:
        return UNMEASURED
    return SLOWER if any(row.against and row.against.verdict is Verdict.SLOWER for row in found.rows) else 0


def text(found: Comparison) -> str:
    """The table, in columns."""
    is_against = any(row.against for row in found.rows)
    header = [*_HEADER, *(_HEADER_AGAINST if is_against else ())]
    return _aligned([header, *(_cells(row) for row in found.rows)])


def busy(found: Comparison) -> list[str]:
    """The parts of which too few rounds were quiet, even after those that were repeated."""
    worst = {row.part: max(row.rest) for row in found.rows}
    return [f"{part}: others used {rest:.2f} CPUs" for part, rest in worst.items() if rest > NOISE_LIMIT]


def _row(one: Measurement) -> Row:
    return Row(
        part=one.scenario,
        what=one.what,
        unit=one.unit,
        samples=one.samples,
        ours=median(one.samples[OURS]),
        keepalived=one.median(KEEPALIVED),
        ratio=one.ratio,
        limit=one.target.value if one.target else None,
        is_met=one.is_met,
        against=_against(one.samples[OURS], one.samples[OTHER]) if OTHER in one.samples else None,
        rest=one.rest,
    )


def _against(ours: Sequence[float], other: Sequence[float]) -> Against:
    middle = median(other)
    return Against(
        other=middle,
        ratio=median(ours) / middle if middle else None,
        spread=spread(ours),
        other_spread=spread(other),
        noise=noise(ours, other),
        verdict=verdict(ours, other),
    )


def _cells(row: Row) -> list[str]:
    limit = "" if row.limit is None else f"≤ {row.limit:g}: {'met' if row.is_met else 'missed'}"
    cells = [
        f"{row.what}, {row.unit}" if row.unit else row.what,
        number(row.ours),
        "" if row.keepalived is None else number(row.keepalived),
        _ratio(row.ratio),
        limit,
    ]
    if row.against is not None:
        one = row.against
        spreads = [
            _percent(one.spread, row.ours),
            _percent(one.other_spread, one.other),
            _percent(one.noise, one.other),
        ]
        cells += [number(one.other), _ratio(one.ratio), *spreads, one.verdict]
    return cells


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _percent(value: float, of: float) -> str:
    if not math.isfinite(value):
        return ""
    return f"{value / abs(of):.0%}" if of else number(value)


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if index > 0 else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
