"""How much is measured: everything, less of it, or just enough to see that it runs."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from benchmarks.machine import wait_for_calm
from benchmarks.rounds import NOISE_LIMIT, Round, Rounds, collect

T = TypeVar("T")


class Scale(Enum):
    """From numbers that may be published to none."""

    FULL = "full"
    QUICK = "quick"
    SMOKE = "smoke"


@dataclass(frozen=True)
class Pace:
    """How long to let routers settle, and how long to look at them then; in seconds."""

    office: float
    """Before anything is looked at."""
    beat: float
    """Two of these must be as they should; whole intervals, because adverts may come in bursts."""
    window: float


def hasty(interval: float) -> Pace:
    """Where it is enough that a MASTER is in office."""
    return Pace(0.0, max(interval, 0.3), 1.0)


def steady(interval: float, window: float) -> Pace:
    """Where nothing but advertisements may be in the window.

    Both programs announce their addresses again 5 s after they became MASTER.
    """
    return Pace(4 * interval + 5.2, 1.0, window)


@dataclass(frozen=True)
class Plan:
    """What the command line asks for."""

    scale: Scale
    rounds: int | None = None
    """None: as many as the scenario thinks right."""

    def pick(self, full: T, quick: T, smoke: T) -> T:
        """What fits the scale."""
        return {Scale.FULL: full, Scale.QUICK: quick, Scale.SMOKE: smoke}[self.scale]

    def pace(self, interval: float, full: float, quick: float) -> Pace:
        """That of a measurement in the steady state, with these windows."""
        return self.pick(steady(interval, full), steady(interval, quick), hasty(interval))

    def collect(self, once: Callable[[], Round], full: int = 5, quick: int = 3) -> Rounds:
        """Run the rounds."""
        wanted = self.rounds or self.pick(full, quick, 1)
        if self.scale is Scale.SMOKE:
            return collect(wanted, once, repeat=False)

        def calmly() -> Round:
            wait_for_calm(NOISE_LIMIT)
            return once()

        return collect(wanted, calmly)
