"""The event loop: epoll for descriptors, one timerfd for all alarms. Nothing here knows VRRP.

What has arrived is always read before anything else is done: after a pause, the advertisements that wait in a socket
must be heard before a timer may conclude that there were none. The loop is itself a descriptor, so that another event
loop (asyncio's, for the library) can drive it.
"""

import select
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from failover.engine.loop.alarms import Alarm, AlarmQueue
from failover.engine.loop.coalescing import TICK_SECONDS, Coalescing
from failover.engine.loop.housekeeping import Housekeeping
from failover.engine.loop.lateness import Lateness
from failover.linux.clock import SYSTEM, Clock, Timer
from failover.vrrp import Instant

_LEAD: Final = 300_000
"""Nanoseconds that `wait` is up before an alarm with a rehearsal: longer than nearly every wake-up is late."""
_FAR: Final = 5_000_000
"""Nanoseconds: from so far away on such an alarm is approached by epoll's own timeout, which counts milliseconds."""
_APPROACH: Final = 2_000_000
"""Where that leads to, before the alarm."""
_FOR_EVER: Final = -1.0
_AGES: Final = 1 << 62
"""Nanoseconds."""
_LONGEST_NAP: Final = 10.0
"""Seconds: that timeout does not count while the host sleeps."""
_SHORTEST_PERIOD: Final = 1_000_000
"""Nanoseconds, between wake-ups that are left to a timer that repeats."""
_ROOM: Final = 256
"""Packets that may gather unheard: to read them takes a millisecond, and a socket has room for more."""


class _Ear(NamedTuple):
    """Of one socket."""

    mail: int
    """The socket itself."""
    acknowledge: Callable[[], int]
    read: Callable[[], None]


