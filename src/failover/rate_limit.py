"""A rate limit for events: the same one once a minute, with how often it happened in between."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Final

from failover.events import Kind
from failover.wording import Fields

REPEAT_AFTER: Final = 60_000_000_000
"""Nanoseconds. The same thing about the same router is told once in so long."""
MOST_TOLD_APART: Final = 32
"""Events of one kind about one router in that time. Who sends is part of what makes two events the same, and whoever
forges sources has many: what is beyond counts as one."""

Same = Mapping[str, Hashable]
"""What makes an event the same as another: a value by the name of each field that `Kind.limited_by` has."""
_ALL_OTHERS: Final = ("all others",)


@dataclass(slots=True)
class _Told:
    at: int
    suppressed: int = 0


class RateLimit:
    """Decides whether something is told that may have been told already; one for each subject."""

    def __init__(self) -> None:
        self._told: dict[Kind, dict[tuple[Hashable, ...], _Told]] = {}

    def admit(self, kind: Kind, same: Same, now: int, *, once: bool = False) -> int | None:
        """How many were suppressed since the last one told, None to suppress this one too.

        `same` has a value for each field that `Kind.limited_by` names. `KeyError` where it lacks one. `once`: what was
        told is not told again, as long as there are few to tell apart.
        """
        told = self._told.setdefault(kind, {})
        key = tuple(same[name] for name in kind.limited_by or ())
        if key not in told and len(told) >= MOST_TOLD_APART:
            _forget(told, now)
            if len(told) >= MOST_TOLD_APART:
                key = _ALL_OTHERS
        last = told.get(key)
        if last is None or (now - last.at >= REPEAT_AFTER and (not once or key == _ALL_OTHERS)):
            told[key] = _Told(now)
            return last.suppressed if last else 0
        last.suppressed += 1
        return None


def _forget(told: dict[tuple[Hashable, ...], _Told], now: int) -> None:
    """Forget what was told long ago; what was suppressed of it counts among all others."""
    for key in [key for key, one in told.items() if now - one.at >= REPEAT_AFTER and key != _ALL_OTHERS]:
        suppressed = told.pop(key).suppressed
        if suppressed:
            told.setdefault(_ALL_OTHERS, _Told(now - REPEAT_AFTER)).suppressed += suppressed


def with_suppressed(fields: Fields, suppressed: int) -> Fields:
    """The evidence, and how many more there were like it, if there were any."""
    return {**fields, "suppressed": suppressed} if suppressed else fields
