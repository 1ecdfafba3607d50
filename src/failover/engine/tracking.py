"""What the trackers that a virtual router follows say, and what that makes of its standing. Pure.

Who finds it out: `fleet.trackers`.
"""

from collections.abc import Iterable
from typing import NamedTuple

from failover.engine.intended import Track
from failover.linux.faults import tracker_failed
from failover.messages import TrackStatus
from failover.vrrp import Contribution, Standing, standing
from failover.wording import Fields


class Outcome(NamedTuple):
    """What a tracker has found out."""

    is_well: bool
    text: str
    """How it is, such as `eth1 has no carrier`."""
    since: int
    """Since when it is so: wall-clock nanoseconds."""


class Followed(NamedTuple):
    """A tracker that a virtual router follows, and what it says now."""

    track: Track
    outcome: Outcome

    @property
    def contribution(self) -> Contribution:
        """What it makes of the standing."""
        (tracker, weight), outcome = self.track, self.outcome
        if weight is None:
            fault = None if outcome.is_well else tracker_failed(tracker.name, outcome.text)
            return Contribution(tracker.name, fault=fault)
        return Contribution(tracker.name, weight if outcome.is_well is (weight > 0) else 0)

    @property
    def status(self) -> TrackStatus:
        """The same for the status."""
        return TrackStatus(
            tracker=self.track.tracker.name,
            weight=self.track.weight,
            is_well=self.outcome.is_well,
            contributes=self.contribution.weight,
            text=self.outcome.text,
            since=self.outcome.since,
        )


Tracking = tuple[Followed, ...]


def standing_of(configured: int, tracking: Iterable[Followed]) -> Standing:
    """The standing of a router with this configured priority."""
    return standing(configured, tuple(one.contribution for one in tracking))


def priority_evidence(previous: int, current: int, before: Iterable[Followed], now: Iterable[Followed]) -> Fields:
    """The evidence of another priority: from what to what, and what has changed it."""
    known = frozenset(one.contribution for one in before)
    changed = [one for one in now if one.contribution not in known]
    because = "; ".join(
        f"{one.track.tracker.name} ({one.contribution.weight:+d}): {one.outcome.text}" for one in changed
    )
    return {"previous": previous, "current": current, "because": because}
