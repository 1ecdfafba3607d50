"""The event sink of an engine: everything that happens is reported here.

What may be told is in `failover.events`. Evidence is gathered only for what is told, and not before there is time.
"""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from failover.events import Kind
from failover.messages import Event
from failover.rate_limit import RateLimit, Same, with_suppressed
from failover.vrrp import Family, Instant
from failover.wording import Fields


class Subject(Protocol):
    """A virtual router that something happens to."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def family(self) -> Family:
        """IPv4 or IPv6, as its addresses."""


Publish = Callable[[Event, Subject | None], None]
"""Takes an event, and the virtual router that it is about; None: the daemon as a whole."""
Evidence = Callable[[], Fields]
"""Gathers the evidence of an event, when it is told."""


class EventSink:
    """Makes events and gives them to whoever publishes them."""

    def __init__(self, publish: Publish, wall: Callable[[], int], later: Callable[[Callable[[], None]], None]) -> None:
        """`wall` is the clock for people (ns since the epoch); `later` calls back when nothing else is to be done."""
        self._publish = publish
        self._wall = wall
        self._later = later
        self._limit = RateLimit()

    def tell(self, kind: Kind, fields: Fields) -> None:
        """Something has happened to the daemon as a whole."""
        self._publish(kind.event(self._wall(), fields), None)

    def tell_seldom(self, kind: Kind, same: Same, now: Instant, fields: Fields) -> None:
        """Something has happened to the daemon, and may happen again soon; `same` is as for `RateLimit.admit`."""
        suppressed = self._limit.admit(kind, same, now)
        if suppressed is not None:
            self.tell(kind, with_suppressed(fields, suppressed))

    def tell_of(self, subject: Subject, kind: Kind, evidence: Evidence) -> None:
        """Something has happened to a virtual router: told when there is time, as of now."""
        self._later(partial(self._make, self._wall(), subject, kind, evidence))

    def _make(self, at: int, subject: Subject, kind: Kind, evidence: Evidence) -> None:
        self._publish(kind.event(at, evidence(), subject.name, subject.family.label), subject)
