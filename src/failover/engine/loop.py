"""The event loop: epoll for descriptors, one timerfd for all alarms. Nothing here knows VRRP.

What has arrived is always read before alarms ring: after a pause, the advertisements that wait in a socket must be
heard before a timer may conclude that there were none. The loop is itself a descriptor, so that another event loop
(asyncio's, for the library) can drive it.
"""

import select
from collections.abc import Callable
from typing import Final

from failover.engine.lateness import Lateness
from failover.engine.timers import Alarm, AlarmQueue
from failover.linux.timer import Timer, now
from failover.vrrp import Instant

_LEAD: Final = 300_000
"""Nanoseconds that `wait` is up before an alarm with a rehearsal: longer than nearly every wake-up is late."""


class Loop:
    """Calls back when a descriptor is readable and when an alarm is due.

    An alarm with a rehearsal is met awake. Waking from a long sleep is 0.05 to 0.1 ms late, and what runs then finds
    cold caches, another 0.1 ms: `wait` wakes up a little early, rehearses, and watches clock and sockets until it is
    time. Measured, a BACKUP takes over 0.15 ms earlier for it. Only for alarms that seldom ring.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._timer = Timer()
        self.lateness = Lateness(now())
        """Of the alarms; whoever reads it turns its pages."""
        self._alarms = AlarmQueue(self.lateness.note)
        self._armed: Instant | None = None
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._epoll.register(self._timer.fileno(), select.EPOLLIN)

    def fileno(self) -> int:
        """Readable when `dispatch` has something to do."""
        return self._epoll.fileno()

    def watch(self, descriptor: int, callback: Callable[[], None]) -> None:
        """Call back while the descriptor is readable."""
        self._epoll.register(descriptor, select.EPOLLIN)
        self._callbacks[descriptor] = callback

    def forget(self, descriptor: int) -> None:
        """Stop watching, before the descriptor is closed."""
        del self._callbacks[descriptor]
        self._epoll.unregister(descriptor)

    def alarm(self, callback: Callable[[Instant], None]) -> Alarm:
        """A new alarm of this loop."""
        return self._alarms.alarm(callback)

    def wait(self) -> None:
        """Sleep until there is something to do, then do it."""
        self._arm(_LEAD)
        self._epoll.poll(-1, 1)
        self._meet()
        self._round()

    def dispatch(self) -> None:
        """Do what there is to do, without sleeping."""
        self._round()
        self._arm(0)

    def _meet(self) -> None:
        """Stay awake until the next alarm rings or something arrives, if that alarm is near and worth it."""
        at = now()
        alarm = self._alarms.imminent(Instant(at + _LEAD))
        if alarm is None or alarm.at is None or alarm.rehearse is None or alarm.at <= at:
            return
        alarm.rehearse(alarm.at)
        self._quiet_timer()
        while now() < alarm.at and not self._epoll.poll(0, 1):
            pass

    def _quiet_timer(self) -> None:
        self._timer.acknowledge()
        self._armed = None

    def _round(self) -> None:
        timer = self._timer.fileno()
        # Only alarms that were due before this look at the sockets: if the process is stopped between the look and
        # the alarms, what arrives meanwhile is read in the next round, before an alarm that has become due since.
        looked_at = now()
        for descriptor, _ in self._epoll.poll(0, len(self._callbacks) + 1):
            if descriptor == timer:
                self._quiet_timer()
                continue
            callback = self._callbacks.get(descriptor)
            if callback is not None:  # an earlier callback of this round may have forgotten it
                callback()
        self._alarms.ring(looked_at, now())

    def _arm(self, lead: int) -> None:
        at = self._alarms.wake_at(lead)
        if at == self._armed:
            return
        self._armed = at
        if at is None:
            self._timer.disarm()
        else:
            self._timer.arm(at)

    def close(self) -> None:
        """Release the loop's own descriptors."""
        self._timer.close()
        self._epoll.close()
