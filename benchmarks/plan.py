"""How much is measured: everything, less of it, or just enough to see that it runs."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from benchmarks.rounds import Round, Rounds, collect

T = TypeVar("T")


class Scale(Enum):
    """From numbers that may be published to none."""

    FULL = "full"
    QUICK = "quick"
    SMOKE = "smoke"


@dataclass(frozen=True)
class Plan:
    """What the command line asks for."""

    scale: Scale
    rounds: int | None = None
    """None: as many as the scenario thinks right."""

    def pick(self, full: T, quick: T, smoke: T) -> T:
        """What fits the scale."""
        return {Scale.FULL: full, Scale.QUICK: quick, Scale.SMOKE: smoke}[self.scale]

    def collect(self, once: Callable[[], Round], full: int = 5, quick: int = 3) -> Rounds:
        """Run the rounds."""
        wanted = self.rounds or self.pick(full, quick, 1)
        return collect(wanted, once, repeat=self.scale is not Scale.SMOKE)
