"""Failovers although nothing failed: many virtual routers at the shortest interval, on a machine without idle time."""

import time
from collections.abc import Iterable, Iterator
from typing import Final

from benchmarks.arena import Arena, arena, specs
from benchmarks.hogs import hogs
from benchmarks.machine import Rest
from benchmarks.plan import Plan, hasty
from benchmarks.programs import BOTH, Driver
from benchmarks.registry import Scenario
from benchmarks.results import Measurement, Target
from benchmarks.rounds import Round
from failover.lab.network.decode import Advert

ROUTERS: Final = 200
INTERVAL: Final = 0.01
HOGS: Final = 2
APART: Final = 10 * round(INTERVAL * 1e9)
"""Nanoseconds of silence after which a BACKUP's next advertisement is another failover."""


def failovers(adverts: Iterable[Advert]) -> int:
    """How often somebody who should be BACKUP became MASTER, from all that it has advertised."""
    last: dict[int, int] = {}
    count = 0
    for advert in adverts:
        count += advert.at - last.get(advert.vrid, -APART - 1) > APART
        last[advert.vrid] = advert.at
    return count


def _pair(made: Arena, driver: Driver, routers: int, seconds: float) -> tuple[float, float]:
    master = driver(made.one, *specs(routers, INTERVAL, 200))
    backup = driver(made.two, *specs(routers, INTERVAL, 100))
    backup.start()
    master.start()
    made.settle(made.one, routers / INTERVAL, hasty(INTERVAL))
    with hogs(made.client, HOGS, seconds + 10), Rest() as rest, made.capture(only=made.two) as capture:
        time.sleep(seconds)
    if capture.dropped:
        raise RuntimeError(f"{capture.dropped} frames of the BACKUP were not captured")
    return failovers(capture.adverts()), rest.cpus


def _round(routers: int, seconds: float) -> Round:
    counts: dict[str, float] = {}
    busiest = 0.0
    for driver in BOTH:
        with arena(routers) as made:
            counts[driver.program], rest = _pair(made, driver, routers, seconds)
        busiest = max(busiest, rest)
    return Round({"failovers": counts}, busiest)


def _run(plan: Plan) -> Iterator[Measurement]:
    seconds = plan.pick(60.0, 10.0, 1.0)
    routers = plan.pick(ROUTERS, ROUTERS, ROUTERS // 10)
    rounds = plan.collect(lambda: _round(routers, seconds), full=2, quick=1)
    yield Measurement(
        scenario="false-failovers",
        what=f"false failovers in {seconds:g} s, {routers} routers at {INTERVAL:g} s, {HOGS} hogs, real-time priority",
        unit="",
        samples=rounds.samples("failovers"),
        target=Target(value=0),
        rest=rounds.rest,
        dropped=rounds.dropped,
    )


SCENARIOS: Final = (Scenario("false-failovers", _run),)
