"""What the status says in sentences."""

from datetime import UTC, datetime
from typing import Any

import pytest

from failover.cli.health.findings import Severity, notes, wrong

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
CHANGE = {"previous": "BACKUP", "cause": "no_master", "text": "no MASTER heard in 3 s", "evidence": {}}
RIVAL = {
    "what": "rival_master",
    "severity": "critical",
    "source": "192.0.2.2",
    "text": "192.0.2.2 advertises with priority 50 although this host is MASTER",
    "since": "2026-01-01T11:57:55.000Z",
    "last_heard": "2026-01-01T11:59:59.000Z",
    "count": 125,
}
CHECKSUM = {"sent": "rfc9568", "is_learned": False, "master": None}


def router(**changes: Any) -> dict[str, Any]:
    return {
        "name": "web",
        "family": "ipv4",
        "state": "MASTER",
        "since": "2026-01-01T11:55:00.000Z",
        "fault": None,
        "master": "192.0.2.2",
        "send_error": None,
        "address_conflict": None,
        "problems": [],
        "checksum": CHECKSUM,
        "last_change": CHANGE,
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({}, []),
        ({"checksum": None}, []),
        (
            {"problems": [RIVAL]},
            ["web (ipv4): 192.0.2.2 advertises with priority 50 although this host is MASTER (for 2 min 5 s)"],
        ),
        (
            {"fault": {"reason": "no_carrier", "detail": "eth0 has no carrier"}, "address_conflict": "b"},
            ["web (ipv4) cannot run: eth0 has no carrier: check the cable and the switch port", "web (ipv4): b"],
        ),
        (
            {"checksum": {**CHECKSUM, "master": "pseudo_header"}},
            [
                (
                    "web (ipv4): MASTER 192.0.2.2 sends checksums with a pseudo-header, and this host without a"
                    ' pseudo-header: it may discard what this host sends; set "checksum": "pseudo_header"'
                )
            ],
        ),
    ],
)
def test_what_is_wrong_has_a_sentence(changes: dict[str, Any], sentences: list[str]) -> None:
    assert [finding.sentence for finding in wrong(router(**changes), NOW)] == sentences


@pytest.mark.parametrize(("severity", "found"), [("critical", Severity.CRITICAL), ("warning", Severity.WARNING)])
def test_a_problem_is_as_grave_as_the_daemon_says(severity: str, found: Severity) -> None:
    assert [one.severity for one in wrong(router(problems=[{**RIVAL, "severity": severity}]), NOW)] == [found]


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({}, ["web (ipv4) changed from BACKUP to MASTER 5 min 0 s ago: no MASTER heard in 3 s"]),
        ({"state": "BACKUP"}, ["web (ipv4) is still BACKUP: no MASTER heard in 3 s"]),
        ({"last_change": None}, []),
        ({"fault": {"reason": "x", "detail": "y"}}, []),
        (
            {
                "last_change": None,
                "checksum": {"sent": "pseudo_header", "is_learned": True, "master": "pseudo_header"},
            },
            [
                (
                    "web (ipv4): checksums are sent with a pseudo-header, because another host does so;"
                    ' set "checksum": "pseudo_header" to do so from the start'
                )
            ],
        ),
    ],
)
def test_how_it_came_to_its_state_and_what_it_learned_has_a_sentence(
    changes: dict[str, Any], sentences: list[str]
) -> None:
    assert notes(router(**changes), NOW) == sentences


def test_an_older_daemon_says_less() -> None:
    older = {name: value for name, value in router().items() if name not in ("problems", "checksum", "last_change")}
    assert (wrong(older, NOW), notes(older, NOW)) == ([], [])
