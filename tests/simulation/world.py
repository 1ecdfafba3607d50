"""Simulated time: one for all that is simulated. It passes only when nothing is left to do.

Whoever runs a world twice with the same seed and the same calls sees the same, to the nanosecond.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Final, Protocol

from failover.linux.clock import Clock
from failover.vrrp import Instant, seconds

_BEGINS: Final = Instant(1_000_000_000_000)
_WALL_AHEAD: Final = 1_800_000_000_000_000_000
"""Nanoseconds: how much more the wall clock says."""
_MOST_AT_ONCE: Final = 100_000
"""Steps that take no time. More of them, and something goes round in a circle."""


class Sleeper(Protocol):
    """What sleeps most of the time, and itself knows when it wakes up: a process."""

    def wakes_at(self) -> Instant | None:
        """When there is something to do for it, as things are; None: not before something happens to it."""

    def wake(self) -> None:
        """Do it."""


class World:
    """A time, what happens in it, and chance.

    Of what is to be done at the same instant, events come first, in the order in which they were asked for: what
    arrives at the instant of an alarm has arrived. Then sleepers wake up, in the order in which they came.
    """

    def __init__(self, seed: int = 0) -> None:
        self.now = _BEGINS
        self.seed = seed
        self.random = Random(seed)  # noqa: S311 - chance that can be repeated
        self.clock = Clock(lambda: self.now, lambda: self.now + _WALL_AHEAD)
        """That of every host: they keep the same time."""
        self._events: list[tuple[Instant, int, Callable[[], None]]] = []
        self._asked = 0
        self._sleepers: dict[Sleeper, None] = {}

    def at(self, instant: Instant, event: Callable[[], None]) -> None:
        """Have something happen then."""
        self._asked += 1
        heappush(self._events, (instant, self._asked, event))

    def admit(self, sleeper: Sleeper) -> None:
        """From now on it is woken when it wants to be."""
        self._sleepers[sleeper] = None

    def dismiss(self, sleeper: Sleeper) -> None:
        """It is never woken again."""
        self._sleepers.pop(sleeper, None)

    def run(self, until: Instant) -> None:
        """Let time pass, and do all that is to be done up to that instant, and in it."""
        self._run(until, lambda: False)
        self.now = until

    def run_for(self, duration: float) -> None:
        """The same for so many seconds from now."""
        self.run(Instant(self.now + seconds(duration)))

    def run_until(self, condition: Callable[[], object], within: float) -> None:
        """The same until the condition is met, and no step further. `TimeoutError` where it is not, within seconds."""
        if not self._run(Instant(self.now + seconds(within)), condition):
            raise TimeoutError(f"it did not come to that within {within} s (seed {self.seed})")

    def _run(self, until: Instant, condition: Callable[[], object]) -> bool:
        """Step by step, until the condition is met: whether it is."""
        steps, since = 0, self.now
        while not condition():
            at, step = self._next()
            if at is None or at > until:
                return False
            self.now = max(self.now, at)
            steps, since = (steps + 1, since) if self.now == since else (0, self.now)
            if steps > _MOST_AT_ONCE:
                raise RuntimeError(f"time stands still at {self.now} ns (seed {self.seed})")
            step()
        return True

    def _next(self) -> tuple[Instant | None, Callable[[], None]]:
        """What is to be done next, and when; None where nothing is."""
        first: Instant | None = None
        step = _nothing
        for sleeper in self._sleepers:
            at = sleeper.wakes_at()
            if at is not None and (first is None or at < first):
                first, step = at, sleeper.wake
        if self._events and (first is None or self._events[0][0] <= first):
            return self._events[0][0], self._happen
        return first, step

    def _happen(self) -> None:
        _, _, event = heappop(self._events)
        event()


def _nothing() -> None:
    pass
