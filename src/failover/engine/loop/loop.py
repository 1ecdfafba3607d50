"""The event loop: epoll for descriptors, one timerfd for all alarms, and rounds. Nothing here knows VRRP.

What has arrived is always read before anything else is done: after a pause, the advertisements that wait in a socket
must be heard before a timer may conclude that there were none. The loop is itself a descriptor, so that another event
loop (asyncio's, for the library) can drive it. When it wakes up, and how early, is for `wakeups`.
"""

import select
from collections.abc import Callable, Sequence
from typing import NamedTuple

from failover.engine.loop.alarms import AlarmQueue
from failover.engine.loop.housekeeping import Housekeeping
from failover.engine.loop.lateness import Lateness
from failover.engine.loop.wakeups import LEAD, Wakeups
from failover.linux.clock import SYSTEM, Clock
from failover.vrrp import Instant


class _Mailbox(NamedTuple):
    """A socket whose packets another one, its wake-up socket, tells of."""

    mail: int
    acknowledge: Callable[[], int]
    read: Callable[[], None]


class Loop:
    """Calls back when a descriptor is readable and when an alarm is due, in rounds."""

    def __init__(self, clock: Clock = SYSTEM) -> None:
        self.clock = clock
        self.lateness = Lateness(clock.now())
        """Of the alarms; whoever reads it turns its pages."""
        self.after_round: Callable[[bool], bool] = _nothing
        """Called at the end of each round, told whether alarms wait for the next; True asks for that one at once."""
        self.is_busy = False
        """Whether the next round follows at once."""
        self._now = clock.now
        self._alarms = AlarmQueue(self.lateness.note, clock.now)
        self.alarm = self._alarms.alarm
        """A new alarm of this loop."""
        self.housekeeping = Housekeeping(self.alarm)
        self._wakeups = Wakeups(self._alarms, clock.now)
        self._epoll = select.epoll()
        self._mail = select.epoll()
        """The sockets that packets wait in."""
        self._timer = self._wakeups.fileno()
        self._expired = (self._timer, select.EPOLLIN)
        """What epoll finds when the timer has expired."""
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._mailboxes: dict[int, _Mailbox] = {}
        """What to read, by the descriptor of the wake-up socket that tells of it."""
        self._readers: dict[int, Callable[[], None]] = {}
        """What to read, by the descriptor of the socket that the packets wait in."""
        self._most = 1
        """Descriptors, with the timer's."""
        self._epoll.register(self._timer, select.EPOLLIN)

    # --- what it calls back for

    def watch(self, descriptor: int, callback: Callable[[], None]) -> None:
        """Call back while the descriptor is readable."""
        self._epoll.register(descriptor, select.EPOLLIN)
        self._callbacks[descriptor] = callback
        self._most += 1

    def listen(self, wakeup: int, mail: int, acknowledge: Callable[[], int], read: Callable[[], None]) -> None:
        """Read the packets that wait in `mail` where `wakeup` has become readable.

        `acknowledge` makes it unreadable again; `read` reads everything that has arrived.
        """
        self._epoll.register(wakeup, select.EPOLLIN)
        self._mail.register(mail, select.EPOLLIN)
        self._mailboxes[wakeup] = _Mailbox(mail, acknowledge, read)
        self._readers[mail] = read
        self._most += 1

    def expect(self, wakeup: int, silent: float) -> None:
        """So many packets a second may come without a wake-up: read them in every round, and often enough."""
        self._wakeups.expect(wakeup, silent)

    def forget(self, descriptor: int) -> None:
        """Stop watching, before the descriptor is closed; a wake-up socket's mail as well."""
        self._most -= 1
        self._epoll.unregister(descriptor)
        if mailbox := self._mailboxes.pop(descriptor, None):
            self._mail.unregister(mailbox.mail)
            del self._readers[mailbox.mail]
            self.expect(descriptor, 0)
        else:
            del self._callbacks[descriptor]

    def wake_early(self, nanoseconds: int) -> None:
        """Be up so long before each beat that is to be met."""
        self._wakeups.beat_lead = nanoseconds

    # --- who drives it

    def fileno(self) -> int:
        """Readable when `dispatch` has something to do."""
        return self._epoll.fileno()

    def wait(self) -> None:
        """Sleep until there is something to do, then do it."""
        if self.is_busy:
            self._look()
            return
        wakeups = self._wakeups
        wakeups.in_time(LEAD)
        armed = wakeups.armed
        found = self._epoll.poll(wakeups.nap, self._most)
        if armed is not None and self._expired in found and self._alarms.may_ring_before(Instant(armed + 1)):
            # What was found was looked at when this alarm was due, or later: no need to look again.
            self._round(found, armed)
            return
        at = self._now()
        if wakeups.has_silent_packets and not found:
            self._look()  # what waits has most likely postponed the alarm that is near
        elif not found or self._alarms.may_ring_before(Instant(at + LEAD)):
            self._meet()
            self._look()
        else:
            self._round(found, at)

    def dispatch(self) -> None:
        """Do what there is to do, without sleeping."""
        self._look()
        if self.is_busy:
            self._wakeups.at_once()
        else:
            self._wakeups.in_time(0)

    def close(self) -> None:
        """Release the loop's own descriptors."""
        self._wakeups.close()
        self._epoll.close()
        self._mail.close()

    # --- rounds

    def _meet(self) -> None:
        """Stay awake until the next alarm rings or something arrives, if that alarm is near and worth it."""
        met = self._wakeups.to_meet()
        if met is None:
            return
        rings_at, alarm = met
        if alarm.prewarm:
            alarm.prewarm(rings_at)
            self._hear(())
        while self._now() < rings_at and not self._epoll.poll(0, 1):
            pass

    def _look(self) -> None:
        """A round with all that there is now."""
        # Only alarms that were due before this look at the sockets: if the process is stopped between the look and
        # the alarms, what arrives meanwhile is read in the next round, before an alarm that has become due since.
        at = self._now()
        self._round(self._epoll.poll(0, self._most), at)

    def _round(self, found: Sequence[tuple[int, int]], looked_at: Instant) -> None:
        """Read packets, call back for what was found, ring what was due by then, and do what was asked for."""
        self._hear(found)
        for descriptor, _ in found:
            if descriptor == self._timer:
                self._wakeups.expired()
            elif callback := self._callbacks.get(descriptor):
                callback()
            # else it is a wake-up socket, or an earlier callback of this round has forgotten it
        more = self._alarms.ring(looked_at, self._now())
        if looked_at >= self.housekeeping.due:
            self.housekeeping.do(looked_at)
        self.is_busy = self.after_round(more) or more

    def _hear(self, found: Sequence[tuple[int, int]]) -> None:
        """Read where there was a wake-up, and where packets come without one."""
        for descriptor, _ in found:
            if mailbox := self._mailboxes.get(descriptor):
                mailbox.acknowledge()
                mailbox.read()
        if self._wakeups.has_silent_packets:
            for mail, _ in self._mail.poll(0, len(self._readers)):
                self._readers[mail]()


def _nothing(_: bool) -> bool:  # noqa: FBT001 - the shape of `after_round`
    return False
