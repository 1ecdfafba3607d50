"""A stranger on the LAN floods a MASTER with nonsense: it must stay MASTER, advertise on time, and stay cheap.

Each program has its own LAN. One kind of nonsense follows the other, each for a few seconds.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from benchmarks.arena import Arena, arena, specs
from benchmarks.machine import Rest, cpu_seconds
from benchmarks.nonsense import KINDS
from benchmarks.plan import Plan
from benchmarks.programs import ALL, Driver, engine_pid
from benchmarks.quantiles import spacings
from benchmarks.registry import Scenario
from benchmarks.results import FRR, Measurement, Target
from benchmarks.rounds import Round
from failover.lab.network.decode import Advert
from failover.lab.network.waiting import wait_until
from failover.lab.router import Router

INTERVAL: Final = 0.1
PRIORITY: Final = 100
RATES: Final = (50_000, 20, 2)
PERCENT: Final = 100
MILLI: Final = 1e6
LATE: Final = 2.0
"""Milliseconds: on time is not later than this."""


@dataclass(frozen=True)
class Outcome:
    """What a flood did to a MASTER."""

    lost: bool
    """Whether it stopped being MASTER, for however short."""
    late: float
    """Milliseconds by which the worst spacing of its advertisements exceeds the interval."""
    cpu: float
    """Percent of a CPU."""
    rate: float
    """Packets a second that the flooder managed."""
    rest: float


def _flood(made: Arena, router: Router, kind: str, rate: int, seconds: float) -> Outcome:
    frame = KINDS[kind](made.client, router.specs[0])
    command = [sys.executable, "-m", "benchmarks.flooder", made.client.interface, str(rate), str(seconds)]
    pid = engine_pid(router)
    with made.capture(only=made.one) as capture, Rest() as rest:
        wait_until(lambda: len(capture.adverts()) > 1, "the MASTER advertises", 30)
        began, used = time.monotonic(), cpu_seconds(pid)
        sent = int(made.client.run(command, stdin=frame.hex()).stdout)
        used, elapsed = cpu_seconds(pid) - used, time.monotonic() - began
        time.sleep(2 * INTERVAL)
        kept = router.is_master(router.specs[0])
    adverts = capture.adverts(vrid=router.specs[0].vrid)
    late = worst_lateness([advert.at for advert in adverts], time.time_ns())
    lost = not kept or late > router.specs[0].master_down_interval or any(_resigns(advert) for advert in adverts)
    return Outcome(lost, late / MILLI, used / elapsed * PERCENT, sent / seconds, rest.cpus)


def worst_lateness(times: list[int], now: int) -> float:
    """By how much the worst spacing exceeds the interval, in nanoseconds; the silence at the end counts."""
    return max(0, max(spacings([*times, max(now - round(INTERVAL * 1e9), times[-1])])) - INTERVAL * 1e9)


def _resigns(advert: Advert) -> bool:
    return advert.priority == 0


def _outcomes(driver: Driver, rate: int, kinds: Sequence[str], seconds: float) -> dict[str, Outcome]:
    with arena() as made:
        router = driver(made.one, *specs(1, INTERVAL, PRIORITY))
        router.start()
        found = {}
        for kind in kinds:
            wait_until(lambda: router.is_master(router.specs[0]), f"{driver.program} is MASTER", 30)
            found[kind] = _flood(made, router, kind, rate, seconds)
        return found


def floods(rate: int, kinds: Sequence[str], seconds: float, drivers: Sequence[Driver]) -> Round:
    """One of each kind for each program."""
    values: dict[str, dict[str, float]] = {}
    busiest = 0.0
    for driver in drivers:
        for kind, outcome in _outcomes(driver, rate, kinds, seconds).items():
            values.setdefault(f"lost {kind}", {})[driver.program] = float(outcome.lost)
            values.setdefault(f"late {kind}", {})[driver.program] = outcome.late
            values.setdefault(f"cpu {kind}", {})[driver.program] = outcome.cpu
            values.setdefault(f"rate {kind}", {})[driver.program] = outcome.rate
            busiest = max(busiest, outcome.rest)
    return Round(values, busiest)


def _run(rate: int, plan: Plan) -> Iterator[Measurement]:
    seconds = plan.pick(3.0, 2.0, 0.5)
    kinds = plan.pick(list(KINDS), list(KINDS), list(KINDS)[::3])
    rounds = plan.collect(lambda: floods(rate, kinds, seconds, ALL), full=1, quick=1)
    # At a low rate every program is idle: then its mastership counts, not its CPU.
    cheap = Target(ratio=0.5, against=FRR) if rate == RATES[0] else None
    lines = (
        ("lost", "masterships lost", "", Target(value=0)),
        ("late", "worst lateness of the MASTER's adverts", "ms", Target(value=LATE)),
        ("cpu", "CPU of the MASTER", "%", cheap),
    )
    for kind in kinds:
        managed = min(value for values in rounds.samples(f"rate {kind}").values() for value in values)
        slow = managed < rate * 0.9
        for key, what, unit, target in lines:
            yield Measurement(
                scenario=f"floods/{rate}",
                what=f"{what}, {rate} packets/s of: {kind}",
                unit=unit,
                samples=rounds.samples(f"{key} {kind}"),
                target=target,
                labels={"key": key, "kind": kind, "rate": rate},
                rest=rounds.rest,
                dropped=rounds.dropped,
                note=f"only {managed:.0f} packets/s" if slow else "",
            )


SCENARIOS: Final = tuple(Scenario(f"floods/{rate}", partial(_run, rate), is_smoked=rate == RATES[0]) for rate in RATES)
