"""The effective priority of a virtual router as a sum, by the status document: in one sentence. Pure."""

from datetime import datetime
from typing import Any, Final

from failover.cli.words import elapsed

Router = dict[str, Any]
"""As the status document has it."""

_OWNER: Final = 255


def is_impaired(router: Router) -> bool:
    """Whether a tracker fails that changes the priority of the router."""
    return any(not track["is_well"] and track["weight"] is not None for track in router.get("tracking", ()))


def as_a_sum(router: Router, now: datetime) -> str | None:
    """Such as `priority 130 = 150 configured - 20 uplink (eth1 has no carrier, for 12 s)`.

    None where no tracker has a weight.
    """
    weighed = [track for track in router.get("tracking", ()) if track["weight"] is not None]
    if not weighed:
        return None
    configured, effective = router["priority"]["configured"], router["priority"]["effective"]
    total = configured + sum(track["contributes"] for track in weighed)
    terms = " ".join((f"{configured} configured", *(_term(track, now) for track in weighed)))
    if total == effective:
        return f"priority {effective} = {terms}"
    why = "the addresses are this host's own" if configured == _OWNER else "it is never below 1 or above 254"
    return f"priority {effective}, not {total} = {terms}, because {why}"


def _term(track: dict[str, Any], now: datetime) -> str:
    sign = "-" if track["contributes"] < 0 else "+"
    term = f"{sign} {abs(track['contributes'])} {track['tracker']}"
    if track["is_well"]:
        return term
    lasted = elapsed((now - datetime.fromisoformat(track["since"])).total_seconds())
    return f"{term} ({track['text']}, for {lasted})"
