"""When packets come so fast that it pays to let some gather before they are read, as drivers of network cards do.

A wake-up costs several times as much as a packet. In a rush, the first packet wakes the loop, and it reads a tick
later what has come by then; where every tick brings some, it does not even wait for the first.
"""

from typing import Final

from failover.vrrp import Instant, seconds

TICK_SECONDS: Final = 0.001
_CLOSE: Final = seconds(0.001)
"""Two looks at the sockets that are no farther apart might have been one."""
_MANY_LOOKS: Final = 4
"""So many of them, one close to the other, begin a rush; so does one that finds as many packets."""
_STEADY: Final = seconds(0.003)
"""Where packets were found in two looks no farther apart, the next tick will most likely bring some."""
_POOR_LOOKS: Final = 8
"""So many looks that find a single packet each end it."""


class Rush:
    """Whether there is one; told of each look at the sockets."""

    def __init__(self) -> None:
        self.is_on = False
        """Whether packets wait for a tick before they are read."""
        self.is_steady = False
        """Whether to look at each tick, not only after a packet has come."""
        self._last = Instant(0)
        self._streak = 0
        self._poor = 0

    def note(self, at: Instant, packets: int) -> None:
        """A look at `at` has found so many packets."""
        if packets == 0:
            self.is_steady = False
            return
        gap, self._last = at - self._last, at
        if self.is_on:
            self._poor = self._poor + 1 if packets == 1 else 0
            self.is_on = self._poor < _POOR_LOOKS
            self._streak = 0
        else:
            self._streak = self._streak + 1 if gap < _CLOSE else 1
            self.is_on = self._streak >= _MANY_LOOKS or packets >= _MANY_LOOKS
            self._poor = 0
        self.is_steady = self.is_on and gap < _STEADY
