"""What is wrong by the status document, how grave it is, and how it is said in a line."""

from datetime import UTC, datetime
from typing import Any

import pytest

from failover.cli.health.findings import Finding, Severity
from failover.cli.health.judgement import LONGEST, in_a_line, judge, silence, summary, worst
from tests.cli.test_status import NOW, document, router

CRITICAL, WARNING, UNKNOWN = Severity.CRITICAL, Severity.WARNING, Severity.UNKNOWN
NO_CARRIER = {"reason": "no_carrier", "detail": "eth0 has no carrier"}
REFUSED = {"what": "advertisement", "error": "Operation not permitted", "count": 3, "at": "2026-01-01T11:59:59.000Z"}


def with_daemon(*routers: dict[str, Any], **daemon: Any) -> dict[str, Any]:
    made = document(*routers)
    return {**made, "daemon": {**made["daemon"], **daemon}}


def silent(since: str | None) -> dict[str, Any]:
    return {"answers": False, "answered_at": None, "silent_since": since}


def test_the_statuses_are_those_of_a_nagios_plugin() -> None:
    assert [(one.name, int(one)) for one in Severity] == [("OK", 0), ("WARNING", 1), ("CRITICAL", 2), ("UNKNOWN", 3)]


@pytest.mark.parametrize("state", ["MASTER", "BACKUP"])
def test_where_all_is_well_there_is_nothing_to_find(state: str) -> None:
    answering = {"answers": True, "answered_at": "2026-01-01T11:59:59.000Z", "silent_since": None}
    assert judge(with_daemon(router(state=state), engine=answering), NOW) == []
    assert judge(document(router(state=state)), NOW) == [], "nor by an agent that does not know of its engine"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            {"state": "INITIALIZE", "fault": NO_CARRIER},
            "LAN (ipv6) cannot run: eth0 has no carrier: check the cable and the switch port",
        ),
        (
            {"send_error": REFUSED},
            "LAN (ipv6) cannot send its advertisements: Operation not permitted (3 failed, last 1.0 s ago)",
        ),
        ({"address_conflict": "192.0.2.1 is the host's own"}, "LAN (ipv6): 192.0.2.1 is the host's own"),
    ],
)
def test_what_is_wrong_with_a_router_is_critical_and_names_it(wrong: dict[str, Any], sentence: str) -> None:
    found = judge(document(router(), router(name="LAN", family="ipv6", **wrong)), NOW)
    assert found == [Finding(CRITICAL, "LAN", sentence)]


def test_what_the_system_did_not_grant_is_a_warning_each() -> None:
    found = judge(with_daemon(warnings=["no real-time scheduling", "memory is not locked"]), NOW)
    assert found == [
        Finding(WARNING, None, "no real-time scheduling"),
        Finding(WARNING, None, "memory is not locked"),
    ]


@pytest.mark.parametrize(
    ("outcome", "bad", "found"),
    [
        ("reloaded", False, []),
        ("failed", True, ["the last reload failed 5 min 0 s ago; a restart with that file would fail: x.json: no"]),
        ("failed", False, ["the last reload failed 5 min 0 s ago: x.json: no"]),
    ],
)
def test_a_reload_that_failed_is_a_warning(outcome: str, found: list[str], *, bad: bool) -> None:
    last = {"at": "2026-01-01T11:55:00.000Z", "outcome": outcome, "error": "x.json\n  no", "file_is_bad": bad}
    assert judge(with_daemon(last_reload=last), NOW) == [Finding(WARNING, None, one) for one in found]


@pytest.mark.parametrize(
    ("since", "said"),
    [
        ("2026-01-01T11:58:55.000Z", "the engine does not answer; it was last heard from 1 min 5 s ago"),
        (None, "the engine does not answer"),
    ],
)
def test_an_engine_that_does_not_answer_is_critical(since: str | None, said: str) -> None:
    frozen = with_daemon(engine=silent(since))
    assert judge(frozen, NOW) == [Finding(CRITICAL, None, said)]
    assert silence(frozen, NOW) == said
    assert silence(document(), NOW) is None


def test_the_worst_comes_first_and_those_alike_in_their_order() -> None:
    found = judge(
        with_daemon(
            router(name="A", fault=NO_CARRIER),
            router(name="B", send_error=REFUSED, address_conflict="x"),
            engine=silent(None),
            warnings=["w"],
        ),
        NOW,
    )
    assert [(one.severity, one.router) for one in found] == [
        (CRITICAL, None),
        (CRITICAL, "A"),
        (CRITICAL, "B"),
        (CRITICAL, "B"),
        (WARNING, None),
    ]


@pytest.mark.parametrize(
    ("severities", "together"),
    [
        ([], Severity.OK),
        ([WARNING], WARNING),
        ([UNKNOWN, WARNING], WARNING),
        ([WARNING, UNKNOWN, CRITICAL], CRITICAL),
        ([UNKNOWN], UNKNOWN),
    ],
)
def test_the_worst_of_them_counts(severities: list[Severity], together: Severity) -> None:
    assert worst([Finding(one, None, "x") for one in severities]) is together


def test_one_line_says_all_of_it() -> None:
    findings = [Finding(CRITICAL, "A", "a is broken"), Finding(WARNING, None, "b is missing")]
    assert in_a_line(findings, "well") == "CRITICAL: a is broken; b is missing"
    assert in_a_line([], "well") == "OK: well"


def test_the_line_is_one_line_and_has_no_sign_of_performance_data() -> None:
    assert in_a_line([Finding(UNKNOWN, None, "a\nb | c\t d")], "") == "UNKNOWN: a b / c d"
    assert in_a_line([], "a|b\r\n") == "OK: a/b"


@pytest.mark.parametrize("count", [1, 2, 7, 50, 1000])
@pytest.mark.parametrize("length", [1, 40, 390, 1000])
def test_the_line_is_bounded_and_says_how_many_more_there_are(count: int, length: int) -> None:
    said = in_a_line([Finding(CRITICAL, None, "x" * length)] * count, "")
    assert len(said) <= LONGEST
    *shown, last = said.removeprefix("CRITICAL: ").split("; ")
    more = int(last.split()[1]) if last.startswith("and ") else 0
    assert len(shown) + (0 if more else 1) + more == count
    assert len(shown) >= 1 or more == 0
    assert (more > 0) == (len("CRITICAL: ") + count * (length + 2) > LONGEST - 20 and count > 1)


def test_what_runs_is_counted_by_state() -> None:
    assert summary(document(router(), router(state="BACKUP"), router(state="BACKUP"))) == (
        "3 virtual routers: 2 BACKUP, 1 MASTER"
    )
    assert summary(document(router())) == "1 virtual router: 1 MASTER"
    assert summary({**document(), "virtual_routers": []}) == "0 virtual routers"


def test_time_that_runs_backwards_is_no_time() -> None:
    early = datetime(2025, 1, 1, tzinfo=UTC)
    assert silence(with_daemon(engine=silent("2026-01-01T00:00:00.000Z")), early) == (
        "the engine does not answer; it was last heard from 0 s ago"
    )
