"""What becomes of lists of numbers: pure functions, times in nanoseconds where not said otherwise."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import linear_regression
from typing import Final

PERCENTILES: Final = (*range(100), 99.5, 99.9, 100)
"""What a distribution is kept as."""


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values are, between neighbours in proportion."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    position = share * (len(ordered) - 1)
    low = int(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def distribution(values: Sequence[float]) -> list[float]:
    """The values at `PERCENTILES`."""
    return [quantile(values, percentile / 100) for percentile in PERCENTILES]


def spacings(times: Sequence[int]) -> list[int]:
    """From each time to the next."""
    return [two - one for one, two in pairwise(times)]


def deviations(times: Sequence[int], interval: int) -> list[int]:
    """By how much each spacing differs from the interval, either way."""
    return [abs(spacing - interval) for spacing in spacings(times)]


def mean_error(times: Sequence[int], interval: int) -> float:
    """By how many percent the mean spacing differs from the interval, either way.

    The mean is the slope of the line of least squares: one late time at either end would count for too much.
    """
    slope, _ = linear_regression(range(len(times)), [time - times[0] for time in times])
    return abs(slope / interval - 1) * 100
