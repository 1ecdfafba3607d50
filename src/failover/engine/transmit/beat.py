"""A beat: MASTERs that share interface, family and interval, and advertise together.

Sending costs least in groups, by one system call, and what `step()` would say is known: see `vrrp.machine.fast_path`.
Whatever is not a plain beat (a late one, a state that has changed) goes the long way, member by member.
"""

from collections.abc import Callable
from typing import Final, Protocol

from failover.engine.environment import EventLoop
from failover.linux.sockets.outbox import Burst, Packets, join
from failover.vrrp import Instant, Interval, Master, VirtualRouter, seconds
from failover.vrrp.machine.fast_path import beats

SHORT: Final = seconds(0.1)
"""The longest interval whose beats may be met awake: there a lateness of 0.1 ms is a thousandth of it. For longer ones
that would cost more than it gains: 1 us an advertisement with 50 routers at 0.1 s."""

Send = Callable[[Burst], dict[int, OSError]]
"""Sends a burst; the errors, by the member's place."""


class Member(Protocol):
    """A MASTER that takes part, or would like to."""

    @property
    def router(self) -> VirtualRouter:
        """Its parameters."""

    def catch_up(self) -> None:
        """Take note of the beats so far: the next ones may be others."""

    def wake(self, now: Instant) -> None:
        """Go the long way: its deadline has come."""

    def settle(self) -> None:
        """Join the beat, which has now come to where the member's own schedule is."""

    def prewarm(self, at: Instant) -> None:
        """Go the way of a wake-up at `at`, and do nothing."""

    def beat_failed(self, error: OSError) -> None:
        """Its part of the last beat could not be sent."""


class Beat:
    """One alarm, and one burst of advertisements, for all members."""

    def __init__(self, loop: EventLoop, interval: Interval, send: Send) -> None:
        self.at = Instant(0)
        """When the next one is due, where there are members."""
        self.last = Instant(0)
        """When the last one was sent."""
        self.count = 0
        """How many have been sent."""
        self._interval = interval
        self._send = send
        self._members: dict[Member, Packets] = {}
        self._ahead: dict[Member, None] = {}
        """Those whose schedule is one interval ahead: they join once this beat is over."""
        self._burst: Burst | None = None
        # However many others take over in this moment, each by the long way.
        self._alarm = loop.alarm(self._ring, goes_first=True, is_met=interval <= SHORT)

    def join(self, member: Member, packets: Packets, state: Master) -> bool:
        """Take part with `packets` from now on; False where the state's schedule is not that of the others."""
        if self._members.get(member) is packets and state.advertise_at == self.at:
            return True
        self.leave(member)
        if not self._members:
            self.at, self.last = state.advertise_at, state.advertised_at
            self._alarm.set(self.at)
        elif state.advertise_at != self.at:
            if state.advertise_at == self.at + self._interval:
                self._ahead[member] = None
            return False
        # The longest silence counts: whoever may have overslept is asked, and the others with it.
        self.last = min(self.last, state.advertised_at)
        self._members[member] = packets
        self._burst = None
        return True

    def leave(self, member: Member) -> None:
        """Leave the beat."""
        self._ahead.pop(member, None)
        if self._members.pop(member, None) is not None:
            self._burst = None
            if not self._members:
                self._alarm.set(None)

    def retire(self) -> None:
        """It has no members, and will have none."""
        self._alarm.retire()

    def _ring(self, now: Instant) -> None:
        if beats(self._interval, self.at, self.last, now):
            self._advertise(now)
        else:
            self._dissolve(now)

    def _advertise(self, now: Instant) -> None:
        if self._burst is None:
            self._burst = join(tuple(self._members.values()))
        failures = self._send(self._burst)
        self.count += 1
        self.last, self.at = now, Instant(self.at + self._interval)
        self._alarm.set(self.at)
        if failures:
            members = tuple(self._members)
            for place, error in failures.items():
                members[place].beat_failed(error)
        if self._ahead:
            ahead, self._ahead = self._ahead, {}
            for member in ahead:
                member.settle()

    def _dissolve(self, now: Instant) -> None:
        members = tuple(self._members)
        for member in members:
            member.catch_up()
        self._members.clear()
        self._burst = None
        for member in members:
            member.wake(now)
