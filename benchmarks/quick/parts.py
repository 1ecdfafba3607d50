"""What is compared, and with how many rounds: the scenarios of the report, as short as they may be.

keepalived is at the other end of each pair, so that only the end that is measured differs.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Final, TypeVar

from benchmarks.arena import Arena, arena, specs
from benchmarks.machine import memory_megabytes
from benchmarks.plan import Pace, Plan, hasty
from benchmarks.programs import Driver, Keepalived, engine_pid, helper_pids
from benchmarks.quantiles import quantile
from benchmarks.registry import Scenario
from benchmarks.results import KEEPALIVED, Measurement, Target
from benchmarks.rounds import Round
from benchmarks.scenarios import addresses, cpu, floods, isolation, takeover
from failover.lab.router import Router

T = TypeVar("T")

LIMIT_MEGABYTES: Final = 20.0
"""Of the engine's and of the agent's PSS, with one virtual router."""
PEER: Final = Keepalived
_WITH_KEEPALIVED_ALONE: Final = 2
_FEWEST: Final = 3
"""Rounds, for a median that one bad round does not move."""
MILLI: Final = 1e6
OFFICE_SECONDS: Final = 1.2
"""By then a host has said twice that it is a member of the group.

The window ends before a MASTER announces its addresses again, 5 s after it came into office: so the wait is short.
"""
FLOOD_RATE: Final = 50_000
FLOODS: Final = {
    "bad checksum": "bad checksums",
    "lower priority from a stranger": "lower priorities",
}
"""The two kinds of nonsense that go different ways through the kernel's filter, and their names here."""


@dataclass(frozen=True)
class Line:
    """One ratio."""

    key: str
    what: str
    unit: str
    limit: float | None = None


@dataclass(frozen=True)
class Part:
    """Lines that are measured together."""

    name: str
    lines: Sequence[Line]
    rounds: int
    once: Callable[[Plan, Sequence[Driver]], Round]
    """All programs once, in this order."""
    is_smoked: bool = False
    """Whether the smoke form runs it: where this measures by itself, and no scenario of the report does it."""


def scenarios(programs: Sequence[Driver]) -> list[Scenario]:
    """All parts, to be run with these programs."""
    return [Scenario(part.name, partial(_run, part, programs), part.is_smoked) for part in PARTS]


def rotated(items: Sequence[T], turns: int) -> list[T]:
    """Another one first each time: to come first may be an advantage."""
    first = turns % len(items)
    return [*items[first:], *items[:first]]


def rounds_of(part: Part, programs: int) -> int:
    """How many rounds a part has: fewer beside keepalived alone, where no verdict is asked for."""
    return part.rounds if programs > _WITH_KEEPALIVED_ALONE else max(_FEWEST, part.rounds - 2)


def _run(part: Part, programs: Sequence[Driver], plan: Plan) -> Iterator[Measurement]:
    turns = count()
    quick = rounds_of(part, len(programs))
    rounds = plan.collect(lambda: part.once(plan, rotated(programs, next(turns))), quick=quick)
    for line in part.lines:
        yield Measurement(
            scenario=part.name,
            what=line.what,
            unit=line.unit,
            samples=rounds.samples(line.key),
            target=None if line.limit is None else Target(value=line.limit),
            rest=rounds.rest,
            dropped=rounds.dropped,
        )


