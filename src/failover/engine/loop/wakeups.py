"""When the loop wakes up: how early for which alarm, by the timer or by the end of a nap, and how long at most.

An alarm with something to prewarm is met awake. Waking from a long sleep is 0.05 to 0.1 ms late, and what runs then
finds cold caches, another 0.1 ms: so the loop wakes up a little early, prewarms, and watches clock and sockets until it
is time. Measured, a BACKUP takes over 0.15 ms earlier for it. Only for alarms that seldom ring; and, where `beat_lead`
says so, for beats at short intervals, without anything to prewarm: it takes CPU, and only a real-time process gains.

To set the timer costs a tenth of a wake-up. So an alarm that seldom rings, for it is nearly always put off, does not
have it set until it is near: a nap, which counts milliseconds, leads there. For wake-ups at a regular beat the timer is
set once, and repeats.

Packets that wake nobody are read whenever the loop wakes up for another reason. Naps are short enough that these do not
outgrow the sockets.
"""

from collections.abc import Callable
from typing import Final

from failover.engine.loop.alarms import Alarm, AlarmQueue
from failover.linux.clock import Timer
from failover.vrrp import Instant

LEAD: Final = 300_000
"""Nanoseconds by which to be up before an alarm that has something to prewarm: nearly every wake-up is less late."""
FOR_EVER: Final = -1.0
_FAR: Final = 5_000_000
"""Nanoseconds: from so far away on such an alarm is approached by a nap."""
_APPROACH: Final = 2_000_000
"""Nanoseconds before the alarm to which that leads."""
_AGES: Final = 1 << 62
"""Nanoseconds."""
LONGEST_NAP: Final = 10.0
"""Seconds: a nap does not count while the host sleeps."""
_SHORTEST_PERIOD: Final = 1_000_000
"""Nanoseconds, between wake-ups that are left to a timer that repeats."""
ROOM: Final = 256
"""Packets that may gather unread: to read them takes a millisecond, and a socket has room for more."""


class Wakeups:
    """Decides for one loop when it wakes up."""

    def __init__(self, alarms: AlarmQueue, now: Callable[[], Instant]) -> None:
        self.armed: Instant | None = None
        """When the timer expires next."""
        self.nap = FOR_EVER
        """How long to sleep at most, in seconds, whatever the timer says."""
        self.beat_lead = 0
        """Nanoseconds by which to be up before an alarm that is to be met."""
        self._alarms = alarms
        self._now = now
        self._timer = Timer()
        self._period = 0
        """Nanoseconds after which the timer expires again, 0 where it does not."""
        self._last, self._gap = Instant(0), 0
        """When it expired last, or should have, and how long after that it was to expire then."""
        self._longest_nap = FOR_EVER
        self._horizon = _AGES
        """Nanoseconds from now beyond which there will be another look before anything rings."""
        self._silent: dict[int, float] = {}
        """Where packets may come without a wake-up, and how many a second."""

    def fileno(self) -> int:
        """The timer's descriptor: readable when it has expired."""
        return self._timer.fileno()

    def close(self) -> None:
        """Release the timer."""
        self._timer.close()

    # --- packets that wake nobody

    @property
    def has_silent_packets(self) -> bool:
        """Whether packets may come without a wake-up."""
        return bool(self._silent)

    def expect(self, wakeup: int, silent: float) -> None:
        """So many packets a second may come without waking us by `wakeup`: 0 for none."""
        self._silent.pop(wakeup, None)
        if silent:
            self._silent[wakeup] = silent
        total = sum(self._silent.values())
        self._longest_nap = min(ROOM / total, LONGEST_NAP) if total else FOR_EVER
        self._horizon = _FAR + int(self._longest_nap * 1e9) if total else _AGES

    # --- the next one

    def at_once(self) -> None:
        """Wake up again at once."""
        self.nap = self._longest_nap
        self._set(self._now())

    def in_time(self, lead: int) -> None:
        """Wake up in time for the next alarm; early, where it is to be met awake and `lead` is not 0 (nanoseconds)."""
        self.nap = self._longest_nap
        moment = self._now()
        at = self._wake_at(lead, moment)
        # Where a period was slept through, the timer goes on with a later one.
        if at != self.armed or (at is not None and at <= moment):
            self._set(at)

    def to_meet(self) -> tuple[Instant, Alarm] | None:
        """The next alarm and when it rings, if it is near enough to be met awake."""
        at = self._now()
        rings_at, alarm = self._alarms.upcoming(at, _FAR) or (at, None)
        if alarm is None or not at < rings_at <= at + self._lead(alarm):
            return None
        self.expired()  # it may have woken us, and would again
        return rings_at, alarm

    def expired(self) -> None:
        """The timer has expired, once or more often."""
        if self._timer.acknowledge() and self.armed is not None:
            self._last = self.armed
            self.armed = Instant(self.armed + self._period) if self._period else None

    def _lead(self, alarm: Alarm | None) -> int:
        if alarm is None or alarm.prewarm:
            return LEAD
        return self.beat_lead if alarm.is_met else 0

    def _wake_at(self, lead: int, moment: Instant) -> Instant | None:
        """When the timer is to expire next; None where it need not, at least not before the end of a nap."""
        upcoming = self._alarms.upcoming(moment, self._horizon)
        if upcoming is None:
            return None
        rings_at, alarm = upcoming
        if not lead:
            return rings_at
        away = rings_at - moment
        if away > _FAR and (alarm is None or alarm.prewarm or alarm.put_off):
            nap = min((away - _APPROACH) / 1e9, LONGEST_NAP)
            self.nap = nap if self.nap == FOR_EVER else min(nap, self.nap)
            return None
        return Instant(rings_at - self._lead(alarm))

    def _set(self, at: Instant | None) -> None:
        """Arm the timer, or disarm it."""
        self.armed, self._period = at, 0
        if at is None:
            self._timer.disarm()
            return
        gap = at - self._last
        if gap == self._gap > _SHORTEST_PERIOD:
            self._period = gap
        self._gap = gap
        self._timer.arm(at, self._period)
