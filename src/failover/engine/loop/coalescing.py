"""When bells ring so fast that it pays to let packets gather before they are read, as drivers of network cards do.

A wake-up costs a hundred times as much as a packet. In a rush, the first ring wakes the loop, and it reads a tick
later what has come by then; where every tick brings some, it does not even wait for the first.
"""

from typing import Final

from failover.vrrp import Instant, seconds

TICK_SECONDS: Final = 0.001
_CLOSE: Final = seconds(0.001)
"""Two looks that are no farther apart might have been one."""
_MANY_LOOKS: Final = 4
"""So many of them, one close to the other, begin a rush; so does one that finds as many rings."""
_STEADY: Final = seconds(0.003)
"""Where bells rang in two looks no farther apart, the next tick will most likely bring some."""
_POOR_LOOKS: Final = 8
"""So many looks that find a single ring each end it."""


class Coalescing:
    """Whether there is one; told of each look at the bells."""

    def __init__(self) -> None:
        self.is_on = False
        """Whether packets wait for a tick before they are read."""
        self.is_steady = False
        """Whether to look at each tick, not only after a ring."""
        self._last = Instant(0)
        self._streak = 0
        self._poor = 0

    def note(self, at: Instant, rings: int) -> None:
        """A look at `at` has found so many rings, or as many as a bell can count."""
        if rings == 0:
            self.is_steady = False
            return
        gap, self._last = at - self._last, at
        if self.is_on:
            self._poor = self._poor + 1 if rings == 1 else 0
            self.is_on = self._poor < _POOR_LOOKS
            self._streak = 0
        else:
            self._streak = self._streak + 1 if gap < _CLOSE else 1
            self.is_on = self._streak >= _MANY_LOOKS or rings >= _MANY_LOOKS
            self._poor = 0
        self.is_steady = self.is_on and gap < _STEADY
