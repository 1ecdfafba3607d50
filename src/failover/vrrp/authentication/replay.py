"""What was heard last of each sender, so that nothing is heard twice. A value: nothing here changes."""

from typing import Final, NamedTuple

from failover.vrrp.authentication.sequence import Sequence, ahead, span
from failover.vrrp.protocol import Address
from failover.vrrp.units import Interval

MOST_SENDERS: Final = 4
"""Remembered, as in keepalived: a group of routers has one MASTER, and a few for a moment."""


class Marks(NamedTuple):
    """The last number of each sender, who was heard last at the end."""

    heard: tuple[tuple[Address, Sequence], ...] = ()

    def of(self, source: Address) -> Sequence | None:
        """The number that was heard last of a sender."""
        return next((sequence for sender, sequence in self.heard if sender == source), None)

    def moved(self, source: Address, sequence: Sequence) -> "Marks":
        """The marks after an advertisement whose digest was right; of too many senders, the longest silent goes."""
        others = tuple(one for one in self.heard if one[0] != source)
        return Marks((*others, (source, sequence))[-MOST_SENDERS:])


NO_MARKS: Final = Marks()


def is_stale(sequence: Sequence, mark: Sequence | None, now: Sequence, window: Interval | None) -> bool:
    """Whether a number was heard before, or is older than what was heard.

    With a window, a mark outside it is forgotten: the clock here or there was set.
    """
    if mark is None or ahead(sequence, mark) > 0:
        return False
    return window is None or abs(ahead(mark, now)) <= span(window)


def is_in_time(sequence: Sequence, now: Sequence, window: Interval) -> bool:
    """Whether a number is of a moment inside the window around `now`."""
    return abs(ahead(sequence, now)) <= span(window)
