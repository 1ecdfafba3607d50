"""Events from what the protocol says: every cause is rendered, with the evidence that its kind promises."""

from dataclasses import fields
from ipaddress import ip_address, ip_interface, ip_network
from typing import get_args

import pytest

from failover.engine.account.evidence import oddity_fields, transition_fields
from failover.engine.account.status import fault_status
from failover.events import Kind
from failover.messages import FaultStatus
from failover.vrrp import (
    Advertisement,
    Backup,
    BecameOwner,
    BetterMaster,
    Cause,
    ChecksumForm,
    Fault,
    Faulted,
    Heard,
    Initialize,
    Instant,
    MasterDown,
    MasterResigned,
    Oddity,
    Overslept,
    Preempted,
    ReportOddity,
    ShutDown,
    Started,
    StateChanged,
    Version,
    VirtualRouter,
    seconds,
)
from tests.rfc.marks import positive

NOW = Instant(10_000_000_000)
HEARD = Heard(ip_address("192.0.2.12"), 200, Version.V3, Instant(NOW - seconds(2.5)))
FAULT = Fault("no_carrier", "eth0 has no carrier")
WHO = {"master": "192.0.2.12", "master_priority": 200, "heard_seconds_ago": 2.5}
CASES: list[tuple[Cause, dict[str, object]]] = [
    (Started(), {"cause": "started"}),
    (Started(FAULT), {"cause": "fault_over", "fault": "no_carrier", "detail": "eth0 has no carrier"}),
    (BecameOwner(), {"cause": "became_owner"}),
    (MasterDown(None, seconds(3)), {"cause": "no_master", "silence_seconds": 3.0}),
    (MasterDown(HEARD, seconds(2.5)), {"cause": "master_down", "silence_seconds": 2.5, **WHO}),
    (MasterResigned(HEARD), {"cause": "master_resigned", **WHO}),
    (Preempted(HEARD), {"cause": "preempted", **WHO}),
    (BetterMaster(HEARD, by_address=False), {"cause": "better_priority", **WHO}),
    (BetterMaster(HEARD, by_address=True), {"cause": "better_address", **WHO}),
    (Overslept(seconds(4)), {"cause": "overslept", "late_seconds": 4.0}),
    (Faulted(FAULT), {"cause": "fault", "fault": "no_carrier", "detail": "eth0 has no carrier"}),
    (ShutDown(), {"cause": "shutdown"}),
]
INITIALIZE = Initialize(ChecksumForm.MESSAGE)
BACKUP = Backup(ChecksumForm.MESSAGE, NOW, NOW, seconds(1))


@positive("M-010", "M-011")
@pytest.mark.parametrize(("cause", "expected"), CASES, ids=[str(case[1]["cause"]) for case in CASES])
def test_a_transition_says_from_what_to_what_and_why(cause: Cause, expected: dict[str, object]) -> None:
    told = transition_fields(StateChanged(INITIALIZE, BACKUP, cause), NOW)
    assert told == {"previous": "INITIALIZE", "current": "BACKUP", **expected}


def test_every_cause_there_is_has_a_case_above() -> None:
    assert {type(cause) for cause, _ in CASES} == set(get_args(Cause))


def test_all_evidence_of_a_cause_is_told() -> None:
    """As many facts as the cause has, at least: a field that is added to one must not be forgotten here."""
    for cause, expected in CASES:
        facts = [field for field in fields(cause) if getattr(cause, field.name) not in (None, False, True)]
        assert len(expected) - 1 >= len(facts), cause


@positive("M-011")
@pytest.mark.parametrize("oddity", list(Oddity))
def test_an_oddity_says_who_and_what_beside_what_is_configured_here(oddity: Oddity) -> None:
    router = VirtualRouter(
        vrid=51,
        addresses=(ip_interface("192.0.2.100/24"),),
        primary_address=ip_address("192.0.2.11"),
        on_link=(ip_network("192.0.2.0/24"), ip_network("198.51.100.0/25")),
    )
    heard = Advertisement(
        version=Version.V3,
        vrid=51,
        priority=90,
        interval=seconds(0.5),
        addresses=(ip_address("192.0.2.7"), ip_address("192.0.2.8")),
    )
    told = oddity_fields(ReportOddity(oddity, heard, ip_address("192.0.2.12")), router)
    assert tuple(told) == Kind.ODDITY.fields
    assert told == {
        "oddity": oddity.value,
        "source": "192.0.2.12",
        "priority": 90,
        "own_priority": 100,
        "interval_seconds": 0.5,
        "own_interval_seconds": 1.0,
        "addresses": "192.0.2.7, 192.0.2.8",
        "own_addresses": "192.0.2.100",
        "own_networks": "192.0.2.0/24, 198.51.100.0/25",
    }


def test_all_that_a_kind_promises_is_there() -> None:
    for cause, _ in CASES:
        assert tuple(transition_fields(StateChanged(INITIALIZE, BACKUP, cause), NOW))[:3] == Kind.STATE_CHANGED.fields


def test_only_a_fault_makes_initialize_a_fault() -> None:
    assert fault_status(Initialize(ChecksumForm.MESSAGE, FAULT)) == FaultStatus("no_carrier", "eth0 has no carrier")
    assert fault_status(INITIALIZE) is None
    assert fault_status(BACKUP) is None
