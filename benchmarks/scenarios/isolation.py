"""Whether anything that happens to the agent delays the engine: the spacing of adverts with and without."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Final

from benchmarks.arena import Arena, arena, specs
from benchmarks.machine import Rest
from benchmarks.plan import Pace, Plan
from benchmarks.programs import Ours, helper_pids
from benchmarks.quantiles import deviations, quantile
from benchmarks.registry import Scenario
from benchmarks.results import OURS, Measurement, Target
from benchmarks.rounds import Round
from failover.lab.network.waiting import wait_until
from failover.lab.router import Router

BEATING: Final = 50
"""Virtual routers whose spacing is measured."""
INTERVAL: Final = 0.01
SLOW_INTERVAL: Final = 1.0
UNDISTURBED: Final = "undisturbed"
TOLERATED: Final = 1.5
"""The ratio that two undisturbed runs can differ by."""
MILLI: Final = 1e6
QUANTILES: Final = {"p99": 0.99, "max": 1.0}

Disturbance = Callable[[Arena, Ours, float], AbstractContextManager[None]]


@contextmanager
def stopped(_made: Arena, router: Router, _seconds: float) -> Iterator[None]:
    """The agent stands still meanwhile; of keepalived, the parent."""
    agents = helper_pids(router)
    for pid in agents:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in agents:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def killed(_made: Arena, router: Router, _seconds: float) -> Iterator[None]:
    """The agent dies, and another is started."""
    for pid in helper_pids(router):
        os.kill(pid, signal.SIGKILL)
    yield
    wait_until(lambda: helper_pids(router), "another agent runs", 30)


@contextmanager
def _pestered(made: Arena, router: Ours, seconds: float) -> Iterator[None]:
    control = router.runtime_directory / "control.sock"
    command = [sys.executable, "-m", "benchmarks.pester", str(control), str(seconds)]
    client = made.client.popen(command, output=subprocess.PIPE)
    yield
    said, _ = client.communicate(timeout=30)
    if int(said) < 1:
        raise RuntimeError("the daemon did not answer once")


@dataclass(frozen=True)
class Case:
    """What is done to the agent of a daemon with so many virtual routers."""

    name: str
    title: str
    routers: int
    disturb: Disturbance


CASES: Final = (
    Case("agent-stopped", "agent stopped", BEATING, stopped),
    Case("agent-killed", "agent killed", BEATING, killed),
    Case("api-flooded", "API flooded", BEATING, _pestered),
    Case("large-status", "status of 1000 routers in a loop", 1000, _pestered),
)


def deviations_during(
    made: Arena, seconds: float, disturbance: AbstractContextManager[None]
) -> tuple[list[int], float]:
    """By how much spacings differ from the interval, and how busy the rest of the machine was."""
    with made.capture(only=made.one) as capture, Rest() as rest, disturbance:
        time.sleep(seconds)
    if capture.dropped:
        raise RuntimeError(f"{capture.dropped} frames were not captured")
    beats: dict[int, list[int]] = {vrid: [] for vrid in range(1, BEATING + 1)}
    for advert in capture.adverts():
        if advert.vrid in beats:
            beats[advert.vrid].append(advert.at)
    return [off for times in beats.values() for off in deviations(times, round(INTERVAL * 1e9))], rest.cpus


def _round(case: Case, pace: Pace) -> Round:
    slow = specs(case.routers, SLOW_INTERVAL)[BEATING:]
    with arena(case.routers) as made:
        router = Ours(made.one, *specs(BEATING, INTERVAL), *slow)
        router.start()
        made.settle(made.one, BEATING / INTERVAL + len(slow) / SLOW_INTERVAL, pace)
        plain, before = deviations_during(made, pace.window, nullcontext())
        disturbed, meanwhile = deviations_during(made, pace.window, case.disturb(made, router, pace.window))
    values = {
        what: {OURS: quantile(disturbed, share) / MILLI, UNDISTURBED: quantile(plain, share) / MILLI}
        for what, share in QUANTILES.items()
    }
    return Round(values, max(before, meanwhile))


def _run(case: Case, plan: Plan) -> Iterator[Measurement]:
    pace = plan.pace(SLOW_INTERVAL if case.routers > BEATING else INTERVAL, 5.0, 3.0)
    rounds = plan.collect(lambda: _round(case, pace), full=7, quick=1)
    for key in QUANTILES:
        yield Measurement(
            scenario=f"isolation/{case.name}",
            what=f"spacing off {INTERVAL:g} s, {key}, {BEATING} routers: {case.title}",
            unit="ms",
            samples=rounds.samples(key),
            target=Target(ratio=TOLERATED, against=UNDISTURBED) if key == "p99" else None,
            labels={"key": key, "case": case.name},
            rest=rounds.rest,
            dropped=rounds.dropped,
        )


SCENARIOS: Final = tuple(
    Scenario(
        f"isolation/{case.name}",
        partial(_run, case),
        is_smoked=case.disturb is not stopped and case.routers == BEATING,
    )
    for case in CASES
)
