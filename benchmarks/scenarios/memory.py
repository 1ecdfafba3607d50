"""Memory of the process that runs the protocol, over the number of virtual routers, all of them MASTER at 1 s.

With very many, also the CPU for each advertisement: does one cost more because there are others?
"""

import time
from collections.abc import Iterator
from functools import partial
from typing import Final

from benchmarks.arena import arena, specs
from benchmarks.machine import Rest, cpu_seconds, memory_megabytes
from benchmarks.plan import Pace, Plan
from benchmarks.programs import BOTH, Driver, engine_pid
from benchmarks.registry import Scenario
from benchmarks.results import Measurement, Target
from benchmarks.rounds import Round

INTERVAL: Final = 1.0
COUNTS: Final = (1, 250, 500, 1000, 2000, 10_000)
LIMITS: Final = {1: 20.0, 1000: 30.0}
MICRO: Final = 1e6
WHAT: Final = {
    "Pss": ("PSS of the engine", "MB"),
    "Rss": ("RSS of the engine", "MB"),
    "cpu": ("CPU per advert sent to nobody", "µs"),
}


def _measure(driver: Driver, count: int, pace: Pace) -> tuple[dict[str, float], float]:
    with arena(count) as made:
        router = driver(made.one, *specs(count, INTERVAL))
        router.start()
        made.settle(made.one, count / INTERVAL, pace)
        pid = engine_pid(router)
        with Rest() as rest:
            used, sent = cpu_seconds(pid), made.frames(made.one, "rx")
            time.sleep(pace.window)
            used, sent = cpu_seconds(pid) - used, made.frames(made.one, "rx") - sent
        return {
            "Pss": memory_megabytes(pid, "Pss"),
            "Rss": memory_megabytes(pid, "Rss"),
            "cpu": used / sent * MICRO,
        }, rest.cpus


def _round(count: int, pace: Pace) -> Round:
    values: dict[str, dict[str, float]] = {what: {} for what in WHAT}
    busiest = 0.0
    for driver in BOTH:
        found, rest = _measure(driver, count, pace)
        for what, value in found.items():
            values[what][driver.program] = value
        busiest = max(busiest, rest)
    return Round(values, busiest)


def _run(count: int, plan: Plan) -> Iterator[Measurement]:
    pace = plan.pace(INTERVAL, 5.0, 3.0)
    rounds = plan.collect(lambda: _round(count, pace), full=2, quick=1)
    for key, (what, unit) in WHAT.items():
        if key == "cpu" and count < 1000:
            continue
        yield Measurement(
            scenario=f"memory/{count}",
            what=f"{what}, {count} router{'' if count == 1 else 's'}",
            unit=unit,
            samples=rounds.samples(key),
            target=Target(value=LIMITS[count]) if key == "Pss" and count in LIMITS else None,
            labels={"key": key, "routers": count},
            rest=rounds.rest,
            dropped=rounds.dropped,
        )


SCENARIOS: Final = tuple(Scenario(f"memory/{count}", partial(_run, count), is_smoked=count == 250) for count in COUNTS)
