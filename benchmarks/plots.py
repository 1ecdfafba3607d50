"""The results as SVG: text stays text, and the same numbers give the same file.

python -m benchmarks.plots DIRECTORY    draws anew from DIRECTORY/results.json
"""

import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl
import msgspec
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.quantiles import PERCENTILES
from benchmarks.results import FRR, KEEPALIVED, OURS, Measurement, Results

COLOURS: Final = {OURS: "#0b6e4f", KEEPALIVED: "#c8553d", FRR: "#6c757d"}
_STYLE: Final = {
    "svg.fonttype": "none",
    "svg.hashsalt": "failover",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "path.simplify": True,
}

Plot = Callable[[Sequence[Measurement]], Figure | None]


def draw(results: Results, directory: Path) -> list[str]:
    """Write each plot for which there are numbers; the groups that have one."""
    drawn = []
    with mpl.rc_context(_STYLE):
        for name, plot in PLOTS.items():
            figure = plot([one for one in results.measurements if one.scenario.partition("/")[0] == name])
            if figure is not None:
                figure.savefig(directory / f"{name}.svg", metadata={"Date": None, "Creator": None})
                drawn.append(name)
    return drawn


def _panels(count: int, title: str) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(3.6 * count, 3.2), layout="constrained")
    figure.suptitle(title)
    return figure, [figure.add_subplot(1, count, index + 1) for index in range(count)]


def _failover(measurements: Sequence[Measurement]) -> Figure | None:
    """Bars at each interval: what a takeover costs beyond theory, step by step."""
    keys = {
        "excess": "detection beyond theory",
        "announced": "then to the first ARP",
        "answered": "to the first answer",
    }
    chosen = {key: [one for one in measurements if one.labels.get("key") == key] for key in keys}
    if not all(chosen.values()):
        return None
    figure, panels = _panels(len(keys), "After a crash, milliseconds")
    for axes, (key, title) in zip(panels, keys.items(), strict=True):
        _bars(axes, chosen[key], [f"{one.labels['interval']:g} s" for one in chosen[key]])
        axes.set_title(title)
    panels[0].set_xlabel("advertisement interval")
    panels[0].legend(frameon=False)
    return figure


def _cpu(measurements: Sequence[Measurement]) -> Figure | None:
    """Lines over the number of virtual routers at 0.1 s."""
    keys = ("sent", f"received from {OURS}", f"received from {KEEPALIVED}")
    at = [one for one in measurements if one.labels.get("interval") == 0.1]
    chosen = {key: [one for one in at if one.labels.get("key") == key] for key in keys}
    if not all(chosen.values()):
        return None
    figure, panels = _panels(len(keys), "CPU per advertisement at 0.1 s, microseconds")
    for axes, key in zip(panels, keys, strict=True):
        for program in (OURS, KEEPALIVED):
            _line(axes, chosen[key], program)
        axes.set_xscale("log")
        counts = sorted({int(one.labels["routers"]) for one in chosen[key]})
        axes.set_xticks(counts, [str(count) for count in counts], minor=False)
        axes.set_yscale("log")
        axes.minorticks_off()
        axes.set_title(key)
        axes.set_xlabel("virtual routers")
    panels[0].legend(frameon=False)
    return figure


def _spacing(measurements: Sequence[Measurement]) -> Figure | None:
    """The spacing at each percentile, under load, both intervals and both kinds of priority."""
    chosen = [one for one in measurements if one.distributions and one.labels.get("load") != "idle"]
    if not chosen:
        return None
    figure, panels = _panels(len(chosen), "Spacing of adverts beside two CPU hogs, milliseconds")
    for axes, one in zip(panels, chosen, strict=True):
        for program, values in one.distributions.items():
            axes.plot(PERCENTILES, values, color=COLOURS[program], label=program)
        priority = "real-time" if one.labels["realtime"] == "True" else "ordinary"
        axes.set_title(f"{one.labels['interval']:g} s, {priority}")
        axes.set_xlabel("percentile")
    panels[0].legend(frameon=False)
    return figure


def _addresses(measurements: Sequence[Measurement]) -> Figure | None:
    """Bars for each case: when the last address was there, and when it was announced."""
    keys = {"configured": "last address configured", "announced": "last address announced", "late": "others late by"}
    chosen = {key: [one for one in measurements if one.labels.get("key") == key] for key in keys}
    if not all(chosen.values()):
        return None
    figure, panels = _panels(len(keys), "A takeover of many at once, milliseconds")
    for axes, (key, title) in zip(panels, keys.items(), strict=True):
        names = [f"{one.labels['routers']:g} x {one.labels['addresses']:g}" for one in chosen[key]]
        _bars(axes, chosen[key], names)
        axes.set_title(title)
    panels[0].set_xlabel("virtual routers x addresses")
    panels[0].legend(frameon=False)
    return figure


def _memory(measurements: Sequence[Measurement]) -> Figure | None:
    """Memory over the number of virtual routers."""
    chosen = [one for one in measurements if one.labels.get("key") == "Pss"]
    if len(chosen) < 2:
        return None
    figure, (axes,) = _panels(1, "Memory of the engine (PSS), MB")
    for program in (OURS, KEEPALIVED):
        _line(axes, chosen, program)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("virtual routers")
    axes.legend(frameon=False)
    return figure


def _line(axes: Axes, measurements: Sequence[Measurement], program: str) -> None:
    """Medians over the number of virtual routers."""
    routers = [one.labels["routers"] for one in measurements]
    medians = [math.nan if (median := one.median(program)) is None else median for one in measurements]
    axes.plot(routers, medians, "o-", color=COLOURS[program], label=program)


def _bars(axes: Axes, measurements: Sequence[Measurement], names: Sequence[str]) -> None:
    programs = [program for program in COLOURS if any(program in one.samples for one in measurements)]
    width = 0.8 / len(programs)
    for offset, program in enumerate(programs):
        heights = [one.median(program) or 0 for one in measurements]
        places = [index + width * (offset - (len(programs) - 1) / 2) for index in range(len(measurements))]
        axes.bar(places, heights, width, color=COLOURS[program], label=program)
    axes.set_xticks(range(len(names)), names)
    axes.set_ylim(bottom=0)  # FRR's takeovers before theory would make the others too small to be seen


PLOTS: Final[dict[str, Plot]] = {
    "failover": _failover,
    "cpu": _cpu,
    "spacing": _spacing,
    "addresses": _addresses,
    "memory": _memory,
}
"""By the group of scenarios; the name of the file too."""


def main() -> None:
    """Draw again."""
    (directory,) = map(Path, sys.argv[1:])
    draw(msgspec.json.decode((directory / "results.json").read_bytes(), type=Results), directory)


if __name__ == "__main__":
    main()
