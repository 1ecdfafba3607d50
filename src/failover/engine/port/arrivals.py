"""When a packet arrived, on our own clock: the kernel notes it by the wall clock, which may be set at any moment."""

from collections.abc import Sequence
from typing import Final, cast

from failover.linux.clock import Clock
from failover.vrrp import Instant, seconds

_CLOCK_ERROR: Final = seconds(0.00005)
"""By which the wall clock may have moved against ours from one look to the next, besides a thousandth of the time."""


class Arrivals:
    """Turns arrival times of the wall clock into those of our own; one for a socket."""

    def __init__(self, clock: Clock) -> None:
        self._looked_at = clock.now()
        self._ahead = self._looked_at - clock.wall()

    def on_our_clock(self, arrived: Sequence[int], at: Instant, wall: int) -> list[Instant]:
        """When packets arrived that are read at `at`, when the wall clock said `wall`: since the look before.

        Where the wall clock was set meanwhile, nobody knows, and it was just now.
        """
        earliest, ahead = self._looked_at, at - wall
        moved, self._looked_at, self._ahead = abs(ahead - self._ahead), at, ahead
        if moved > _CLOCK_ERROR + (at - earliest) // 1000:
            return [at] * len(arrived)
        if arrived and earliest <= min(arrived) + ahead and max(arrived) + ahead <= at:
            # Nearly always, and in a fifth of the time.
            return cast(list[Instant], [stamp + ahead for stamp in arrived])
        return [Instant(min(max(stamp + ahead, earliest), at)) for stamp in arrived]
