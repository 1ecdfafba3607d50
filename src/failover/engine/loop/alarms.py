"""Alarms in a heap. Moving an alarm later costs nothing, which is what every received advertisement does."""

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush, heapreplace
from typing import Final

from failover.vrrp import Instant, seconds

_TURN: Final = seconds(0.001)
"""How long alarms may ring before sockets are read again."""


class Alarm:
    """Calls `callback(now)` once at the time that was last set."""

    __slots__ = ("_queue", "at", "callback", "goes_first", "is_met", "prewarm", "put_off", "queued_at")

    def __init__(
        self,
        queue: "AlarmQueue",
        callback: Callable[[Instant], None],
        *,
        goes_first: bool,
        is_met: bool,
        put_off: Callable[[], Instant] | None,
    ) -> None:
        self._queue = queue
        self.callback = callback
        self.goes_first = goes_first
        """Whether it rings before all others that are due, however long they have been."""
        self.is_met = is_met
        """Whether it is worth waking up before it: see `wakeups`."""
        self.put_off = put_off
        """Asked when the alarm comes near: it rings then, if that is later than `at`."""
        self.at: Instant | None = None
        self.queued_at: Instant | None = None
        self.prewarm: Callable[[Instant], None] | None = None
        """Called with `at` a moment before it: see `wakeups`."""

    def set(self, at: Instant | None, prewarm: Callable[[Instant], None] | None = None) -> None:
        """Ring at `at`, or not at all; replaces what was set before. With `prewarm` it is worth being punctual."""
        self.at = at
        self.prewarm = prewarm
        if at is not None and (self.queued_at is None or at < self.queued_at):
            self.queued_at = at
            self._queue.push(at, self)

    def retire(self) -> None:
        """Never ring again; whose callback it was can be forgotten."""
        self.set(None)
        self.callback = _never
        self.put_off = None

    def consider(self, at: Instant) -> Instant:
        """When it rings, as things are, where `at` is what was set."""
        if self.put_off is not None:
            at = self.at = max(at, self.put_off())
        return at


def _never(_: Instant) -> None:
    raise AssertionError("a retired alarm rings")


class AlarmQueue:
    """All alarms of a loop, the earliest first.

    An alarm that moved later keeps its old entry, which puts it in again when it comes up; one that moved earlier
    leaves a dead entry behind, known by `queued_at`. So the heap holds few more entries than there are alarms.
    """

    def __init__(self, note: Callable[[int], None], clock: Callable[[], Instant]) -> None:
        """`note` is told of each alarm by how many nanoseconds it was late."""
        self._note = note
        self._clock = clock
        self._heap: list[tuple[Instant, int, Alarm]] = []
        self._pushed = 0
        self._waiting: deque[tuple[Instant, int, Alarm]] = deque()
        """Entries that were due, and for which the last turn was too short."""

    def alarm(
        self,
        callback: Callable[[Instant], None],
        *,
        goes_first: bool = False,
        is_met: bool = False,
        put_off: Callable[[], Instant] | None = None,
    ) -> Alarm:
        """A new alarm, not set.

        What `goes_first` rings before all others that are due, and must not take long; what `is_met` is worth waking up
        before (`wakeups`). `put_off` is asked when it comes near: it rings then, if that is later than was set.
        """
        return Alarm(self, callback, goes_first=goes_first, is_met=is_met, put_off=put_off)

    def push(self, at: Instant, alarm: Alarm) -> None:
        """Note when an alarm rings; for `Alarm` alone."""
        self._pushed += 1
        heappush(self._heap, (at, self._pushed, alarm))

    def may_ring_before(self, instant: Instant) -> bool:
        """Whether an alarm may ring before this instant; False where certainly none does."""
        return bool(self._heap) and self._heap[0][0] < instant

    def upcoming(self, now: Instant, within: int) -> tuple[Instant, Alarm | None] | None:
        """Before when no alarm rings, and the one that does then; None in its place: perhaps none does.

        An alarm that was moved later, or may be put off, goes where it belongs when its entry would come up `within`
        nanoseconds. That of BACKUPs, which each advertisement puts off, so does at every third one.
        """
        heap = self._heap
        while heap:
            queued_at, _, alarm = heap[0]
            at = alarm.at
            if at is None or alarm.queued_at != queued_at:
                _put_right(heappop(heap))
            elif queued_at - now > within and (alarm.put_off or at != queued_at):
                return queued_at, None
            elif (at := alarm.consider(at)) == queued_at:
                return at, alarm
            else:
                alarm.queued_at = at
                self._pushed += 1
                heapreplace(heap, (at, self._pushed, alarm))
        return None

    def ring(self, due: Instant, now: Instant) -> bool:
        """Tell every alarm that is due at `due` that it is `now`; an alarm may set itself and others again.

        After `_TURN` the rest is left for the next time, and True returned: sockets must be read meanwhile.
        """
        heap, waiting = self._heap, self._waiting
        until = now + _TURN
        while heap and heap[0][0] <= due:
            entry = heappop(heap)
            queued_at, _, alarm = entry
            if alarm.goes_first or not alarm.queued_at == queued_at == alarm.at:
                self._ring(entry, now)
            else:
                waiting.append(entry)
        while waiting:
            if self._ring(waiting.popleft(), now) > until:
                break
        return bool(waiting) or (bool(heap) and heap[0][0] <= due)

    def _ring(self, entry: tuple[Instant, int, Alarm], now: Instant) -> Instant:
        """Ring the alarm, if the entry is where it is; when that began."""
        queued_at, _, alarm = entry
        at = alarm.at
        if at is None or alarm.queued_at != queued_at or alarm.consider(at) != queued_at:
            _put_right(entry)
            return now
        # The clock again: those before it have taken their time.
        reading = self._clock()
        self._note(reading - at)
        alarm.queued_at = alarm.at = None
        alarm.callback(now)
        return reading


def _put_right(entry: tuple[Instant, int, Alarm]) -> None:
    """An entry has come up that is not where its alarm is: put the alarm where it belongs."""
    queued_at, _, alarm = entry
    if alarm.queued_at == queued_at:
        alarm.queued_at = None
        alarm.set(alarm.at, alarm.prewarm)
