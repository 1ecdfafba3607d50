"""A small runner for functions that take well under a millisecond: loops long enough to time, the median of several."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Effort:
    """How much time a number is worth."""

    sample_seconds: float
    samples: int


def timed(function: Callable[[], object], count: int) -> int:
    """Nanoseconds for so many calls, without the collector."""
    collects = gc.isenabled()
    gc.disable()
    try:
        began = time.perf_counter_ns()
        for _ in range(count):
            function()
        return time.perf_counter_ns() - began
    finally:
        if collects:
            gc.enable()


def calibrated(
    function: Callable[[], object], seconds: float, clock: Callable[[Callable[[], object], int], int] = timed
) -> int:
    """How often to call it so that all calls take at least that long."""
    count = 1
    while clock(function, count) < seconds * 1e9:
        count *= 2
    return count


def nanoseconds(function: Callable[[], object], effort: Effort) -> float:
    """The median time of one call; the loop's own is in it, some 20 ns."""
    count = calibrated(function, effort.sample_seconds)
    return median(timed(function, count) / count for _ in range(effort.samples))
