"""Judges whether all is well, from the status document: findings, in the manner of a Nagios plugin. Pure.

What is found of a virtual router is in `findings`.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from failover.cli.health import configuration_file
from failover.cli.health.findings import Finding, Severity, wrong
from failover.cli.words import elapsed

LONGEST: Final = 400
"""Characters of a line: what pagers and most monitoring show whole."""
_AND_MORE: Final = len("; and 999999 more")

Document = dict[str, Any]


_WORST_FIRST: Final = (Severity.CRITICAL, Severity.WARNING, Severity.UNKNOWN, Severity.OK)
"""As plugins that check several things combine these."""


def judge(document: Document, now: datetime) -> list[Finding]:
    """What is wrong by the status document at wall-clock time `now`; empty where all is well. The worst comes first."""
    daemon = document["daemon"]
    found: list[Finding] = []
    if said := silence(document, now):
        found.append(Finding(Severity.CRITICAL, None, said))
    for router in document["virtual_routers"]:
        found += wrong(router, now)
    sentences = (*configuration_file.wrong(daemon, now), *daemon["warnings"])
    found += (Finding(Severity.WARNING, None, sentence) for sentence in sentences)
    return sorted(found, key=lambda one: _WORST_FIRST.index(one.severity))


def silence(document: Document, now: datetime) -> str | None:
    """That the engine does not answer, and for how long, as a sentence without its full stop; None where it answers."""
    engine = document["daemon"].get("engine", {})  # an agent of another version may not know
    if engine.get("answers", True):
        return None
    if engine["silent_since"] is None:
        return "the engine does not answer"
    seconds = (now - datetime.fromisoformat(engine["silent_since"])).total_seconds()
    return f"the engine does not answer; it was last heard from {elapsed(seconds)} ago"


def worst(findings: Sequence[Finding]) -> Severity:
    """How grave they are together; OK where there are none."""
    return min((one.severity for one in findings), key=_WORST_FIRST.index, default=Severity.OK)


def in_a_line(findings: Sequence[Finding], well: str) -> str:
    """The findings as `CRITICAL: ...; ...`, at most `LONGEST` characters; `well` is said where there are none."""
    label = f"{worst(findings).name}: "
    said, *others = [_cleaned(one.sentence) for one in findings] or [_cleaned(well)]
    room = LONGEST - len(label) - _AND_MORE
    said = said if len(said) <= room else f"{said[: room - 3]}..."
    while others and len(said) + len("; ") + len(others[0]) <= room:
        said += f"; {others.pop(0)}"
    more = f"; and {len(others)} more" if others else ""
    return f"{label}{said}{more}"


def summary(document: Document) -> str:
    """What runs, as `3 virtual routers: 1 MASTER, 2 BACKUP`. A router with addresses of both families counts twice."""
    states = Counter(router["state"] for router in document["virtual_routers"])
    total = states.total()
    listed = ", ".join(f"{count} {state}" for state, count in states.most_common())
    return f"{total} virtual router{'' if total == 1 else 's'}{': ' if listed else ''}{listed}"


def _cleaned(sentence: str) -> str:
    """In one line, and without the sign behind which a monitoring system expects numbers."""
    return " ".join(sentence.split()).replace("|", "/")