class _Found:
    """A round in the making."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, float]] = {}
        self._rest = 0.0

    def add(self, key: str, driver: Driver, value: float, rest: float = 0.0) -> None:
        self._values.setdefault(key, {})[driver.program] = value
        self._rest = max(self._rest, rest)

    def round(self) -> Round:
        return Round(self._values, self._rest)


def _costs(case: cpu.Case, window: float, plan: Plan, drivers: Sequence[Driver]) -> Round:
    found = _Found()
    pace = Pace(OFFICE_SECONDS, 3 * case.interval, plan.pick(window, window, 0.5))
    for driver in drivers:
        with arena(case.routers) as made:
            backup = PEER(made.two, *specs(case.routers, case.interval, 100))
            master = driver(made.one, *specs(case.routers, case.interval, 200))
            backup.start()
            master.start()
            made.settle(made.one, case.rate, pace)
            cost = cpu.cost(made, master, backup, pace.window)
            found.add("sent", driver, cost.sent, cost.rest)
            if driver is PEER:
                _receive(made, master, case, pace, drivers, found)
            if case.routers == 1:
                _remember(driver, master, found)
    return found.round()


def _receive(made: Arena, master: Router, case: cpu.Case, pace: Pace, drivers: Sequence[Driver], found: _Found) -> None:
    """BACKUPs one after the other, of a MASTER that stays in office."""
    for driver in drivers:
        made.reboot(made.two)
        backup = driver(made.two, *specs(case.routers, case.interval, 100))
        backup.start()
        made.settle(made.one, case.rate, pace)
        cost = cpu.cost(made, master, backup, pace.window)
        found.add("received", driver, cost.received, cost.rest)


def _remember(driver: Driver, router: Router, found: _Found) -> None:
    for kind in ("Pss", "Rss"):
        found.add(f"engine {kind}", driver, memory_megabytes(engine_pid(router), kind))
        found.add(f"agent {kind}", driver, sum(memory_megabytes(pid, kind) for pid in helper_pids(router)))


def _lives(interval: float, _: Plan, drivers: Sequence[Driver]) -> Round:
    return takeover.lives(interval, drivers)


def _takeovers(_: Plan, drivers: Sequence[Driver]) -> Round:
    return addresses.takeovers(addresses.Case(1, 500), drivers)


def _floods(plan: Plan, drivers: Sequence[Driver]) -> Round:
    return floods.floods(FLOOD_RATE, list(FLOODS), plan.pick(2.0, 2.0, 0.5), drivers)


def _isolation(plan: Plan, drivers: Sequence[Driver]) -> Round:
    found = _Found()
    seconds = plan.pick(2.0, 2.0, 0.5)
    for driver in drivers:
        with arena() as made:
            router = driver(made.one, *specs(isolation.BEATING, isolation.INTERVAL))
            router.start()
            made.settle(made.one, isolation.BEATING / isolation.INTERVAL, hasty(isolation.INTERVAL))
            disturbances = {"stopped": isolation.stopped}
            if driver.program != KEEPALIVED:  # its child dies with the parent
                disturbances["killed"] = isolation.killed
            for key, disturb in disturbances.items():
                off, rest = isolation.deviations_during(made, seconds, disturb(made, router, seconds))
                found.add(key, driver, quantile(off, 0.99) / MILLI, rest)
    return found.round()


def _cpu_part(routers: int, window: float, rounds: int) -> Part:
    case = cpu.Case(routers, 0.1)
    title = f"{routers} router{'' if routers == 1 else 's'} at {case.interval:g} s"
    lines = [
        Line("sent", f"CPU per advert sent, {title}", "µs"),
        Line("received", f"CPU per advert received, {title}", "µs"),
    ]
    if routers == 1:
        lines += _MEMORY
    return Part(f"cpu/{case.name}", lines, rounds, partial(_costs, case, window), is_smoked=routers == 1)


_MEMORY: Final = [
    Line(
        f"{process} {kind}", f"{kind.upper()} of the {said}, 1 router", "MB", LIMIT_MEGABYTES if kind == "Pss" else None
    )
    for process, said in (("engine", "engine"), ("agent", "agent (keepalived: parent)"))
    for kind in ("Pss", "Rss")
]

PARTS: Final = (
    _cpu_part(1, 2.5, 7),
    _cpu_part(50, 2.0, 5),
    _cpu_part(200, 2.0, 5),
    Part(
        "failover",
        [
            Line("excess", "crash: takeover beyond the master-down interval, 0.1 s", "ms"),
            Line("stop", "stop: SIGTERM to the client served by the other, 0.1 s", "ms"),
        ],
        7,
        partial(_lives, 0.1),
    ),
    Part(
        "addresses",
        [
            Line("configured", "500 addresses: first advert to the last configured", "ms"),
            Line("announced", "500 addresses: first advert to the last announced", "ms"),
            Line("late", "500 addresses: worst lateness of other routers meanwhile", "ms"),
        ],
        7,
        _takeovers,
    ),
    Part(
        "floods",
        [
            Line(f"{key} {kind}", f"flood of {said}: {what}", unit)
            for kind, said in FLOODS.items()
            for key, what, unit in (
                ("lost", "masterships lost", ""),
                ("late", "worst lateness", "ms"),
                ("cpu", "CPU", "%"),
            )
        ],
        5,
        _floods,
    ),
    Part(
        "isolation",
        [
            Line("stopped", "spacing off 0.01 s, p99, 50 routers: agent (parent) stopped", "ms"),
            Line("killed", "spacing off 0.01 s, p99, 50 routers: agent killed", "ms"),
        ],
        5,
        _isolation,
        is_smoked=True,
    ),
)
