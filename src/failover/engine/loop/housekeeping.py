"""What is done every ten seconds or so: in a wake-up that happens anyway, where there is one.

To a host with one virtual router, it costs as much as half an advertisement, and once a minute as two.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from failover.engine.loop.alarms import Alarm
from failover.vrrp import Instant, seconds

PERIOD: Final = seconds(9.9)
"""Between two times: a little less than whole seconds, for wake-ups that come every second are never quite on time."""
_PATIENCE: Final = seconds(1.1)
"""How long to wait for a wake-up that happens anyway."""

Task = Callable[[Instant], None]


class Housekeeping:
    """The tasks of one loop."""

    def __init__(self, alarm: Callable[[Callable[[Instant], None]], Alarm]) -> None:
        self.due = Instant(0)
        """When they may be done next."""
        self._tasks: list[Task] = []
        self._alarm = alarm(self.do)

    def add(self, task: Task) -> None:
        """Do this too, from the next time on."""
        self._tasks.append(task)

    def remove(self, task: Task) -> None:
        """Do this task no more."""
        with suppress(ValueError):  # it was never added, where a start has failed
            self._tasks.remove(task)

    def do(self, now: Instant) -> None:
        """Do all tasks, and set the time for the next time."""
        self.due = Instant(now + PERIOD)
        self._alarm.set(Instant(self.due + _PATIENCE) if self._tasks else None)
        for task in tuple(self._tasks):
            task(now)
