"""The status document, from messages."""

import os
from itertools import combinations, permutations
from typing import Any

import pytest
from msgspec.structs import replace

from failover.agent.api.status_document import status_document
from failover.agent.link.mirror import Mirror
from failover.agent.timestamp import timestamp
from failover.linux.confinement.fence import Fence
from failover.messages import (
    LAG_BOUNDS,
    AuthenticationStatus,
    Change,
    Changed,
    ChecksumStatus,
    Counted,
    Counters,
    DaemonStatus,
    Dropped,
    EngineLag,
    Event,
    FaultStatus,
    Holds,
    Inventory,
    Lag,
    LastReload,
    Message,
    Problem,
    RealtimeStatus,
    RouterStatus,
    SendError,
    TrackStatus,
    decode,
    encode,
)
from tests.rfc.marks import positive

BORN = 1_767_225_600_000_000_000
"""2026-01-01."""
REALTIME = RealtimeStatus(
    scheduler="SCHED_RR", priority=49, memory_locked=False, timer_slack_ns=1, time_slice_ns=0, cpu_affinity=[1]
)
DAEMON = DaemonStatus(
    version="1.2.3",
    pid=42,
    started_at=BORN,
    realtime=REALTIME,
    warnings=["memory is not locked: needs CAP_IPC_LOCK"],
    configuration_file="/etc/failover/vrrp-config.json",
    configuration_digest="0a1b2c3d",
)
ROUTER = RouterStatus(
    name="VR_1",
    family="ipv4",
    vrid=51,
    interface="eth0",
    version=3,
    state="MASTER",
    since=BORN + 1_500_000,
    fault=None,
    configured_priority=100,
    effective_priority=100,
    master="192.168.100.1",
    master_priority=100,
    checksum=ChecksumStatus(sent="rfc9568", is_learned=True, master=None),
    change=Change(previous="BACKUP", cause="no_master", text="no MASTER", evidence={"silence_seconds": 3.6}),
    problems=[
        Problem(
            what="version",
            source="192.168.100.2",
            severity="critical",
            text="discarded",
            since=BORN + 5_000_000_000,
            last_heard=BORN + 12_000_000_000,
            over_at=BORN + 17_000_000_000,
            count=8,
        )
    ],
    advertisement_interval=1_000_000_000,
    master_down_interval=3_609_375_000,
    counters=Counters(
        advertisements_sent=7,
        advertisements_received=6,
        priority_zero_sent=5,
        priority_zero_received=4,
        transitions_to_master=3,
        send_errors=2,
        address_elsewhere=3,
        discarded={"checksum": 1},
        oddities={"rival_master": 8},
    ),
    authentication=AuthenticationStatus(method="password", password_is_cut=True),
    tracking=[
        TrackStatus(tracker="uplink", weight=-60, is_well=False, contributes=-60, text="no carrier", since=BORN),
    ],
)

HOLDS = Holds(0, 0, ["192.168.100.100/24"])
KNOWN: tuple[Message, ...] = (DAEMON, Inventory([0]), Changed({0: ROUTER}), HOLDS)
"""All that there is to know of a daemon with one router."""


def told(*messages: Message) -> Mirror:
    mirror = Mirror()
    for message in messages:
        mirror.update(decode(encode(message)))
    return mirror


@positive("M-009")
def test_the_document_is_this() -> None:
    assert status_document(told(*KNOWN), BORN + 12_345_678_901) == {
        "daemon": {
            "version": "1.2.3",
            "pid": 42,
            "uptime_seconds": 12.346,
            "engine": {"answers": True, "answered_at": None, "silent_since": None},
            "realtime": {
                "scheduler": "SCHED_RR",
                "priority": 49,
                "memory_locked": False,
                "timer_slack_ns": 1,
                "time_slice_ns": 0,
                "cpu_affinity": [1],
            },
            "engine_lag_seconds": None,
            "agent": {"user": os.geteuid(), "landlock": 0, "system_call_filter": False},
            "warnings": ["memory is not locked: needs CAP_IPC_LOCK"],
            "configuration_file": "/etc/failover/vrrp-config.json",
            "configuration_digest": "0a1b2c3d",
            "last_reload": None,
        },
        "virtual_routers": [
            {
                "name": "VR_1",
                "family": "ipv4",
                "vrid": 51,
                "interface": "eth0",
                "version": 3,
                "state": "MASTER",
                "since": "2026-01-01T00:00:00.001Z",
                "last_change": {
                    "previous": "BACKUP",
                    "cause": "no_master",
                    "text": "no MASTER",
                    "evidence": {"silence_seconds": 3.6},
                },
                "problems": [
                    {
                        "what": "version",
                        "severity": "critical",
                        "source": "192.168.100.2",
                        "text": "discarded",
                        "since": "2026-01-01T00:00:05.000Z",
                        "last_heard": "2026-01-01T00:00:12.000Z",
                        "count": 8,
                    }
                ],
                "fault": None,
                "priority": {"configured": 100, "effective": 100},
                "tracking": [
                    {
                        "tracker": "uplink",
                        "weight": -60,
                        "is_well": False,
                        "contributes": -60,
                        "text": "no carrier",
                        "since": "2026-01-01T00:00:00.000Z",
                    }
                ],
                "master": "192.168.100.1",
                "master_priority": 100,
                "checksum": {"sent": "rfc9568", "is_learned": True, "master": None},
                "advertisement_interval_seconds": 1.0,
                "master_down_interval_seconds": 3.609375,
                "addresses": ["192.168.100.100/24"],
                "own_subnets": [],
                "accept_mode": True,
                "preferred_lifetime": None,
                "source": None,
                "destinations": [],
                "hop_limit": 255,
                "virtual_mac": None,
                "send_error": None,
                "address_conflict": None,
                "authentication": {
                    "method": "password",
                    "password_is_cut": True,
                    "mode": None,
                    "keys": None,
                    "active_key": None,
                    "anti_replay": None,
                    "time_window_seconds": None,
                },
                "counters": {
                    "advertisements_sent": 7,
                    "advertisements_received": 6,
                    "priority_zero_sent": 5,
                    "priority_zero_received": 4,
                    "transitions_to_master": 3,
                    "send_errors": 2,
                    "address_elsewhere": 3,
                    "discarded": {"checksum": 1},
                    "oddities": {"rival_master": 8},
                },
            }
        ],
    }


