"""Counts and tells what happens to one router, and the same thing not too often.

Evidence is gathered only where it is told, and not before there is time for it.
"""

from collections.abc import Callable
from functools import partial

from failover.engine.router.evidence import Fields, RateLimit, oddity_fields
from failover.messages import Counters, Event
from failover.vrrp import Discard, Family, Instant, ReceivedFrom, ReportOddity, VirtualRouter

Publish = Callable[[Event], None]
Later = Callable[[Callable[[], None]], None]
"""Calls what it is given when nothing else is to be done."""


class Reporter:
    """Makes the events of one router."""

    def __init__(
        self, name: str, family: Family, counters: Counters, later: Later, wall: Callable[[], int], publish: Publish
    ) -> None:
        """`wall` is the clock for people, in nanoseconds since the epoch."""
        self._name = name
        self._family = family.label
        self._counters = counters
        self._later = later
        self._wall = wall
        self._publish = publish
        self._rate_limit = RateLimit()
        self.changed = True
        """Whether the router's status is another one than was told; whoever tells it says no more."""

    def rename(self, name: str) -> None:
        """The router has another name from now on."""
        self._name = name
        self.changed = True

    def retire(self) -> None:
        """All is told: forget who publishes it."""
        self._publish = _to_nobody

    def tell(self, kind: str, evidence: Callable[[], Fields]) -> None:
        """Tell it, later, as of now."""
        self.changed = True
        self._later(partial(self._make, self._wall(), kind, evidence))

    def _make(self, at: int, kind: str, evidence: Callable[[], Fields]) -> None:
        self._publish(Event(at=at, kind=kind, name=self._name, family=self._family, fields=evidence()))

    def report(self, kind: str, key: str, now: Instant, evidence: Callable[[], Fields]) -> None:
        """Tell it, unless the same, which is what has the same key, was told a short while ago."""
        self.changed = True
        suppressed = self._rate_limit.admit(f"{kind} {key}", now)
        if suppressed is not None:
            self.tell(kind, lambda: evidence() | ({"suppressed": suppressed} if suppressed else {}))

    def odd(self, report: ReportOddity, router: VirtualRouter, now: Instant) -> None:
        """An advertisement was tolerated."""
        oddity = report.oddity.value
        _count(self._counters.oddities, oddity)
        self.report("oddity", oddity, now, lambda: oddity_fields(report, router))

    def discarded(self, discard: Discard, meta: ReceivedFrom, now: Instant) -> None:
        """A packet was none."""
        reason = discard.reason.value
        _count(self._counters.discarded, reason)
        self.report(
            "discarded", reason, now, lambda: {"reason": reason, "source": str(meta.source), "detail": str(discard)}
        )


def _to_nobody(_: Event) -> None:
    pass


def _count(table: dict[str, int], key: str) -> None:
    table[key] = table.get(key, 0) + 1
