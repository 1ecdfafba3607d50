"""Time inside the protocol: integer nanoseconds, never bare seconds.

An `Instant` is a reading of one monotonic clock, an `Interval` the time between two of them. Advertisements carry
centiseconds (version 3) or seconds (version 2). Values are converted here and in the codec, nowhere else.
"""

from typing import NewType

Instant = NewType("Instant", int)
"""Nanoseconds on a monotonic clock. Its zero is arbitrary: only differences mean something."""

Interval = NewType("Interval", int)
"""A duration in nanoseconds."""

NANOSECONDS_PER_SECOND = 1_000_000_000
NANOSECONDS_PER_CENTISECOND = 10_000_000


def seconds(value: float) -> Interval:
    """`value` seconds, to the nearest nanosecond."""
    return Interval(round(value * NANOSECONDS_PER_SECOND))


def centiseconds(value: int) -> Interval:
    """`value` hundredths of a second, the unit of a version 3 advertisement (RFC 9568 §5.2.7)."""
    return Interval(value * NANOSECONDS_PER_CENTISECOND)


def to_seconds(interval: Interval) -> float:
    """The interval in seconds, for people and for JSON."""
    return interval / NANOSECONDS_PER_SECOND
