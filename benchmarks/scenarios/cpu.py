"""CPU time for each advertisement sent and received, over the number of virtual routers and the interval.

Every pair of programs as MASTER and BACKUP: sending costs more if the receiver does more on arrival, because on
a veth cable the sender pays for the receiver's IP input. The main number is that of the process that runs the protocol.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from statistics import mean
from typing import Final

from benchmarks.arena import Arena, arena, specs
from benchmarks.machine import Rest, cpu_seconds
from benchmarks.plan import Pace, Plan
from benchmarks.programs import BOTH, Driver, engine_pid, helper_pids
from benchmarks.registry import Scenario
from benchmarks.results import KEEPALIVED, OURS, Measurement, Target
from benchmarks.rounds import Round
from failover.lab.router import Router

MICRO: Final = 1e6


@dataclass(frozen=True)
class Case:
    """So many virtual routers at an interval in seconds."""

    routers: int
    interval: float

    @property
    def name(self) -> str:
        """For the command line and the table."""
        return f"{self.routers}@{self.interval:g}s"

    @property
    def rate(self) -> float:
        """Advertisements a second."""
        return self.routers / self.interval


CASES: Final = (
    Case(1, 1.0),
    Case(1, 0.1),
    Case(50, 0.1),
    Case(200, 0.1),
    Case(200, 0.01),
    Case(1000, 1.0),
    Case(1000, 0.1),
)


@dataclass(frozen=True)
class Cost:
    """Of one MASTER and one BACKUP over a window."""

    sent: float
    """Microseconds of the MASTER's CPU for each advertisement."""
    received: float
    """Microseconds of the BACKUP's CPU for each."""
    sender_helper: float
    """Milliseconds of CPU a second, of the MASTER's other processes."""
    rest: float


def pair(made: Arena, master: Driver, backup: Driver, case: Case, pace: Pace) -> Cost:
    """Run both and measure them in the steady state."""
    sender = master(made.one, *specs(case.routers, case.interval, 200))
    receiver = backup(made.two, *specs(case.routers, case.interval, 100))
    receiver.start()
    sender.start()
    try:
        made.settle(made.one, case.rate, pace)
        return cost(made, sender, receiver, pace.window)
    finally:
        made.one.kill()
        made.two.kill()


def cost(made: Arena, sender: Router, receiver: Router, seconds: float) -> Cost:
    """Measure a MASTER on `one` and a BACKUP on `two` that have settled."""
    pids = engine_pid(sender), engine_pid(receiver)
    with Rest() as rest:
        began, silent = time.monotonic(), made.frames(made.two, "rx")
        before = {pid: cpu_seconds(pid) for pid in (*pids, *helper_pids(sender))}
        sent, received = made.frames(made.one, "rx"), made.frames(made.two, "tx")
        time.sleep(seconds)
        sent, received = made.frames(made.one, "rx") - sent, made.frames(made.two, "tx") - received
        used = [cpu_seconds(pid) - before[pid] for pid in pids]
        # A helper that came or went meanwhile does not count.
        helped = sum(cpu_seconds(pid) - before[pid] for pid in helper_pids(sender) if pid in before)
        elapsed = time.monotonic() - began
    if made.frames(made.two, "rx") - silent > 0.01 * received:
        raise RuntimeError("the BACKUP did not keep silent")
    return Cost(used[0] / sent * MICRO, used[1] / received * MICRO, helped / elapsed * 1000, rest.cpus)


def _round(case: Case, pace: Pace) -> Round:
    with arena(case.routers) as made:
        costs: dict[tuple[str, str], Cost] = {}
        for master in BOTH:
            for backup in BOTH:
                costs[master.program, backup.program] = pair(made, master, backup, case, pace)
                for host in (made.one, made.two):
                    made.reboot(host)
    names = [driver.program for driver in BOTH]
    values = {
        "sent": {name: mean(costs[name, other].sent for other in names) for name in names},
        "helper": {name: mean(costs[name, other].sender_helper for other in names) for name in names},
        **{f"received from {one}": {name: costs[one, name].received for name in names} for one in names},
    }
    return Round(values, max(cost.rest for cost in costs.values()))


def _run(case: Case, plan: Plan) -> Iterator[Measurement]:
    is_rare = case.rate < 5
    pace = plan.pace(case.interval, 15.0 if is_rare else 5.0, 10.0 if is_rare else 3.0)
    single = case.routers == 1
    rounds = plan.collect(lambda: _round(case, pace), full=7 if single else 3, quick=1)
    title = f"{case.routers} router{'' if single else 's'} at {case.interval:g} s"

    def measurement(key: str, what: str, unit: str, target: Target | None) -> Measurement:
        return Measurement(
            scenario=f"cpu/{case.name}",
            what=f"{what}, {title}",
            unit=unit,
            samples=rounds.samples(key),
            target=target,
            labels={"key": key, "routers": case.routers, "interval": case.interval},
            rest=rounds.rest,
            dropped=rounds.dropped,
        )

    yield measurement("sent", "CPU per advert sent", "µs", Target(ratio=2.0 if single else 0.6))
    for sender in (OURS, KEEPALIVED):
        key = f"received from {sender}"
        yield measurement(key, f"CPU per advert {key}", "µs", Target(ratio=4.0 if single else 1.0))
    yield measurement("helper", "CPU of the helper process (agent; parent) of the MASTER", "ms/s", None)


SCENARIOS: Final = tuple(
    Scenario(f"cpu/{case.name}", partial(_run, case), is_smoked=case == Case(50, 0.1)) for case in CASES
)
