"""What the status says of a virtual router in sentences: what is wrong, and how it came to its state.

The daemon may be of an older version than the command, until its next restart.
"""

from datetime import datetime
from typing import Any

from failover.cli.words import ago, elapsed

Router = dict[str, Any]
"""As the status document has it."""

_FORMS = {"rfc9568": "without a pseudo-header", "pseudo_header": "with a pseudo-header"}


def wrong(router: Router, now: datetime) -> list[str]:
    """What keeps it from its work, or is not as it should be; the gravest first."""
    who = named(router)
    return [
        *([f"{who} cannot run: {router['fault']['detail']}"] if router["fault"] else []),
        *([_unsent(router, now)] if router["send_error"] else []),
        *([f"{who}: {router['address_conflict']}"] if router.get("address_conflict") else []),
        *(f"{who}: {problem['text']} (for {_since(problem['since'], now)})" for problem in router.get("problems", ())),
        *_checksum(router),
    ]


def past(router: Router, now: datetime) -> list[str]:
    """How it came to its state."""
    change = router.get("last_change")
    if change is None or router["fault"]:
        return []
    if change["previous"] == router["state"]:
        return [f"{named(router)} stays {router['state']}: {change['text']}"]
    since = _since(router["since"], now)
    return [f"{named(router)} changed from {change['previous']} to {router['state']} {since} ago: {change['text']}"]


def named(router: Router) -> str:
    """Such as `web (ipv4)`: one with addresses of both families is two to the protocol."""
    return f"{router['name']} ({router['family']})"


def _since(time: str, now: datetime) -> str:
    return elapsed((now - datetime.fromisoformat(time)).total_seconds())


def _unsent(router: Router, now: datetime) -> str:
    error = router["send_error"]
    times = f"{error['count']} failed, last {ago((now - datetime.fromisoformat(error['at'])).total_seconds())} ago"
    return f"{named(router)} cannot send its {error['what']}s: {error['error']} ({times})"


def _checksum(router: Router) -> list[str]:
    """Only what is not as configured: routers that send different forms may drop each other's advertisements."""
    forms = router.get("checksum")
    if forms is None:
        return []
    sent, theirs = forms["sent"], forms["master"]
    if theirs not in (None, sent):
        what = f"MASTER {router['master']} sends checksums {_FORMS[theirs]}, and this host {_FORMS[sent]}"
        return [f'{named(router)}: {what}: it may not hear this host; set "checksum": "{theirs}"']
    if forms["is_learned"]:
        what = f"checksums are sent {_FORMS[sent]}, because another host does so"
        return [f'{named(router)}: {what}; set "checksum": "{sent}" to do so from the start']
    return []