def test_a_problem_is_over_when_it_was_not_heard_for_a_while_also_where_the_engine_says_nothing() -> None:
    for at, count in ((17_000_000_000, 1), (17_000_000_001, 0)):
        document = status_document(told(*KNOWN), BORN + at)
        assert document is not None
        assert len(document["virtual_routers"][0]["problems"]) == count


def test_what_the_agent_lacks_is_told_with_what_the_engine_lacks() -> None:
    mirror = Mirror(Fence(65534, 5, filters_system_calls=True, warnings=("the agent ...",)))
    for message in KNOWN:
        mirror.update(message)
    document = status_document(mirror, BORN)
    assert document is not None
    assert document["daemon"]["agent"] == {"user": 65534, "landlock": 5, "system_call_filter": True}
    assert document["daemon"]["warnings"] == ["memory is not locked: needs CAP_IPC_LOCK", "the agent ..."]


def test_lateness_is_told_in_seconds_with_the_end_of_each_bucket() -> None:
    counts = list(range(len(LAG_BOUNDS) + 1))
    lag = EngineLag(
        since_start=Lag(max=2_000_000_000, counts=counts), last_minute=Lag(max=70_000, counts=[0] * len(counts))
    )
    document = status_document(told(*KNOWN, lag), BORN)
    assert document is not None
    told_lag = document["daemon"]["engine_lag_seconds"]
    assert told_lag["max"] == 2.0
    assert told_lag["histogram"][0] == {"up_to": 0.00005, "count": 0}
    assert told_lag["histogram"][-2:] == [{"up_to": 1.0, "count": 11}, {"up_to": None, "count": 12}]
    assert told_lag["last_minute"]["max"] == 0.00007


def test_lateness_in_other_buckets_than_ours_is_not_known() -> None:
    ours, others = (Lag(max=1, counts=[0] * (len(LAG_BOUNDS) + more)) for more in (1, 0))
    for lag in (EngineLag(since_start=ours, last_minute=others), EngineLag(since_start=others, last_minute=ours)):
        document = status_document(told(*KNOWN, EngineLag(since_start=ours, last_minute=ours), lag), BORN)
        assert document is not None
        assert document["daemon"]["engine_lag_seconds"] is None


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (None, None),
        (
            LastReload(at=BORN),
            {"at": "2026-01-01T00:00:00.000Z", "outcome": "reloaded", "error": None, "file_is_bad": False},
        ),
        (
            LastReload(at=BORN, error="F: 1 problem", is_bad_file=True),
            {"at": "2026-01-01T00:00:00.000Z", "outcome": "failed", "error": "F: 1 problem", "file_is_bad": True},
        ),
    ],
)
def test_the_last_reload_is_told_with_its_time_and_outcome(
    last: LastReload | None, expected: dict[str, Any] | None
) -> None:
    document = status_document(told(*KNOWN, replace(DAEMON, last_reload=last)), BORN)
    assert document is not None
    assert document["daemon"]["last_reload"] == expected


def test_a_fault_has_a_word_for_machines_and_a_sentence() -> None:
    faulted = replace(ROUTER, state="INITIALIZE", fault=FaultStatus("no_carrier", "eth0 has no carrier"), master=None)
    document = status_document(told(*KNOWN, Changed({0: faulted})), BORN)
    assert document is not None
    (router,) = document["virtual_routers"]
    assert router["fault"] == {"reason": "no_carrier", "detail": "eth0 has no carrier"}
    assert router["master"] is None


