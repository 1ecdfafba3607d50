"""Whether two programs differ, or only their rounds do. Arithmetic only.

*Spread* is the highest round minus the lowest. The *noise* of a comparison is the mean of both spreads times a factor
for the number of rounds, and at least `LEAST` of the other's median: less than that is nobody's concern, and where all
rounds agree to a thousandth, the length of a path would be a difference. Two programs are `same` where their medians
are no further apart than the noise, and also where the ranges of their rounds overlap.

The factors are those for which one comparison in a thousand of the same code would be called different, with rounds
that are normally distributed (by simulation: Lord's test, with medians for means). For rounds that are not, such as
takeovers of which one in three takes a third longer, it is the overlap that protects: that n rounds of the same code
lie all on one side of n others happens in 2 of C(2n, n) comparisons, whatever the distribution; with seven in one of
1700. With fewer than three rounds nothing is different.
"""

import math
from collections.abc import Sequence
from enum import StrEnum
from statistics import median
from typing import Final

LEAST: Final = 0.02
_FACTORS: Final = {3: 4.2, 4: 1.9, 5: 1.6, 6: 1.2}
_WITH_MORE: Final = 1.0
_FEWEST: Final = 3


class Verdict(StrEnum):
    """On ours, compared with the other; less is better."""

    SAME = "same"
    SLOWER = "slower"
    FASTER = "faster"


def spread(values: Sequence[float]) -> float:
    """From the lowest to the highest."""
    return max(values) - min(values)


def noise(ours: Sequence[float], other: Sequence[float]) -> float:
    """By how much the medians may differ without being different, in the unit of the values."""
    rounds = min(len(ours), len(other))
    if rounds < _FEWEST:
        return math.inf
    mean = (spread(ours) + spread(other)) / 2
    return max(_FACTORS.get(rounds, _WITH_MORE) * mean, LEAST * abs(median(other)))


def verdict(ours: Sequence[float], other: Sequence[float]) -> Verdict:
    """Of rounds, one at least of each."""
    difference = median(ours) - median(other)
    overlap = min(ours) <= max(other) and min(other) <= max(ours)
    if overlap or abs(difference) <= noise(ours, other):
        return Verdict.SAME
    return Verdict.SLOWER if difference > 0 else Verdict.FASTER
