"""Checks that each tracker that a virtual router follows is one of the configuration."""

from collections.abc import Iterable, Sequence

from failover.config.checking.draft import Draft
from failover.config.checking.problems import show
from failover.config.checking.settings import nearest


def check_tracking(drafts: Sequence[Draft], names: Iterable[str]) -> None:
    """Add a problem for each name in `track` that is not among the `names` of trackers."""
    known = tuple(names)
    for draft in drafts:
        for index, track in enumerate(draft.values.get("track") or ()):
            if track.tracker not in known:
                meant = nearest(track.tracker, known)
                draft.blame(
                    ("track", index),
                    show(track.tracker),
                    "is not the name of a tracker",
                    ", ".join(map(show, known)) if known else "none, because the configuration has no trackers",
                    f"did you mean {show(meant)}?" if meant else None,
                )