def test_before_the_engine_has_said_everything_there_is_no_document() -> None:
    assert status_document(told(), BORN) is None
    for count in range(len(KNOWN)):
        for some in combinations(KNOWN, count):
            assert status_document(told(*some), BORN) is None
    for all_of_them in permutations(KNOWN):
        assert status_document(told(*all_of_them), BORN) == status_document(told(*KNOWN), BORN)


def test_the_document_waits_for_the_last_of_the_routers() -> None:
    mirror = told(DAEMON, Inventory([0, 1]), Changed({0: ROUTER, 1: ROUTER}), HOLDS)
    assert status_document(mirror, BORN) is None
    mirror.update(Holds(1, 0, ["192.168.100.101/24"]))
    document = status_document(mirror, BORN)
    assert document is not None
    assert [one["addresses"] for one in document["virtual_routers"]] == [["192.168.100.100/24"], ["192.168.100.101/24"]]


def test_addresses_that_come_in_parts_are_put_together_and_told_anew_replace_those_before() -> None:
    def addresses(*messages: Message) -> list[str]:
        document = status_document(told(*KNOWN, *messages), BORN)
        assert document is not None
        found: list[str] = document["virtual_routers"][0]["addresses"]
        return found

    parts = [Holds(0, 0, ["a", "b"]), Holds(0, 2, ["c", "d"]), Holds(0, 4, ["e"])]
    assert addresses(*parts) == ["a", "b", "c", "d", "e"]
    assert addresses(*parts, *parts) == ["a", "b", "c", "d", "e"]
    assert addresses(*parts, Holds(0, 0, ["f"])) == ["f"]


def test_counts_move_by_themselves_and_only_where_the_router_is_known() -> None:
    document = status_document(told(*KNOWN, Counted({0: (1_000, 2_000), 1: (3, 4)})), BORN)
    assert document is not None
    (router,) = document["virtual_routers"]
    before = status_document(told(*KNOWN), BORN)
    assert before is not None
    assert router["counters"] == before["virtual_routers"][0]["counters"] | {
        "advertisements_sent": 1_000,
        "advertisements_received": 2_000,
    }


def test_the_latest_status_of_each_router_counts_and_the_order_stays() -> None:
    other = replace(ROUTER, family="ipv6")
    later = replace(ROUTER, state="BACKUP")
    both = DAEMON, Inventory([0, 1]), HOLDS, Holds(1, 0, ["fe80::100/64"])
    document = status_document(told(*both, Changed({1: other, 0: ROUTER}), Changed({0: later})), BORN)
    assert document is not None
    assert [(one["family"], one["state"]) for one in document["virtual_routers"]] == [
        ("ipv4", "BACKUP"),
        ("ipv6", "MASTER"),
    ]


def names(mirror: Mirror) -> list[str] | None:
    document = status_document(mirror, BORN)
    return None if document is None else [one["name"] for one in document["virtual_routers"]]


def test_after_a_reload_there_are_other_routers_in_another_order() -> None:
    first, second, third = (replace(ROUTER, name=name) for name in ("VR_1", "VR_2", "VR_3"))
    mirror = told(DAEMON, Inventory([0, 1]), Changed({0: first, 1: second}), HOLDS, Holds(1, 0, ["fe80::1/64"]))
    assert names(mirror) == ["VR_1", "VR_2"]
    mirror.update(Changed({2: third}))
    mirror.update(Holds(2, 0, ["192.168.100.102/24"]))
    assert names(mirror) == ["VR_1", "VR_2"]
    mirror.update(Inventory([2, 1]))
    assert names(mirror) == ["VR_3", "VR_2"]
    mirror.update(Counted({0: (1, 1)}))
    assert names(mirror) == ["VR_3", "VR_2"]


def test_what_has_gone_is_forgotten() -> None:
    mirror = told(*KNOWN, Inventory([]))
    assert names(mirror) == []
    mirror.update(Inventory([0]))
    assert names(mirror) is None


def test_events_change_nothing_and_losses_add_up() -> None:
    mirror = told(*KNOWN, Event(at=BORN, kind="state_changed"), Dropped(2), Dropped(3))
    assert mirror.dropped == 5
    assert status_document(mirror, BORN) == status_document(told(*KNOWN), BORN) is not None


def test_a_time_stamp_is_utc_with_milliseconds_cut_not_rounded() -> None:
    assert timestamp(BORN + 999_999_999) == "2026-01-01T00:00:00.999Z"
    assert timestamp(0) == "1970-01-01T00:00:00.000Z"


def test_what_cannot_be_sent_is_in_the_document() -> None:
    error = SendError(what="advertisement", error="Operation not permitted", count=12, at=BORN + 2_000_000)
    document = status_document(told(*KNOWN, Changed({0: replace(ROUTER, send_error=error)})), BORN)
    assert document is not None
    assert document["virtual_routers"][0]["send_error"] == {
        "what": "advertisement",
        "error": "Operation not permitted",
        "count": 12,
        "at": "2026-01-01T00:00:00.002Z",
    }
