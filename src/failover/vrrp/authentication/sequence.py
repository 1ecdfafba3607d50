"""The sequence of authenticated advertisements: 64 bits that grow with each one that a sender sends.

The upper 32 bits are seconds of UTC, the next 16 a binary fraction of a second, the last 16 count where the clock has
not gone on. Numbers are compared as serial numbers (RFC 1982): of two, the one is newer that is less than half of all
numbers ahead.
"""

from typing import Final, NewType

from failover.vrrp.units import NANOSECONDS_PER_SECOND, Interval

Sequence = NewType("Sequence", int)
"""0 to 2**64 - 1."""

_ALL: Final = 1 << 64
_HALF: Final = 1 << 63
SECOND: Final = 1 << 32
"""How many numbers there are in a second."""
_COUNTER_BITS: Final = 16


def at(wall: int) -> Sequence:
    """The first number of a moment: `wall` is in nanoseconds of the wall clock since 1970."""
    count = wall * SECOND // NANOSECONDS_PER_SECOND
    return Sequence((count >> _COUNTER_BITS << _COUNTER_BITS) % _ALL)


def ahead(one: Sequence, other: Sequence) -> int:
    """How far one number is ahead of another: -2**63 to 2**63 - 1, where 2**32 is a second."""
    return (one - other + _HALF) % _ALL - _HALF


def span(interval: Interval) -> int:
    """How many numbers there are in a time."""
    return interval * SECOND // NANOSECONDS_PER_SECOND


def following(last: Sequence | None, now: Sequence, window: Interval | None) -> Sequence:
    """The number to send at `now` after `last`.

    With a window, a number that the clock has left behind by more than that is given up, for it would be refused: the
    clock was set back. Without one, numbers never go back.
    """
    if last is None or ahead(now, last) > 0:
        return now
    if window is not None and ahead(last, now) > span(window):
        return now
    return Sequence((last + 1) % _ALL)