class Loop:
    """Calls back when a descriptor is readable and when an alarm is due.

    An alarm with a rehearsal is met awake. Waking from a long sleep is 0.05 to 0.1 ms late, and what runs then finds
    cold caches, another 0.1 ms: `wait` wakes up a little early, rehearses, and watches clock and sockets until it is
    time. Measured, a BACKUP takes over 0.15 ms earlier for it. Only for alarms that seldom ring; and, where `beat_lead`
    says so, for beats at short intervals, without a rehearsal: it takes CPU, and only a real-time process gains by it.

    To set the timer costs a tenth of a wake-up. So an alarm that seldom rings, for it is nearly always put off, does
    not have it set until it is near; and for wake-ups at a regular beat it is set once.

    Packets are not watched, but the bells of their sockets. What comes without a ring waits until something else wakes
    the loop, which then reads it first. In a rush of rings `wait` lets a millisecond's worth of packets come together
    (`coalescing`).
    """

    def __init__(self, clock: Clock = SYSTEM) -> None:
        self.clock = clock
        self._now = clock.now
        self._epoll = select.epoll()
        self._prompt = select.epoll()
        """Everything but bells."""
        self._mail = select.epoll()
        """The sockets that packets wait in."""
        self._timer = Timer()
        self._expired = (self._timer.fileno(), select.EPOLLIN)
        """What epoll finds then."""
        self.lateness = Lateness(self._now())
        """Of the alarms; whoever reads it turns its pages."""
        self._alarms = AlarmQueue(self.lateness.note, clock.now)
        self.alarm = self._alarms.alarm
        """A new alarm of this loop."""
        self._armed: Instant | None = None
        """When the timer expires next."""
        self._period = 0
        """Nanoseconds after which it does so again, 0 where it does not."""
        self._last, self._gap = Instant(0), 0
        """When it expired last, or should have, and how long after that it was to expire then."""
        self._longest_nap = self._nap = _FOR_EVER
        """How long epoll may sleep for all that, in seconds: at most, and now."""
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._ears: dict[int, _Ear] = {}
        """By bell."""
        self._readers: dict[int, Callable[[], None]] = {}
        """By the socket of the packets."""
        self._horizon = _AGES
        """Nanoseconds from now beyond which there will be another look before anything rings."""
        self._unheard: dict[int, float] = {}
        """Where packets may come without a ring, and how many a second."""
        self._most = 1
        """Descriptors, with the timer's."""
        self.beat_lead = 0
        """Nanoseconds that `wait` is up before an alarm that is to be met."""
        self.coalescing = Coalescing()
        self.housekeeping = Housekeeping(self.alarm)
        self.after_round: Callable[[bool], bool] = _nothing
        """Called at the end of each round, told whether alarms wait for the next; True asks for that one at once."""
        self.is_busy = False
        """Whether the next round follows at once."""
        for epoll in (self._epoll, self._prompt):
            epoll.register(self._timer.fileno(), select.EPOLLIN)

    def fileno(self) -> int:
        """Readable when `dispatch` has something to do."""
        return self._epoll.fileno()

    def watch(self, descriptor: int, callback: Callable[[], None]) -> None:
        """Call back while the descriptor is readable."""
        self._epoll.register(descriptor, select.EPOLLIN)
        self._prompt.register(descriptor, select.EPOLLIN)
        self._callbacks[descriptor] = callback
        self._most += 1

    def listen(self, wakeup: int, mail: int, acknowledge: Callable[[], int], read: Callable[[], None]) -> None:
        """Read the packets that wait in `mail` where a bell has rung, in a rush a little later.

        `acknowledge` ends the ringing, and says how much of it there was; `read` reads everything that has arrived.
        """
        self._epoll.register(wakeup, select.EPOLLIN)
        self._mail.register(mail, select.EPOLLIN)
        self._ears[wakeup] = _Ear(mail, acknowledge, read)
        self._readers[mail] = read
        self._most += 1

    def expect(self, wakeup: int, unrung: float) -> None:
        """So many packets a second may come without a ring: read in every round, and often enough."""
        self._unheard.pop(wakeup, None)
        if unrung:
            self._unheard[wakeup] = unrung
        total = sum(self._unheard.values())
        self._longest_nap = min(_ROOM / total, _LONGEST_NAP) if total else _FOR_EVER
        self._horizon = _FAR + int(self._longest_nap * 1e9) if total else _AGES

    def forget(self, descriptor: int) -> None:
        """Stop watching, before the descriptor is closed; a bell's socket as well."""
        self._most -= 1
        self._epoll.unregister(descriptor)
        if ear := self._ears.pop(descriptor, None):
            self._mail.unregister(ear.mail)
            del self._readers[ear.mail]
            self.expect(descriptor, 0)
        else:
            self._prompt.unregister(descriptor)
            del self._callbacks[descriptor]

    def wait(self) -> None:
        """Sleep until there is something to do, then do it."""
        if self.is_busy:
            self._look()
            return
        self._arm(_LEAD)
        armed = self._armed
        found = self._sleep()
        if armed is not None and self._expired in found and self._alarms.may_ring_before(Instant(armed + 1)):
            # What has rung was looked at when this alarm was due, or later: no need to look again.
            self._round(found, armed)
            return
        at = self._now()
        if self._unheard and not found:
            self._look()  # what waits has most likely postponed the alarm that is near
        elif not found or self._alarms.may_ring_before(Instant(at + _LEAD)):
            self._meet()
            self._look()
        else:
            self._round(found, at)

    def dispatch(self) -> None:
        """Do what there is to do, without sleeping."""
        self._look()
        self._arm(0)

    def _sleep(self) -> Sequence[tuple[int, int]]:
        """Until there is something to do: what it is, nothing if that is to be looked for."""
        if not self.coalescing.is_on:
            return self._epoll.poll(self._nap, self._most)
        # Bells alone are nothing to do before their time.
        if self.coalescing.is_steady or any(wakeup in self._ears for wakeup, _ in self._epoll.poll(self._nap, 1)):
            self._prompt.poll(TICK_SECONDS, 1)
        return ()

    def _meet(self) -> None:
        """Stay awake until the next alarm rings or something arrives, if that alarm is near and worth it."""
        at = self._now()
        rings_at, alarm = self._alarms.upcoming(at, _FAR) or (at, None)
        if alarm is None or not at < rings_at <= at + self._lead(alarm):
            return
        self._expire()  # it may have woken us, and would again
        if alarm.prewarm:
            alarm.prewarm(rings_at)
            self._hear(())
        while self._now() < rings_at and not self._epoll.poll(0, 1):
            pass

    def _lead(self, alarm: Alarm | None) -> int:
        if alarm is None or alarm.prewarm:
            return _LEAD
        return self.beat_lead if alarm.is_met else 0

    def _look(self) -> None:
        """A round with all that there is now."""
        # Only alarms that were due before this look at the sockets: if the process is stopped between the look and
        # the alarms, what arrives meanwhile is read in the next round, before an alarm that has become due since.
        at = self._now()
        self._round(self._epoll.poll(0, self._most), at)

    def _round(self, found: Sequence[tuple[int, int]], looked_at: Instant) -> None:
        """Read packets, call back for what was found, ring what was due by then, and do what was asked for."""
        rung = self._hear(found)
        timer, _ = self._expired
        for descriptor, _ in found:
            if descriptor == timer:
                self._expire()
            elif callback := self._callbacks.get(descriptor):
                callback()
            # else it is a bell, or an earlier callback of this round has forgotten it
        if rung or self.coalescing.is_steady:
            self.coalescing.note(looked_at, rung)
        more = self._alarms.ring(looked_at, self._now())
        if looked_at >= self.housekeeping.due:
            self.housekeeping.do(looked_at)
        self.is_busy = self.after_round(more) or more

    def _hear(self, found: Sequence[tuple[int, int]]) -> int:
        """Read where a bell has rung or packets come unrung; how often it rang."""
        rung = 0
        for descriptor, _ in found:
            if ear := self._ears.get(descriptor):
                rung += ear.acknowledge()
                ear.read()
        if self._unheard:
            for mail, _ in self._mail.poll(0, len(self._readers)):
                self._readers[mail]()
        return rung

    def _arm(self, lead: int) -> None:
        """Make sure to wake up in time; in a rush now and then too early, which spares many a system call."""
        self._nap = self._longest_nap
        if self.is_busy:
            self._set(self._now())
        elif (
            self._armed is None
            or self._period  # would go on for as long as the rush is not over, whatever it was for
            or not self.coalescing.is_on
            or self._alarms.may_ring_before(Instant(self._armed + lead))
        ):
            moment = self._now()
            at = self._wake_at(lead, moment)
            # Where a period was slept through, the timer goes on with a later one.
            if at != self._armed or (at is not None and at <= moment):
                self._set(at)

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
            nap = min((away - _APPROACH) / 1e9, _LONGEST_NAP)
            self._nap = nap if self._nap == _FOR_EVER else min(nap, self._nap)
            return None
        return Instant(rings_at - self._lead(alarm))

    def _set(self, at: Instant | None) -> None:
        """Arm the timer, or disarm it."""
        self._armed, self._period = at, 0
        if at is None:
            self._timer.disarm()
            return
        gap = at - self._last
        if gap == self._gap > _SHORTEST_PERIOD:
            self._period = gap
        self._gap = gap
        self._timer.arm(at, self._period)

    def _expire(self) -> None:
        """The timer has expired, once or more often."""
        if self._timer.acknowledge() and self._armed is not None:
            self._last = self._armed
            self._armed = Instant(self._armed + self._period) if self._period else None

    def close(self) -> None:
        """Release the loop's own descriptors."""
        self._timer.close()
        self._epoll.close()
        self._prompt.close()
        self._mail.close()


def _nothing(_: bool) -> bool:  # noqa: FBT001 - the shape of `after_round`
    return False
