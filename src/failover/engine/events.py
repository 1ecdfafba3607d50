"""Where everything that happens is told: one sink for an engine, and a limit on how often the same is told.

What may be told is in `failover.events`. Evidence is gathered only for what is told, and not before there is time.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from failover.events import Fields, Kind
from failover.messages import Event
from failover.vrrp import Family, Instant, seconds

REPEAT_AFTER: Final = seconds(60)
"""The same thing about the same router is told once in so long, with how often it happened meanwhile."""
MOST_TOLD_APART: Final = 32
"""Events of one kind about one router in that time. Who sends is part of what makes two events the same, and whoever
forges sources has many: what is beyond counts as one."""


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
Same = Mapping[str, Hashable]
"""What makes an event the same as another: a value by the name of each field that `Kind.limited_by` has."""
_ALL_OTHERS: Final = ("all others",)


@dataclass(slots=True)
class _Told:
    at: Instant
    suppressed: int = 0


class RateLimit:
    """Decides whether something is told that may have been told already; one for each subject."""

    def __init__(self) -> None:
        self._told: dict[Kind, dict[tuple[Hashable, ...], _Told]] = {}

    def admit(self, kind: Kind, same: Same, now: Instant) -> int | None:
        """How many were suppressed since the last one told, None to suppress this one too.

        `same` has a value for each field that `Kind.limited_by` names. `KeyError` where it lacks one.
        """
        told = self._told.setdefault(kind, {})
        key = tuple(same[name] for name in kind.limited_by or ())
        if key not in told and len(told) >= MOST_TOLD_APART:
            _forget(told, now)
            if len(told) >= MOST_TOLD_APART:
                key = _ALL_OTHERS
        last = told.get(key)
        if last is None or now - last.at >= REPEAT_AFTER:
            told[key] = _Told(now)
            return last.suppressed if last else 0
        last.suppressed += 1
        return None


def _forget(told: dict[tuple[Hashable, ...], _Told], now: Instant) -> None:
    """Forget what was told long ago; what was suppressed of it counts among all others."""
    for key in [key for key, one in told.items() if now - one.at >= REPEAT_AFTER and key != _ALL_OTHERS]:
        suppressed = told.pop(key).suppressed
        if suppressed:
            told.setdefault(_ALL_OTHERS, _Told(Instant(now - REPEAT_AFTER))).suppressed += suppressed


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


def with_suppressed(fields: Fields, suppressed: int) -> Fields:
    """The evidence, and how many more there were like it, if there were any."""
    return {**fields, "suppressed": suppressed} if suppressed else fields
