"""How evenly a MASTER advertises, on an idle machine and beside two processes that use all CPU.

What counts is how much each spacing differs from the configured interval, and whether the mean matches it.
"""

import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Final

from benchmarks.arena import Arena, arena, specs
from benchmarks.hogs import hogs
from benchmarks.machine import Rest
from benchmarks.plan import Pace, Plan
from benchmarks.programs import ALL_ORDINARY, BOTH, Driver
from benchmarks.quantiles import deviations, distribution, mean_error, quantile, spacings
from benchmarks.registry import Scenario
from benchmarks.results import Measurement, Target
from benchmarks.rounds import Round

ROUTERS: Final = 10
HOGS: Final = 2
MILLI: Final = 1e6
QUANTILES: Final = {"p50": 0.5, "p99": 0.99, "max": 1.0}


@dataclass(frozen=True)
class Case:
    """An interval in seconds, under a load, with real-time priority or without."""

    interval: float
    is_loaded: bool
    is_realtime: bool

    @property
    def name(self) -> str:
        """For the command line and the table."""
        load = "hogs" if self.is_loaded else "idle"
        return f"{self.interval:g}s-{load}-{'realtime' if self.is_realtime else 'ordinary'}"

    @property
    def drivers(self) -> tuple[Driver, ...]:
        """The programs, set so."""
        return BOTH if self.is_realtime else ALL_ORDINARY


CASES: Final = tuple(
    Case(interval, loaded, realtime)
    for interval in (0.1, 0.01)
    for loaded in (False, True)
    for realtime in (True, False)
)


def _times(made: Arena, driver: Driver, case: Case, pace: Pace) -> tuple[list[list[int]], float]:
    """When each virtual router advertised, and how busy the rest of the machine was."""
    router = driver(made.one, *specs(ROUTERS, case.interval))
    router.start()
    made.settle(made.one, ROUTERS / case.interval, pace)
    load = hogs(made.client, HOGS, pace.window + 10) if case.is_loaded else nullcontext()
    with load, Rest() as rest, made.capture() as capture:
        time.sleep(pace.window)
    adverts = capture.adverts(host="one")
    made.reboot(made.one)
    return [[one.at for one in adverts if one.vrid == vrid] for vrid in range(1, ROUTERS + 1)], rest.cpus


def _round(case: Case, pace: Pace) -> Round:
    values: dict[str, dict[str, float]] = {what: {} for what in (*QUANTILES, "mean")}
    lists: dict[str, list[float]] = {}
    interval = round(case.interval * 1e9)
    busiest = 0.0
    for driver in case.drivers:
        with arena() as made:
            times, rest = _times(made, driver, case, pace)
        off = [deviation / MILLI for each in times for deviation in deviations(each, interval)]
        for what, share in QUANTILES.items():
            values[what][driver.program] = quantile(off, share)
        values["mean"][driver.program] = max(mean_error(each, interval) for each in times)
        lists[driver.program] = [spacing / MILLI for each in times for spacing in spacings(each)]
        busiest = max(busiest, rest)
    return Round(values, busiest, {"spacing": lists})


def _run(case: Case, plan: Plan) -> Iterator[Measurement]:
    pace = plan.pace(case.interval, 12.0, 5.0)
    rounds = plan.collect(lambda: _round(case, pace), full=5 if case.is_loaded else 3, quick=1)
    load = f"{HOGS} hogs" if case.is_loaded else "idle"
    title = f"{case.interval:g} s, {load}, {'real-time' if case.is_realtime else 'ordinary'} priority"
    spacing = {program: distribution(values) for program, values in rounds.pooled("spacing").items()}

    def measurement(key: str, what: str, unit: str, target: Target | None) -> Measurement:
        return Measurement(
            scenario=f"spacing/{case.name}",
            what=f"{what}, {title}",
            unit=unit,
            samples=rounds.samples(key),
            target=target,
            labels={"key": key, "interval": case.interval, "load": load, "realtime": str(case.is_realtime)},
            rest=rounds.rest,
            dropped=rounds.dropped,
            distributions=spacing if key == "p99" else {},
        )

    for key in QUANTILES:
        target = Target(ratio=0.5) if key == "p99" and case.is_loaded else None
        yield measurement(key, f"spacing of adverts off the interval, {key}", "ms", target)
    yield measurement("mean", "mean spacing off the interval, worst router", "%", Target(value=0.01))


SCENARIOS: Final = tuple(
    Scenario(
        f"spacing/{case.name}", partial(_run, case), is_smoked=case == Case(0.01, is_loaded=True, is_realtime=True)
    )
    for case in CASES
)
