"""A loop in simulated time: what `engine.loop.Loop` does in a round, in its order, and no descriptor of the kernel's.

Left out is what only concerns the machine it runs on: it is never late, a round takes no time, and a crowd of packets
makes no difference. What the order of things depends on is here: what has arrived is read before an alarm rings,
also where nothing has woken it; and what a takeover does is prewarmed before it is due.
"""

from collections.abc import Callable
from itertools import count
from typing import Final, NamedTuple

from failover.engine.loop.alarms import Alarm, AlarmQueue
from failover.engine.loop.housekeeping import Housekeeping
from failover.engine.loop.lateness import Lateness
from failover.engine.loop.wakeups import LONGEST_NAP, ROOM
from failover.vrrp import Instant, seconds
from tests.simulation.world import World

_AGES: Final = Instant(1 << 62)


class _Mailbox(NamedTuple):
    """A socket, and what to do where its wake-up socket tells of packets."""

    mail: int
    acknowledge: Callable[[], int]
    read: Callable[[], None]


class SimulatedLoop:
    """The loop of one process (`engine.environment.EventLoop`), and the table of its descriptors."""

    def __init__(self, world: World) -> None:
        self.clock = world.clock
        self.lateness = Lateness(self.clock.now())
        self._alarms = AlarmQueue(self.lateness.note, self.clock.now)
        self.alarm = self._alarms.alarm
        """A new alarm of this loop."""
        self.housekeeping = Housekeeping(self.alarm)
        self.after_round: Callable[[bool], bool] = _nothing
        self.rounds = 0
        """How many there were."""
        self.is_busy = False
        """Whether the next round follows at once."""
        self._slept_from = self._stalled_until = self.clock.now()
        self._numbers = count(3)
        self._readable: dict[int, Callable[[], bool]] = {}
        """The descriptors that are open, and how each tells."""
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._mailboxes: dict[int, _Mailbox] = {}
        """By wake-up socket."""
        self._silent: dict[int, float] = {}
        """Where packets may come without a wake-up, and how many a second."""

    # --- descriptors

    def open(self, is_readable: Callable[[], bool]) -> int:
        """A descriptor that no other has or had, readable where that says so."""
        number = next(self._numbers)
        self._readable[number] = is_readable
        return number

    def close(self, descriptor: int) -> None:
        """It is none any more. `ValueError` where it is still watched: a real one would be forgotten in silence."""
        if descriptor in self._callbacks or descriptor in self._mailboxes:
            raise ValueError(f"descriptor {descriptor} is closed and still watched")
        del self._readable[descriptor]

    # --- what an engine asks for

    def watch(self, descriptor: int, callback: Callable[[], None]) -> None:
        """Call back while the descriptor is readable."""
        self._callbacks[descriptor] = callback

    def listen(self, wakeup: int, mail: int, acknowledge: Callable[[], int], read: Callable[[], None]) -> None:
        """Read the packets that wait in `mail` where its wake-up socket has become readable."""
        self._mailboxes[wakeup] = _Mailbox(mail, acknowledge, read)

    def expect(self, wakeup: int, silent: float) -> None:
        """So many packets a second may come without a wake-up: read in every round, and often enough."""
        self._silent.pop(wakeup, None)
        if silent:
            self._silent[wakeup] = silent

    def forget(self, descriptor: int) -> None:
        """Stop watching, before the descriptor is closed."""
        if self._mailboxes.pop(descriptor, None) is None:
            del self._callbacks[descriptor]
        self._silent.pop(descriptor, None)

    # --- being a sleeper

    def stall(self, duration: float) -> None:
        """Do not run for so many seconds, whatever there is to do: others have the processor, or it was stopped."""
        self._stalled_until = Instant(self.clock.now() + seconds(duration))

    def wakes_at(self) -> Instant | None:
        """When there is something to do, and the process runs."""
        at = self._wants_to_wake_at()
        return None if at is None else max(at, self._stalled_until)

    def _wants_to_wake_at(self) -> Instant | None:
        """At once where something is readable or left to do; else with the next alarm, or after a nap."""
        if self.is_busy or any(self._readable[one]() for one in (*self._callbacks, *self._mailboxes)):
            return self.clock.now()
        upcoming = self._upcoming()
        times = [upcoming[0]] if upcoming else []
        if total := sum(self._silent.values()):
            times.append(Instant(self._slept_from + seconds(min(ROOM / total, LONGEST_NAP))))
        return min(times, default=None)

    def wake(self) -> None:
        """One round."""
        self.rounds += 1
        at = self.clock.now()
        if not self.is_busy:
            self._prewarm(at)
        self._round(at)
        self._slept_from = at

    def _upcoming(self) -> tuple[Instant, Alarm | None] | None:
        """The alarm that rings next, for certain: seen from so far away, none is left where it is not."""
        return self._alarms.upcoming(_AGES, 0)

    def _prewarm(self, at: Instant) -> None:
        upcoming = self._upcoming()
        if upcoming and upcoming[0] <= at and (alarm := upcoming[1]) and alarm.prewarm:
            alarm.prewarm(upcoming[0])

    def _round(self, at: Instant) -> None:
        """Read packets, call back for what is readable, ring what is due, and do what was asked for."""
        found = [one for one in (*self._callbacks, *self._mailboxes) if self._readable[one]()]
        self._hear(found)
        for descriptor in found:
            if callback := self._callbacks.get(descriptor):
                callback()
            # else it is a wake-up socket, or an earlier callback of this round has forgotten it
        more = self._alarms.ring(at, at)
        if at >= self.housekeeping.due:
            self.housekeeping.do(at)
        self.is_busy = self.after_round(more) or more

    def _hear(self, found: list[int]) -> None:
        """Read where something has woken us or packets come without that."""
        for descriptor in found:
            if mailbox := self._mailboxes.get(descriptor):
                mailbox.acknowledge()
                mailbox.read()
        if self._silent:
            for mailbox in tuple(self._mailboxes.values()):
                if self._readable[mailbox.mail]():
                    mailbox.read()


def _nothing(_: bool) -> bool:  # noqa: FBT001 - the shape of `after_round`
    return False
