"""Puts a MASTER's addresses back when somebody else has taken or changed them: at once, and then not too often."""

from collections.abc import Callable
from typing import Final

from failover.engine.environment import EventLoop
from failover.vrrp import Instant, seconds

RESTORE_EVERY: Final = seconds(0.1)
"""How soon an address that somebody keeps removing is put back again."""


RETRY_EVERY: Final = seconds(1)
"""How soon what the kernel has refused is tried again."""


class AddressGuard:
    """Guards the addresses of one router."""

    def __init__(self, loop: EventLoop, restore: Callable[[Instant], None]) -> None:
        """`restore` is called when something is to be put back."""
        self._restore = restore
        self._not_before = Instant(0)
        self._alarm = loop.alarm(self._ring)

    def installed(self, now: Instant) -> None:
        """The addresses are being added: what is missing now may still come, IPv6 addresses later than others."""
        self._not_before = Instant(now + RESTORE_EVERY)

    def seen(self, now: Instant, *, complete: bool) -> None:
        """The interface has all of the addresses now, as they should be, or not: `complete`."""
        self._alarm.set(None if complete else max(now, self._not_before))

    def refused(self, now: Instant) -> None:
        """The kernel has not taken them all, and will not tell when it would."""
        self._alarm.set(Instant(now + RETRY_EVERY))

    def stop(self) -> None:
        """The router is MASTER no longer: put nothing back."""
        self._alarm.set(None)

    def retire(self) -> None:
        """The router is gone: forget who puts addresses back."""
        self._alarm.retire()
        self._restore = _nobody

    def _ring(self, now: Instant) -> None:
        self.installed(now)
        self._restore(now)


def _nobody(_: Instant) -> None:
    pass
