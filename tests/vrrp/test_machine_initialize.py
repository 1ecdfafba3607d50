"""INITIALIZE, RFC 9568 §6.4.1, from top to bottom; then faults, and what must not lead out of it."""

from dataclasses import replace

import pytest

from failover.vrrp import (
    Action,
    AnnounceAddresses,
    Backup,
    ChecksumForm,
    ConfigChanged,
    Event,
    Family,
    Fault,
    Faulted,
    Initialize,
    InstallAddresses,
    Interval,
    LinkChanged,
    Master,
    PriorityChanged,
    SendAdvertisement,
    ShutDown,
    Shutdown,
    Started,
    Startup,
    State,
    StateChanged,
    Version,
    VirtualRouter,
    Wakeup,
    deadline,
    initial_state,
    seconds,
    state_name,
    step,
)
from tests.rfc.marks import negative, positive
from tests.vrrp.making import (
    ADDRESSES,
    EACH_FAMILY,
    EACH_VERSION,
    NO_CARRIER,
    NOW,
    V2,
    V3,
    a_router,
    after,
    hears,
)

FAULTED = Initialize(ChecksumForm.MESSAGE, NO_CARRIER)
OTHER_FAULT = Fault("interface_missing", "there is no eth0")


# §6.4.1: "If a Startup event is received, then: if the Priority = 255"


@positive("R-038", "R-039", "R-040", "R-041")
@EACH_FAMILY
def test_an_owner_starts_as_master_and_advertises_installs_announces(family: Family) -> None:
    one, other = ADDRESSES[family]
    router = a_router(family, priority=255, addresses=(one,), excluded_addresses=(other,))
    before = initial_state(router)
    found, actions = _step(router, before, Startup())
    assert isinstance(found, Master)
    assert actions == (
        SendAdvertisement(255, router.initial_checksum),
        InstallAddresses(router.held_addresses),
        AnnounceAddresses(router.held_addresses),
        StateChanged(before, found, Started()),
    )


@positive("R-041")
@EACH_VERSION
def test_the_owners_next_advertisement_is_due_after_its_interval(version: Version) -> None:
    router = a_router(version=version, priority=255, advertisement_interval=seconds(3))
    found, _ = _step(router, initial_state(router), Startup())
    assert deadline(found) == NOW + seconds(3)
    assert isinstance(found, Master)
    assert found.advertise_at == NOW + seconds(3)


def test_the_owner_announces_again_after_five_seconds() -> None:
    router = a_router(priority=255)
    found, _ = _step(router, initial_state(router), Startup())
    assert isinstance(found, Master)
    assert found.repeat_announcements_at == NOW + seconds(5)


# §6.4.1: "else: Set Active_Adver_Interval to Advertisement_Interval, set Active_Down_Timer, transition to Backup"


@positive("R-030", "R-042")
@pytest.mark.parametrize(
    ("version", "interval", "down"),
    [(V3, seconds(1), 3_609_375_000), (V3, seconds(0.01), 36_093_750), (V2, seconds(255), 765_609_375_000)],
)
def test_another_router_starts_as_backup_and_sends_nothing(version: Version, interval: Interval, down: int) -> None:
    router = a_router(version=version, advertisement_interval=interval)
    before = initial_state(router)
    found, actions = _step(router, before, Startup())
    assert found == Backup(
        checksum=ChecksumForm.MESSAGE,
        armed_at=NOW,
        master_down_at=after(NOW, down),
        master_advertisement_interval=interval,
    )
    assert deadline(found) == NOW + down
    assert actions == (StateChanged(before, found, Started()),)


@negative("R-038", "R-039", "R-040", "R-041")
@pytest.mark.parametrize("priority", [1, 254])
def test_only_priority_255_starts_as_master(priority: int) -> None:
    found, _ = _step(a_router(priority=priority), initial_state(a_router()), Startup())
    assert isinstance(found, Backup)


@negative("R-042", "R-030")
def test_no_owner_starts_as_backup() -> None:
    found, _ = _step(a_router(priority=255), initial_state(a_router()), Startup())
    assert not isinstance(found, Backup)


# Anything else is ignored


