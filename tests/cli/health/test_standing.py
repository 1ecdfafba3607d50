"""The priority as a sum, in status and health."""

from datetime import UTC, datetime
from typing import Any

import pytest

from failover.cli.health.findings import Severity, notes, wrong
from tests.cli.health.test_findings import router

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def track(weight: int | None, *, is_well: bool, name: str = "uplink") -> dict[str, Any]:
    counts = weight is not None and is_well is (weight > 0)
    return {
        "tracker": name,
        "weight": weight,
        "is_well": is_well,
        "contributes": weight if counts else 0,
        "text": "eth1 is up" if is_well else "eth1 has no carrier",
        "since": "2026-01-01T11:59:48.000Z",
    }


def tracked(configured: int, effective: int, *tracking: dict[str, Any], **changes: Any) -> dict[str, Any]:
    priority = {"configured": configured, "effective": effective}
    return router(priority=priority, tracking=list(tracking), last_change=None, **changes)


FAILS = "(eth1 has no carrier, for 12 s)"


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (tracked(150, 130, track(-20, is_well=False)), f"priority 130 = 150 configured - 20 uplink {FAILS}"),
        (tracked(150, 150, track(20, is_well=False)), f"priority 150 = 150 configured + 0 uplink {FAILS}"),
        (
            tracked(150, 140, track(-20, is_well=False), track(10, is_well=True, name="db")),
            f"priority 140 = 150 configured - 20 uplink {FAILS} + 10 db",
        ),
        (
            tracked(10, 1, track(-20, is_well=False)),
            f"priority 1, not -10 = 10 configured - 20 uplink {FAILS}, because it is never below 1 or above 254",
        ),
        (
            tracked(255, 255, track(-20, is_well=False)),
            f"priority 255, not 235 = 255 configured - 20 uplink {FAILS}, because the addresses are this host's own",
        ),
    ],
)
def test_a_tracker_that_fails_is_a_warning_with_the_sum(one: dict[str, Any], sentence: str) -> None:
    (found,) = wrong(one, NOW)
    assert found == (Severity.WARNING, "web", f"web (ipv4): {sentence}")
    assert notes(one, NOW) == []


def test_a_tracker_that_is_well_and_raises_the_priority_is_a_note() -> None:
    one = tracked(150, 170, track(20, is_well=True))
    assert wrong(one, NOW) == []
    assert notes(one, NOW) == ["web (ipv4): priority 170 = 150 configured + 20 uplink"]


@pytest.mark.parametrize(
    "one",
    [
        tracked(150, 150),
        tracked(150, 150, track(None, is_well=True)),
        router(last_change=None, priority={"configured": 150, "effective": 150}),
    ],
    ids=["none", "without a weight", "an older daemon"],
)
def test_where_no_weight_counts_nothing_is_said(one: dict[str, Any]) -> None:
    assert wrong(one, NOW) == []
    assert notes(one, NOW) == []


def test_a_fault_is_said_and_no_sum_beside_it() -> None:
    fault = {"reason": "tracker_failed", "detail": "tracker db has failed: eth2 has no carrier"}
    one = tracked(150, 130, track(-20, is_well=False), fault=fault)
    (found,) = wrong(one, NOW)
    assert found == (Severity.CRITICAL, "web", "web (ipv4) cannot run: tracker db has failed: eth2 has no carrier")
