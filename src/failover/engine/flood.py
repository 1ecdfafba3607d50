"""What keeps a flood of nonsense out of this process, while an operator still reads of every kind of it.

In peace the kernel passes whatever has one of our VRIDs, and each packet that is refused here is counted and
explained. Once that has happened `ENOUGH` times within `PERIOD`, the kernel refuses what it can tell to be wrong by
itself, for as long. So a flood is counted as "at least", and 50 000 packets a second cost what 100 do.
"""

from collections.abc import Callable
from typing import Final

from failover.engine.loop import Loop
from failover.vrrp import Instant, seconds

PERIOD: Final = seconds(1)
ENOUGH: Final = 100
"""About two milliseconds' work. A router with a wrong setting, which is no flood, stays far below: all is counted."""


class Floodgate:
    """Counts for one socket; `narrow(True)` and `narrow(False)` set its filter, and may fail with `OSError`."""

    def __init__(self, loop: Loop, narrow: Callable[[bool], None]) -> None:
        self._narrow = narrow
        self._alarm = loop.alarm(self._open)
        self._count = 0
        self._since = Instant(0)
        self._is_narrow = False

    def refused(self, now: Instant) -> None:
        """One more packet came here in vain."""
        if now - self._since >= PERIOD:
            self._since, self._count = now, 0
        self._count += 1
        if self._count >= ENOUGH and not self._is_narrow:
            self._set(narrow=True, now=now)

    def _open(self, now: Instant) -> None:
        self._set(narrow=False, now=now)

    def _set(self, *, narrow: bool, now: Instant) -> None:
        try:
            self._narrow(narrow)
        except OSError:  # out of memory: as it was, until it is tried again
            narrow = self._is_narrow
        self._is_narrow, self._count, self._since = narrow, 0, now
        self._alarm.set(Instant(now + PERIOD) if narrow else None)

    def close(self) -> None:
        """Ring no more: the socket is closed."""
        self._alarm.set(None)
