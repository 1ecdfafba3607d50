"""What the documentation says of the code is made from it, and whole."""

from pathlib import Path
from typing import Any

import pytest

from failover.agent.api.status_document import status_document
from failover.agent.link.mirror import Mirror
from failover.config import DAEMON_SETTINGS, SETTINGS
from failover.messages import (
    LAG_BOUNDS,
    AuthenticationStatus,
    Change,
    Changed,
    ChecksumStatus,
    Counters,
    DaemonStatus,
    EngineLag,
    FaultStatus,
    Holds,
    Inventory,
    Lag,
    LastReload,
    Problem,
    RealtimeStatus,
    RouterStatus,
    SendError,
    TrackStatus,
)
from failover.vrrp.packet.receive import DiscardReason
from tests.docs.generated import FIELDS, PARTS, ROOT, documented, documents, made_anew

LAG = Lag(max=1, counts=[1] * (len(LAG_BOUNDS) + 1))


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_made_from_the_code_is_as_the_code(document: Path) -> None:
    text = document.read_text()
    assert text == made_anew(text), "run: python -m tests.docs.generated"


def test_every_part_stands_somewhere() -> None:
    everything = "".join(document.read_text() for document in documents())
    assert [name for name in PARTS if f"<!-- {name}: made from " not in everything] == []


def test_the_tables_have_all_that_there_is() -> None:
    assert {one for one, _ in documented(DiscardReason)} == set(DiscardReason)
    configuration = (ROOT / "docs/reference/configuration.md").read_text()
    assert all(f"| `{name}` |" in configuration for name in [*SETTINGS, *DAEMON_SETTINGS])


def test_the_fields_of_the_status_document_are_those_that_it_has() -> None:
    mirror = Mirror()
    realtime = RealtimeStatus(
        scheduler="SCHED_RR", priority=49, memory_locked=True, timer_slack_ns=1, time_slice_ns=0, cpu_affinity=None
    )
    last = LastReload(at=0, error="F: 1 problem", is_bad_file=True)
    mirror.update(
        DaemonStatus(version="1", pid=1, started_at=0, realtime=realtime, warnings=["none"], last_reload=last)
    )
    mirror.update(EngineLag(since_start=LAG, last_minute=LAG))
    mirror.update(Inventory([0]))
    mirror.update(Changed({0: a_router_with_everything()}))
    mirror.update(Holds(0, 0, ["192.0.2.1/24"]))
    document = status_document(mirror, 1)
    assert document is not None
    assert sorted(set(paths(document))) == sorted(FIELDS)


def a_router_with_everything() -> RouterStatus:
    return RouterStatus(
        name="VR_1",
        family="ipv4",
        vrid=1,
        interface="eth0",
        version=3,
        state="MASTER",
        since=0,
        fault=FaultStatus("no_carrier", "no carrier"),
        configured_priority=100,
        effective_priority=100,
        master=None,
        advertisement_interval=1,
        master_down_interval=1,
        checksum=ChecksumStatus(sent="rfc9568", is_learned=False, master=None),
        change=Change(previous="BACKUP", cause="started", text="started", evidence={"EVIDENCE": 1}),
        problems=[
            Problem(
                what="version",
                source="192.0.2.1",
                severity="critical",
                text="no",
                since=0,
                last_heard=1,
                over_at=2,
                count=2,
            )
        ],
        own_subnets=["192.0.2.0/24"],
        destinations=["224.0.0.18"],
        counters=Counters(discarded={"REASON": 1}, oddities={"ODDITY": 1}),
        send_error=SendError(what="advertisement", error="no", count=1, at=1),
        authentication=AuthenticationStatus(method="hmac_sha256", keys=[1]),
        tracking=[TrackStatus(tracker="db", weight=-20, is_well=False, contributes=-20, text="no", since=0)],
    )


def paths(value: Any, at: str = "") -> list[str]:
    """Where there are values in a document."""
    if isinstance(value, dict):
        return [path for key, below in value.items() for path in paths(below, f"{at}.{key}" if at else key)]
    if isinstance(value, list):
        return [path for below in value for path in paths(below, f"{at}[]")]
    return [at]
