"""Counts and tells what happens to one virtual router, and the same thing not too often."""

from functools import partial

from failover.engine.account.evidence import oddity_fields
from failover.engine.events import EventSink, Evidence, Subject
from failover.events import Kind
from failover.messages import Counters
from failover.rate_limit import RateLimit, Same, with_suppressed
from failover.vrrp import Discard, Instant, ReceivedFrom, ReportOddity, VirtualRouter
from failover.vrrp.machine.actions import OF_THE_SENDER


class Reporter:
    """Of one router, from its making to its retirement."""

    def __init__(self, subject: Subject, counters: Counters, events: EventSink) -> None:
        self._subject: Subject | None = subject
        self._counters = counters
        self._events = events
        self._limit = RateLimit()
        self.changed = True
        """Whether the router's status is another one than was told; whoever tells it says no more."""

    def retire(self) -> None:
        """All is told: forget whom it was about."""
        self._subject = None

    def tell(self, kind: Kind, evidence: Evidence) -> None:
        """Tell it when there is time, as of now."""
        self.changed = True
        if self._subject is not None:
            self._events.tell_of(self._subject, kind, evidence)

    def report(self, kind: Kind, same: Same, now: Instant, evidence: Evidence, *, once: bool = False) -> None:
        """Tell it, unless the same was told a short while ago; `same` and `once` are what `RateLimit.admit` wants."""
        self.changed = True
        suppressed = self._limit.admit(kind, same, now, once=once)
        if suppressed is not None:
            self.tell(kind, lambda: with_suppressed(evidence(), suppressed))

    def odd(self, report: ReportOddity, router: VirtualRouter, now: Instant) -> None:
        """An advertisement was tolerated."""
        oddity = report.oddity.value
        _count(self._counters.oddities, oddity)
        self.report(
            Kind.ODDITY,
            {"oddity": oddity, "source": report.source.packed},
            now,
            partial(oddity_fields, report, router),
            once=report.oddity in OF_THE_SENDER,
        )

    def discarded(self, discard: Discard, meta: ReceivedFrom, now: Instant) -> None:
        """A packet was no advertisement for it."""
        reason = discard.reason.value
        _count(self._counters.discarded, reason)
        self.report(
            Kind.DISCARDED,
            {"reason": reason, "source": meta.source.packed},
            now,
            lambda: {"reason": reason, "source": str(meta.source), "detail": str(discard)},
        )


def _count(table: dict[str, int], key: str) -> None:
    table[key] = table.get(key, 0) + 1
