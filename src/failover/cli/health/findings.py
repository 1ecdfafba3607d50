"""What is wrong with a virtual router, by the status document, and how it came to its state: in sentences. Pure.

The daemon may be of an older version than the command, until its next restart.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import IntEnum
from typing import Any, Final, NamedTuple

from failover.cli.health.standing import as_a_sum, is_impaired
from failover.cli.words import ago, elapsed

Router = dict[str, Any]
"""As the status document has it."""

_FORMS: Final = {"rfc9568": "without a pseudo-header", "pseudo_header": "with a pseudo-header"}

_MENDS: Final = {
    "interface_down": ": ip link set {interface} up",
    "no_carrier": ": check the cable and the switch port",
    "cannot_send": "; most likely a firewall on this host drops outgoing VRRP (IP protocol 112)",
}
"""What ends a fault, by its reason."""


class Severity(IntEnum):
    """How grave a finding is. The values are the exit statuses of a Nagios plugin."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


class Finding(NamedTuple):
    """Something that is not as it should be."""

    severity: Severity
    router: str | None
    """The name of the virtual router that it is about; None: the daemon."""
    sentence: str


def wrong(router: Router, now: datetime) -> list[Finding]:
    """What keeps it from its work, or is not as it should be."""
    who = named(router)
    return [Finding(severity, router["name"], f"{who}{said}") for severity, said in _wrong(router, now)]


def _wrong(router: Router, now: datetime) -> Iterator[tuple[Severity, str]]:
    if router["fault"]:
        yield Severity.CRITICAL, f" cannot run: {router['fault']['detail']}{_mend(router)}"
    if error := router["send_error"]:
        times = f"{error['count']} failed, last {ago((now - datetime.fromisoformat(error['at'])).total_seconds())} ago"
        yield Severity.CRITICAL, f" cannot send its {error['what']}s: {error['error']} ({times})"
    if router.get("address_conflict"):
        yield Severity.CRITICAL, f": {router['address_conflict']}"
    for problem in router.get("problems", ()):
        severity = Severity.CRITICAL if problem["severity"] == "critical" else Severity.WARNING
        yield severity, f": {problem['text']} (for {_since(problem['since'], now)})"
    if is_impaired(router) and not router["fault"]:
        yield Severity.WARNING, f": {as_a_sum(router, now)}"
    forms = router.get("checksum")
    if forms is not None and forms["master"] not in (None, forms["sent"]):
        what = f"sends checksums {_FORMS[forms['master']]}, and this host {_FORMS[forms['sent']]}"
        mend = f'it may discard what this host sends; set "checksum": "{forms["master"]}"'
        yield Severity.WARNING, f": MASTER {router['master']} {what}: {mend}"


def _mend(router: Router) -> str:
    """What ends a fault, where that can be said."""
    reason, detail = router["fault"]["reason"], router["fault"]["detail"]
    if reason == "cannot_send" and "Operation not permitted" not in detail:
        return ""
    return _MENDS.get(reason, "").format(**router)


def doubts(router: Router) -> list[str]:
    """What may be meant as it is, and is more often a mistake."""
    subnets = router.get("own_subnets")  # an agent of another version may not know
    if not subnets:
        return []
    from failover.cli.health.subnets import mistaken  # noqa: PLC0415 - ipaddress, for IPv4 only

    found = mistaken(router["addresses"], subnets, router["interface"])
    return [f"{named(router)}: {found}"] if found else []


def notes(router: Router, now: datetime) -> list[str]:
    """How it came to its state, and what it has learned."""
    return [*_past(router, now), *_learned(router), *_raised(router, now)]


def _raised(router: Router, now: datetime) -> list[str]:
    sum_of = None if is_impaired(router) else as_a_sum(router, now)
    return [f"{named(router)}: {sum_of}"] if sum_of else []


def _past(router: Router, now: datetime) -> list[str]:
    change = router.get("last_change")
    if change is None or router["fault"]:
        return []
    if change["previous"] == router["state"]:
        return [f"{named(router)} is still {router['state']}: {change['text']}"]
    since = _since(router["since"], now)
    return [f"{named(router)} changed from {change['previous']} to {router['state']} {since} ago: {change['text']}"]


def _learned(router: Router) -> list[str]:
    forms = router.get("checksum")
    if forms is None or not forms["is_learned"]:
        return []
    what = f"checksums are sent {_FORMS[forms['sent']]}, because another host does so"
    return [f'{named(router)}: {what}; set "checksum": "{forms["sent"]}" to do so from the start']


def named(router: Router) -> str:
    """Such as `web (ipv4)`: one with addresses of both families is two to the protocol."""
    return f"{router['name']} ({router['family']})"


def _since(time: str, now: datetime) -> str:
    return elapsed((now - datetime.fromisoformat(time)).total_seconds())
