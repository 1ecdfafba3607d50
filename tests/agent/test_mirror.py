"""The status document, from messages."""

from msgspec.structs import replace

from failover.agent.mirror import Mirror, timestamp
from failover.messages import (
    LAG_BOUNDS,
    Changed,
    Counters,
    DaemonStatus,
    Dropped,
    EngineLag,
    Event,
    FaultStatus,
    Lag,
    Message,
    RealtimeStatus,
    RouterStatus,
    SendError,
)

BORN = 1_767_225_600_000_000_000
"""2026-01-01."""
REALTIME = RealtimeStatus(scheduler="SCHED_RR", priority=49, memory_locked=False, timer_slack_ns=1, cpu_affinity=[1])
DAEMON = DaemonStatus(
    version="1.2.3", pid=42, started_at=BORN, realtime=REALTIME, warnings=["memory is not locked: needs CAP_IPC_LOCK"]
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
    advertisement_interval=1_000_000_000,
    master_down_interval=3_609_375_000,
    addresses=["192.168.100.100/24"],
    counters=Counters(
        advertisements_sent=7,
        advertisements_received=6,
        priority_zero_sent=5,
        priority_zero_received=4,
        transitions_to_master=3,
        send_errors=2,
        discarded={"checksum": 1},
        oddities={"rival_master": 8},
    ),
)


def told(*messages: Message) -> Mirror:
    mirror = Mirror()
    for message in messages:
        mirror.update(message)
    return mirror


def test_the_document_is_this() -> None:
    assert told(DAEMON, Changed([ROUTER])).status(BORN + 12_345_678_901) == {
        "daemon": {
            "version": "1.2.3",
            "pid": 42,
            "uptime_seconds": 12.346,
            "realtime": {
                "scheduler": "SCHED_RR",
                "priority": 49,
                "memory_locked": False,
                "timer_slack_ns": 1,
                "cpu_affinity": [1],
            },
            "engine_lag_seconds": None,
            "warnings": ["memory is not locked: needs CAP_IPC_LOCK"],
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
                "fault": None,
                "priority": {"configured": 100, "effective": 100},
                "master": "192.168.100.1",
                "advertisement_interval_seconds": 1.0,
                "master_down_interval_seconds": 3.609375,
                "addresses": ["192.168.100.100/24"],
                "virtual_mac": None,
                "send_error": None,
                "counters": {
                    "advertisements_sent": 7,
                    "advertisements_received": 6,
                    "priority_zero_sent": 5,
                    "priority_zero_received": 4,
                    "transitions_to_master": 3,
                    "send_errors": 2,
                    "discarded": {"checksum": 1},
                    "oddities": {"rival_master": 8},
                },
            }
        ],
    }


def test_lateness_is_told_in_seconds_with_the_end_of_each_bucket() -> None:
    counts = list(range(len(LAG_BOUNDS) + 1))
    lag = EngineLag(
        since_start=Lag(max=2_000_000_000, counts=counts), last_minute=Lag(max=70_000, counts=[0] * len(counts))
    )
    document = told(DAEMON, lag).status(BORN)
    assert document is not None
    told_lag = document["daemon"]["engine_lag_seconds"]
    assert told_lag["max"] == 2.0
    assert told_lag["histogram"][0] == {"up_to": 0.00005, "count": 0}
    assert told_lag["histogram"][-2:] == [{"up_to": 1.0, "count": 11}, {"up_to": None, "count": 12}]
    assert told_lag["last_minute"]["max"] == 0.00007


def test_a_fault_has_a_word_for_machines_and_a_sentence() -> None:
    faulted = replace(ROUTER, state="INITIALIZE", fault=FaultStatus("no_carrier", "eth0 has no carrier"), master=None)
    document = told(DAEMON, Changed([faulted])).status(BORN)
    assert document is not None
    (router,) = document["virtual_routers"]
    assert router["fault"] == {"reason": "no_carrier", "detail": "eth0 has no carrier"}
    assert router["master"] is None


def test_before_the_engine_has_said_who_it_is_there_is_no_document() -> None:
    assert told().status(BORN) is None
    assert told(Changed([ROUTER])).status(BORN) is None


def test_the_latest_status_of_each_router_counts_and_the_order_stays() -> None:
    other = replace(ROUTER, family="ipv6")
    later = replace(ROUTER, state="BACKUP")
    document = told(DAEMON, Changed([ROUTER, other]), Changed([later])).status(BORN)
    assert document is not None
    assert [(one["family"], one["state"]) for one in document["virtual_routers"]] == [
        ("ipv4", "BACKUP"),
        ("ipv6", "MASTER"),
    ]


def test_events_change_nothing_and_losses_add_up() -> None:
    mirror = told(DAEMON, Event(at=BORN, kind="state_changed"), Dropped(2), Dropped(3))
    assert mirror.dropped == 5
    assert mirror.status(BORN) == told(DAEMON).status(BORN)


def test_a_time_stamp_is_utc_with_milliseconds_cut_not_rounded() -> None:
    assert timestamp(BORN + 999_999_999) == "2026-01-01T00:00:00.999Z"
    assert timestamp(0) == "1970-01-01T00:00:00.000Z"


def test_what_cannot_be_sent_is_in_the_document() -> None:
    error = SendError(what="advertisement", error="Operation not permitted", count=12, at=BORN + 2_000_000)
    document = told(DAEMON, Changed([replace(ROUTER, send_error=error)])).status(BORN)
    assert document is not None
    assert document["virtual_routers"][0]["send_error"] == {
        "what": "advertisement",
        "error": "Operation not permitted",
        "count": 12,
        "at": "2026-01-01T00:00:00.002Z",
    }
