"""What is remembered of the last reload, so that one that failed is shown until one succeeds; pure."""

from typing import Final

from failover.engine.reload.reload import VOID, Outcome
from failover.messages import LastReload, NotReloaded

_LONGEST_ERROR: Final = 4000
"""Characters kept of a report: it stays in locked memory, and goes to every agent."""


def last_reload(outcome: Outcome, at: int, before: LastReload | None) -> LastReload:
    """The reload that has ended at wall-clock time `at` (ns) with this outcome, `before` being the one before it.

    One that nobody waited for says nothing new of a file that could not be used before.
    """
    if not isinstance(outcome, NotReloaded):
        return LastReload(at=at)
    if outcome == VOID and before is not None and before.error:
        return before
    report = outcome.report
    error = report if len(report) <= _LONGEST_ERROR else f"{report[:_LONGEST_ERROR]}\n  ..."
    return LastReload(at=at, error=error, is_bad_file=outcome.is_bad)
