"""The results as Markdown."""

from collections.abc import Collection, Sequence
from itertools import groupby

from benchmarks.results import FRR, KEEPALIVED, OURS, Measurement, Results
from benchmarks.rounds import NOISE_LIMIT

HEADER = (
    "what",
    "target",
    "ours",
    "keepalived",
    "ratio",
    "met",
    "FRR",
    "other",
    "rounds",
    "rest of the machine",
    "note",
)
KNOWN = (OURS, KEEPALIVED, FRR)
PREFACE = f"""Medians of alternating rounds, with the lowest and the highest in brackets; less is better. *ratio* is
ours divided by keepalived's. The machine is shared with other work: *rest of the machine* is how many CPUs others used
in the rounds that count, median and highest. A round with more than {NOISE_LIMIT:g} is dropped and repeated, within
limits; *rounds* says how many counted and how many were dropped."""


def markdown(results: Results, plots: Collection[str] = ()) -> str:
    """The whole report; `plots` are the groups that have one beside it."""
    parts = ["# Measurements", PREFACE, _environment(results)]
    for group, those in groupby(results.measurements, key=lambda one: one.scenario.partition("/")[0]):
        measurements = list(those)
        parts.append(f"## {group}")
        if group in results.about:
            parts.append(results.about[group])
        if group in plots:
            parts.append(f"![{group}]({group}.svg)")
        parts.append(table(measurements))
        parts.append("\n".join(f"- {line}" for line in _taken(measurements)))
    if results.failures:
        listed = "\n".join(f"- {failure.scenario}: {failure.reason}" for failure in results.failures)
        parts += ["## Not measured", listed]
    return "\n\n".join(parts) + "\n"


def table(measurements: Sequence[Measurement]) -> str:
    """A line each; columns that say nothing are left out."""
    rows = [_row(one) for one in measurements]
    shown = [index for index in range(len(HEADER)) if index < 6 or any(row[index] for row in rows)]
    lines = [[line[index] for index in shown] for line in (HEADER, ["---"] * len(HEADER), *rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float) -> str:
    """Three digits that count."""
    if value == 0:
        return "0"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    text = f"{value:,.{digits}f}"
    return text if float(text.replace(",", "")) else f"{value:.1g}"


def _environment(results: Results) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in results.environment.items())


def _taken(measurements: Sequence[Measurement]) -> list[str]:
    """When each scenario of a group was measured; in one line where that is the same."""
    scenarios = {one.scenario: one.taken for one in measurements}
    if len({text.partition(",")[2] for text in scenarios.values()}) == 1:
        return [max(scenarios.values())]
    return [f"{scenario}: {text}" for scenario, text in scenarios.items()]


def _row(one: Measurement) -> list[str]:
    target = one.target.text(one.unit) if one.target else ""
    met = {None: "", True: "yes", False: "**no**"}[one.is_met]
    others = "; ".join(f"{name} {_cell(one, name)}" for name in one.samples if name not in KNOWN)
    return [
        f"{one.what}, {one.unit}" if one.unit else one.what,
        target,
        _cell(one, OURS),
        _cell(one, KEEPALIVED),
        "" if one.ratio is None else f"{one.ratio:.2f}",
        met,
        _cell(one, FRR),
        others,
        f"{max(map(len, one.samples.values()), default=0)}, {one.dropped} dropped",
        f"{number(sorted(one.rest)[len(one.rest) // 2])}, {number(max(one.rest))}" if one.rest else "",
        one.note,
    ]


def _cell(one: Measurement, program: str) -> str:
    middle = one.median(program)
    if middle is None:
        return ""
    values = one.samples[program]
    spread = f" ({number(min(values))} to {number(max(values))})" if len(values) > 1 else ""
    return number(middle) + spread
