"""Watches over a MASTER that cannot send: for others it is gone, and after Master_Down_Interval one of them takes over.

By then it gives up its addresses, with a fault. It tries on, and the fault ends when something can be sent again.
"""

from collections.abc import Callable
from typing import Final, Protocol

from failover.engine.environment import EventLoop
from failover.linux.errors import reason
from failover.linux.faults import cannot_send
from failover.vrrp import Fault, Instant, VirtualRouter, seconds

_AGAIN_AFTER: Final = seconds(1)
"""How long after a failure it is tried again to send a trial, or an announcement."""


class Sender(Protocol):
    """What sends for the router that is watched over."""

    @property
    def router(self) -> VirtualRouter:
        """The router's parameters."""

    @property
    def interface(self) -> str:
        """The name of its interface."""

    def announce(self) -> None:
        """Announce all addresses."""

    def send_trial(self, done: Callable[[OSError | None], None]) -> None:
        """Send what has no effect where it arrives."""


class SendWatch:
    """Of one router. Costs nothing while all goes out."""

    def __init__(self, sender: Sender, loop: EventLoop, tell: Callable[[Fault | None, Instant], None]) -> None:
        """`tell` gets the fault, and None when it is over."""
        self._sender = sender
        self._tell = tell
        self._clock = loop.clock
        self._is_master = False
        self._alarm = loop.alarm(self._ring)
        self.fault: Fault | None = None
        """What keeps the router in INITIALIZE until a trial can be sent."""
        self._given_up_at: Instant | None = None
        """When others miss a MASTER, if nothing can be sent until then."""
        self._announce_at: Instant | None = None
        self._why = ""

    def failed(self, what: str, error: OSError, now: Instant) -> None:
        """Something could not be sent: an `advertisement` or an `announcement`."""
        if not self._is_master:
            return
        self._why = reason(error)
        if what == "announcement":
            self._announce_at = Instant(now + _AGAIN_AFTER)
        elif self._given_up_at is None:
            # Others count from the last one that went out, an interval ago.
            router = self._sender.router
            interval = router.advertisement_interval
            self._given_up_at = Instant(now + router.master_down_interval(interval) - interval)
        self._arm()

    def recovered(self, what: str, now: Instant) -> None:
        """Something can be sent again."""
        if not self._is_master:
            return
        if what == "announcement":
            self._announce_at = None
        else:
            # Somebody may have taken over and announced the addresses meanwhile.
            self._given_up_at, self._announce_at = None, now
        self._arm()

    def state_changed(self, *, is_master: bool) -> None:
        """The router became MASTER or ceased to be: what could not be sent before has no meaning any more."""
        self._is_master = is_master
        self._given_up_at = self._announce_at = None
        self._arm()

    def fault_with(self, fault: Fault | None) -> Fault | None:
        """What keeps the router from its work, where `fault` is what its interface has, or what this has told."""
        if fault is None:
            return self.fault
        if fault is not self.fault:
            self.forget()
        return fault

    def forget(self) -> None:
        """The router has another fault, or is stopped: there is nothing to try."""
        self.fault = None
        self._arm()

    def retire(self) -> None:
        """The router is gone: let go of whoever sent for it."""
        self.fault, self._is_master = None, False
        self._alarm.retire()
        del self._sender, self._tell

    def _arm(self, trial_at: Instant | None = None) -> None:
        due = [at for at in (trial_at, self._given_up_at, self._announce_at) if at is not None]
        self._alarm.set(min(due, default=None))

    def _ring(self, now: Instant) -> None:
        if self.fault is not None:
            self._sender.send_trial(self._tried)
        elif self._given_up_at is not None and now >= self._given_up_at:
            self.fault = cannot_send(self._sender.interface, self._why)
            self._tell(self.fault, now)
            self._arm(Instant(now + _AGAIN_AFTER))
        else:
            self._announce_at = None
            self._arm()
            self._sender.announce()

    def _tried(self, error: OSError | None) -> None:
        if self.fault is None:  # stopped, or another fault came meanwhile
            return
        now = self._clock.now()
        if error is not None:
            self._arm(Instant(now + _AGAIN_AFTER))
            return
        self.fault = None
        self._tell(None, now)
