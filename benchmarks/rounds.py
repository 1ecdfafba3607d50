"""Rounds: every program in turn, again and again; a round in which the rest of the machine was busy is repeated."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

NOISE_LIMIT: Final = 0.1
"""CPUs that the rest of the machine may use in a round."""
REPEATED_AT_MOST: Final = 2
"""Times the rounds that were asked for; after that the quietest count."""


@dataclass(frozen=True)
class Round:
    """All programs once."""

    values: Mapping[str, Mapping[str, float]]
    """What was measured, to program, to number."""
    rest: float
    """CPUs that the rest of the machine used, at worst."""
    lists: Mapping[str, Mapping[str, Sequence[float]]] = field(default_factory=dict)
    """What has a distribution, to program, to numbers."""


@dataclass(frozen=True)
class Rounds:
    """The rounds that count."""

    kept: Sequence[Round]
    dropped: int

    @property
    def rest(self) -> list[float]:
        """How busy the rest of the machine was in each."""
        return [round(one.rest, 4) for one in self.kept]

    def samples(self, what: str) -> dict[str, list[float]]:
        """The numbers of each program."""
        found: dict[str, list[float]] = {}
        for one in self.kept:
            for program, value in one.values.get(what, {}).items():
                found.setdefault(program, []).append(value)
        return found

    def pooled(self, what: str) -> dict[str, list[float]]:
        """The lists of each program, all rounds together."""
        found: dict[str, list[float]] = {}
        for one in self.kept:
            for program, values in one.lists.get(what, {}).items():
                found.setdefault(program, []).extend(values)
        return found


def goes_on(rest: Sequence[float], wanted: int) -> bool:
    """Whether another round is due: too few quiet ones so far, and not yet too many in all."""
    quiet = sum(noise <= NOISE_LIMIT for noise in rest)
    return quiet < wanted and len(rest) < wanted * (1 + REPEATED_AT_MOST)


def quietest(rest: Sequence[float], wanted: int) -> list[int]:
    """Which rounds count, in order: the quiet ones, and where they are too few the quietest of the others."""
    by_noise = sorted(range(len(rest)), key=lambda index: (rest[index] > NOISE_LIMIT, rest[index]))
    return sorted(by_noise[:wanted])


def collect(wanted: int, once: Callable[[], Round], *, repeat: bool = True) -> Rounds:
    """Measure until `wanted` rounds were quiet; without `repeat` take them as they come."""
    found: list[Round] = []
    while goes_on([one.rest for one in found], wanted) if repeat else len(found) < wanted:
        found.append(once())
        print(f"  round {len(found)}: the rest of the machine used {found[-1].rest:.2f} CPUs", file=sys.stderr)
    kept = [found[index] for index in quietest([one.rest for one in found], wanted)]
    return Rounds(kept, len(found) - len(kept))
