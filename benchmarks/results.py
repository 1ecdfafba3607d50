"""What a scenario hands to the report: measurements with their targets. Data and arithmetic only."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final

import msgspec

OURS: Final = "failover"
KEEPALIVED: Final = "keepalived"
FRR: Final = "frr"


class Target(msgspec.Struct, frozen=True, omit_defaults=True):
    """What ours is to reach; all that is given must hold."""

    ratio: float | None = None
    """Ours divided by `against` is at most this."""
    value: float | None = None
    """Ours is at most this, in the measurement's unit."""
    against: str = KEEPALIVED

    def text(self, unit: str) -> str:
        """For the table."""
        parts = []
        if self.ratio is not None:
            beside = "" if self.against == KEEPALIVED else f" of {self.against}"
            parts.append(f"ratio ≤ {self.ratio:g}{beside}")
        if self.value is not None:
            parts.append(f"≤ {self.value:g} {unit}".rstrip())
        return ", ".join(parts)

    def is_met(self, ours: float | None, other: float | None) -> bool | None:
        """Whether ours reaches it; None where that was not measured."""
        if ours is None or (self.ratio is not None and other is None):
            return None
        met = self.value is None or ours <= self.value
        if self.ratio is not None and other is not None:
            met = met and ours <= self.ratio * other
        return met


class Measurement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the report: the same thing measured of several programs, less is better."""

    scenario: str
    what: str
    unit: str
    samples: Mapping[str, list[float]]
    """Program to one number a round."""
    target: Target | None = None
    labels: Mapping[str, float | str] = {}
    """What was varied, for the plots."""
    rest: list[float] = []
    """How many CPUs the rest of the machine used, round by round."""
    dropped: int = 0
    """Rounds that were too noisy and were repeated."""
    distributions: Mapping[str, list[float]] = {}
    """Program to the values at `quantiles.PERCENTILES`, all rounds together."""
    note: str = ""
    taken: str = ""
    """When, and of which version."""

    def median(self, program: str) -> float | None:
        """The median over the rounds; None where the program was not measured."""
        values = self.samples.get(program)
        return median(values) if values else None

    @property
    def against(self) -> str:
        """The program that ours is compared with."""
        return self.target.against if self.target else KEEPALIVED

    @property
    def ratio(self) -> float | None:
        """Ours divided by the other's; None without either."""
        ours, other = self.median(OURS), self.median(self.against)
        return ours / other if ours is not None and other else None

    @property
    def is_met(self) -> bool | None:
        """Whether the target is; None without one, and where it was not measured."""
        return self.target.is_met(self.median(OURS), self.median(self.against)) if self.target else None


class Failure(msgspec.Struct, frozen=True):
    """A scenario that could not be measured, and why."""

    scenario: str
    reason: str


class Results(msgspec.Struct, frozen=True):
    """A whole run."""

    environment: Mapping[str, str]
    measurements: list[Measurement]
    failures: list[Failure] = []
    about: Mapping[str, str] = {}
    """Group of scenarios to what it measures and how."""


def merged(earlier: Results, later: Results, scenarios: Sequence[str]) -> Results:
    """The later results, and those earlier ones that were not measured again, in the order of the scenarios.

    `ValueError` where they do not belong together.
    """
    if earlier.environment != later.environment:
        raise ValueError(f"the results kept were measured elsewhere: {dict(earlier.environment)}")
    again = {one.scenario for one in later.measurements} | {one.scenario for one in later.failures}
    kept = [one for one in earlier.measurements if one.scenario not in again and one.scenario in scenarios]
    failures = [one for one in earlier.failures if one.scenario not in again and one.scenario in scenarios]
    together = sorted([*kept, *later.measurements], key=lambda one: scenarios.index(one.scenario))
    return Results(later.environment, together, [*failures, *later.failures], later.about)
