"""What other hosts are heard to do that is wrong, for as long as they do it: the log says it once.

A problem is there from the second or third time that it is heard on, so that what belongs to a hand-over is none, and
until it has not been heard for a while, or is known to be over.
"""

from enum import Enum
from typing import Final, NamedTuple

from failover.engine.events import Evidence
from failover.events import Kind
from failover.linux.clock import Clock
from failover.messages import Problem
from failover.vrrp import (
    Address,
    Discard,
    DiscardReason,
    Instant,
    Interval,
    Oddity,
    ReportOddity,
    VirtualRouter,
    seconds,
)

_MOST: Final = 16
"""Of one router: a flood of packets from many sources must not fill the memory."""
_INTERVALS: Final = 3.5
"""Of advertisements that may be lost or late before a problem is over."""
_LEAST_PATIENCE: Final = seconds(5)
"""So that somebody who looks sees it."""

CRITICAL: Final = "critical"
"""The address has two MASTERs or none, or would have when the MASTER dies."""
WARNING: Final = "warning"
"""It works, and is not as it was meant."""


class Finding(Enum):
    """What is wrong without being so in any advertisement that was heard: this host has looked for it."""

    ADDRESS_ELSEWHERE = "address_elsewhere"
    """Another host has a virtual address of a MASTER."""
    CANNOT_SEND = "cannot_send"
    """This host is BACKUP, and could not advertise."""
    OTHER_PROGRAM = "other_program"
    """Another program on this host also advertises a MASTER's VRID."""
    UNHEARD_MASTER = "unheard_master"
    """Another host is MASTER, too, and what it sends does not get through to the daemon."""


_CRITICAL: Final = frozenset(
    {
        Oddity.RIVAL_MASTER,
        Oddity.SEVERAL_OWNERS,
        DiscardReason.VERSION,
        DiscardReason.AUTHENTICATION_TYPE,
        DiscardReason.PASSWORD,
        DiscardReason.NOT_SIGNED,
        DiscardReason.TRAILER,
        DiscardReason.KEY,
        DiscardReason.TIME,
        DiscardReason.SIGNATURE,
        DiscardReason.INTERVAL,
        DiscardReason.ADDRESS_LIST,
        DiscardReason.ADDRESS_OWNER,
    }
)
_OF_A_HAND_OVER: Final = frozenset({Oddity.RIVAL_MASTER})
"""Heard once or twice also where all is well: an advertisement was on its way when the other became MASTER."""


class Wrong(NamedTuple):
    """One thing that one sender does."""

    kind: Kind
    """What the log calls it."""
    what: Oddity | DiscardReason | Finding
    source: Address | str
    """The address of the sender; a text: his MAC address. Our own, where it is this host that does so."""
    severity: str


def oddity(report: ReportOddity, router: VirtualRouter) -> Wrong:
    """What is wrong with an advertisement that was accepted."""
    nobody_has_ours = report.oddity is Oddity.ADDRESS_LIST_MISMATCH and not router.lists_any(
        report.advertisement.addresses
    )
    severity = CRITICAL if nobody_has_ours or report.oddity in _CRITICAL else WARNING
    return Wrong(Kind.ODDITY, report.oddity, report.source, severity)


def refusal(discard: Discard, source: Address) -> Wrong:
    """What is wrong with a packet that was no advertisement for this router."""
    severity = CRITICAL if discard.reason in _CRITICAL else WARNING
    return Wrong(Kind.DISCARDED, discard.reason, source, severity)


def elsewhere(mac: str) -> Wrong:
    """That the host with this MAC address has addresses of a MASTER."""
    return Wrong(Kind.ADDRESS_ELSEWHERE, Finding.ADDRESS_ELSEWHERE, mac, CRITICAL)


def unheard(source: Address) -> Wrong:
    """That a MASTER at this address is not heard."""
    return Wrong(Kind.UNHEARD_MASTER, Finding.UNHEARD_MASTER, source, CRITICAL)


def cannot_send(source: Address) -> Wrong:
    """That this host, whose address is `source`, could not advertise if it had to."""
    return Wrong(Kind.CANNOT_SEND, Finding.CANNOT_SEND, source, CRITICAL)


def other_program(source: Address) -> Wrong:
    """That another program on this host, which sends from `source`, advertises as well."""
    return Wrong(Kind.OTHER_PROGRAM, Finding.OTHER_PROGRAM, source, CRITICAL)


class _Streak:
    """It does so again and again."""

    __slots__ = ("began", "count", "evidence", "last", "patience")

    def __init__(self, now: Instant) -> None:
        self.began = self.last = now
        self.count = 0
        self.patience = _LEAST_PATIENCE
        self.evidence: Evidence = dict

    def is_problem(self, wrong: Wrong) -> bool:
        return self.count > (2 if wrong.what in _OF_A_HAND_OVER else 1)

    def is_over(self, now: Instant) -> bool:
        return now - self.last > self.patience


class Problems:
    """Of one router."""

    def __init__(self) -> None:
        self._streaks: dict[Wrong, _Streak] = {}

    def heard(self, wrong: Wrong, interval: Interval, now: Instant, evidence: Evidence) -> bool:
        """It was done once more; whether it is a problem.

        `interval` is the longer one of the sender's and our advertisement intervals, or how often it is looked for.
        """
        streak = self._streaks.get(wrong)
        if streak is None or streak.is_over(now):
            self._make_room(now)
            streak = self._streaks[wrong] = _Streak(now)
        streak.last = now
        streak.count += 1
        streak.patience = max(Interval(round(_INTERVALS * interval)), _LEAST_PATIENCE)
        streak.evidence = evidence
        return streak.is_problem(wrong)

    def over(self, wrong: Wrong) -> bool:
        """It is known to be done no more; whether it was a problem."""
        streak = self._streaks.pop(wrong, None)
        return streak is not None and streak.is_problem(wrong)

    def forget_heard(self) -> None:
        """What was wrong beside the settings before need not be wrong beside these: hear it anew."""
        self._streaks = {wrong: streak for wrong, streak in self._streaks.items() if isinstance(wrong.what, Finding)}

    def has_heard(self, source: Address, since: Instant) -> bool:
        """Whether something wrong was heard from there: what any other MASTER sends is wrong to a MASTER."""
        return any(
            wrong.source == source and streak.last >= since and not isinstance(wrong.what, Finding)
            for wrong, streak in self._streaks.items()
        )

    def current(self, clock: Clock) -> list[Problem]:
        """Those that there are, the gravest first."""
        if not self._streaks:
            return []
        now = clock.now()
        offset = clock.wall() - now
        found = [
            Problem(
                what=wrong.what.value,
                source=str(wrong.source),
                severity=wrong.severity,
                text=wrong.kind.words(streak.evidence()),
                since=streak.began + offset,
                last_heard=streak.last + offset,
                over_at=streak.last + streak.patience + offset,
                count=streak.count,
            )
            for wrong, streak in self._streaks.items()
            if streak.is_problem(wrong) and not streak.is_over(now)
        ]
        # Whom the LAN was asked for last: what was heard of the same host says better what is wrong.
        return sorted(found, key=lambda one: (one.severity, one.what == Finding.ADDRESS_ELSEWHERE.value, one.since))

    def _make_room(self, now: Instant) -> None:
        if len(self._streaks) < _MOST:
            return
        self._streaks = {wrong: streak for wrong, streak in self._streaks.items() if not streak.is_over(now)}
        if len(self._streaks) >= _MOST:
            del self._streaks[min(self._streaks, key=lambda wrong: self._streaks[wrong].last)]