@positive("R-043")
@pytest.mark.parametrize(
    "event",
    [
        Wakeup(),
        Shutdown(),
        LinkChanged(None),
        LinkChanged(NO_CARRIER),
        hears(a_router()),
        hears(a_router(), priority=0),
        hears(a_router(), priority=255),
        PriorityChanged(200),
        ConfigChanged(a_router(priority=1)),
    ],
    ids=lambda event: type(event).__name__,
)
@pytest.mark.parametrize("priority", [100, 255])
def test_nothing_but_startup_leads_out_of_initialize(event: Event, priority: int) -> None:
    router = a_router(priority=priority)
    before = initial_state(router)
    assert _step(router, before, event) == (before, ())


@negative("R-043")
def test_startup_leads_out_of_initialize() -> None:
    found, _ = _step(a_router(), initial_state(a_router()), Startup())
    assert not isinstance(found, Initialize)


def test_initialize_has_no_timer() -> None:
    assert deadline(initial_state(a_router())) is None
    assert deadline(FAULTED) is None
    assert state_name(FAULTED) == "INITIALIZE"


# Faults


@pytest.mark.parametrize("priority", [100, 255])
def test_a_router_that_starts_with_a_fault_waits_and_says_why(priority: int) -> None:
    before = initial_state(a_router())
    found, actions = _step(a_router(priority=priority), before, Startup(NO_CARRIER))
    assert found == FAULTED
    assert actions == (StateChanged(before, FAULTED, Faulted(NO_CARRIER)),)


def test_the_end_of_the_fault_begins_an_election() -> None:
    found, actions = _step(a_router(), FAULTED, LinkChanged(None))
    assert isinstance(found, Backup)
    assert found.master is None
    assert deadline(found) == NOW + 3_609_375_000
    assert actions == (StateChanged(FAULTED, found, Started(recovered_from=NO_CARRIER)),)


def test_the_end_of_the_fault_makes_an_owner_master() -> None:
    found, actions = _step(a_router(priority=255), FAULTED, LinkChanged(None))
    assert isinstance(found, Master)
    assert actions[-1] == StateChanged(FAULTED, found, Started(recovered_from=NO_CARRIER))


def test_another_fault_is_told_and_the_same_one_is_not() -> None:
    assert _step(a_router(), FAULTED, LinkChanged(NO_CARRIER)) == (FAULTED, ())
    assert _step(a_router(), FAULTED, Startup(NO_CARRIER)) == (FAULTED, ())
    found, actions = _step(a_router(), FAULTED, LinkChanged(OTHER_FAULT))
    assert found == replace(FAULTED, fault=OTHER_FAULT)
    assert actions == (StateChanged(FAULTED, found, Faulted(OTHER_FAULT)),)


def test_a_startup_without_a_fault_ends_a_fault() -> None:
    found, actions = _step(a_router(), FAULTED, Startup())
    assert isinstance(found, Backup)
    assert actions == (StateChanged(FAULTED, found, Started(recovered_from=NO_CARRIER)),)


def test_shutdown_forgets_the_fault_so_that_its_end_starts_nothing() -> None:
    stopped, actions = _step(a_router(), FAULTED, Shutdown())
    assert stopped == Initialize(ChecksumForm.MESSAGE)
    assert actions == (StateChanged(FAULTED, stopped, ShutDown()),)
    assert _step(a_router(), stopped, LinkChanged(None)) == (stopped, ())


@pytest.mark.parametrize("event", [Wakeup(), hears(a_router()), PriorityChanged(1)])
def test_a_faulted_router_ignores_time_and_packets(event: Event) -> None:
    assert _step(a_router(), FAULTED, event) == (FAULTED, ())


# One state machine per (interface, family, VRID)


@positive("R-037")
def test_the_same_vrid_in_both_families_is_two_machines() -> None:
    ipv4, ipv6 = a_router(Family.IPV4), a_router(Family.IPV6)
    states = {router.family: initial_state(router) for router in (ipv4, ipv6)}
    assert states[Family.IPV4] != states[Family.IPV6]  # the form of checksum
    started = step(ipv4, states[Family.IPV4], Startup(), NOW)
    assert isinstance(started.state, Backup)
    assert step(ipv6, states[Family.IPV6], Wakeup(), NOW).state == states[Family.IPV6]


@negative("R-037")
def test_what_one_machine_hears_the_other_does_not() -> None:
    router = a_router()
    one = other = step(router, initial_state(router), Startup(), NOW).state
    one = step(router, one, hears(router, priority=200), NOW).state
    assert one != other
    assert other == step(router, initial_state(router), Startup(), NOW).state


def _step(router: VirtualRouter, state: State, event: Event) -> tuple[State, tuple[Action, ...]]:
    found = step(router, state, event, NOW)
    return found.state, found.actions
