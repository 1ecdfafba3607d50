"""BACKUP, RFC 9568 §6.4.2: Shutdown, Active_Down_Timer, priority 0; and the link. Whom it follows: `following`."""

import pytest

from failover.vrrp import (
    AnnounceAddresses,
    Backup,
    ChecksumForm,
    Family,
    Faulted,
    Heard,
    Initialize,
    InstallAddresses,
    Instant,
    LinkChanged,
    Master,
    MasterDown,
    MasterResigned,
    PriorityChanged,
    SendAdvertisement,
    ShutDown,
    Shutdown,
    Startup,
    StateChanged,
    Version,
    Wakeup,
    deadline,
    seconds,
    state_name,
    step,
)
from tests.rfc.marks import negative, positive
from tests.vrrp.making import (
    DOWN,
    EACH_FAMILY,
    EACH_VERSION,
    NO_CARRIER,
    NOW,
    PEER,
    SMALLER,
    V2,
    V3,
    a_backup,
    a_follower,
    a_router,
    after,
    hears,
    virtual_addresses,
)

# §6.4.2: "If a Shutdown event is received"


@positive("R-049")
@EACH_VERSION
def test_shutdown_leads_to_initialize_without_a_word(version: Version) -> None:
    router = a_router(version=version)
    before = a_follower(router)
    found = step(router, before, Shutdown(), NOW)
    assert found.state == Initialize(before.checksum)
    assert found.actions == (StateChanged(before, found.state, ShutDown()),)
    assert deadline(found.state) is None


@negative("R-049")
def test_nothing_else_than_shutdown_or_a_fault_leads_to_initialize() -> None:
    router = a_router()
    for event in (Startup(), LinkChanged(None), Wakeup(), PriorityChanged(50), hears(router, priority=0)):
        assert isinstance(step(router, a_follower(router), event, NOW).state, Backup)


# §6.4.2: "If the Active_Down_Timer fires"


@positive("R-050", "R-051", "R-052", "R-053")
@EACH_FAMILY
def test_when_the_timer_fires_it_advertises_installs_announces_and_is_master(family: Family) -> None:
    router = a_router(family, preempt_mode=False)
    before = a_backup(router)
    now = after(NOW, DOWN)
    found = step(router, before, Wakeup(), now)
    assert isinstance(found.state, Master)
    assert found.actions == (
        SendAdvertisement(100, router.initial_checksum),
        InstallAddresses(router.held_addresses),
        AnnounceAddresses(router.held_addresses),
        StateChanged(before, found.state, MasterDown(None, DOWN)),
    )


@positive("R-050", "R-053")
def test_a_new_master_beats_at_its_own_interval_whatever_it_learned() -> None:
    router = a_router(advertisement_interval=seconds(2))
    before = a_follower(router, interval=seconds(10))
    now = before.master_down_at
    found = step(router, before, Wakeup(), now).state
    assert deadline(found) == now + seconds(2)


def test_excluded_addresses_are_installed_and_announced_too() -> None:
    router = a_router(excluded_addresses=virtual_addresses("203.0.113.1/32"))
    before = a_backup(router)
    _, install, announce, _ = step(router, before, Wakeup(), before.master_down_at).actions
    assert install == InstallAddresses(router.held_addresses)
    assert announce == AnnounceAddresses(router.held_addresses)


@negative("R-050", "R-051", "R-052", "R-053")
@pytest.mark.parametrize("early", [1, DOWN, seconds(100)])
def test_a_nanosecond_too_early_is_too_early(early: int) -> None:
    router = a_router()
    before = a_backup(router)
    found = step(router, before, Wakeup(), Instant(before.master_down_at - early))
    assert found.state == before
    assert found.actions == ()


# §6.4.2: "If an ADVERTISEMENT is received, then: if the Priority in the ADVERTISEMENT is 0"


@positive("R-054", "R-016")
@pytest.mark.parametrize(("priority", "skew"), [(254, 7_812_500), (100, 609_375_000), (1, 996_093_750)])
def test_priority_0_sets_the_timer_to_the_skew_time(priority: int, skew: int) -> None:
    router = a_router(priority=priority)
    found = step(router, a_backup(router), hears(router, priority=0), NOW)
    assert found.actions == ()
    assert deadline(found.state) == NOW + skew


@positive("R-054")
def test_the_skew_time_after_priority_0_is_of_the_interval_held_before() -> None:
    router = a_router(priority=128)
    before = a_follower(router, interval=seconds(4))
    found = step(router, before, hears(router, priority=0, interval=seconds(20)), NOW).state
    assert deadline(found) == NOW + seconds(2)
    assert isinstance(found, Backup)
    assert found.master_advertisement_interval == seconds(4)


@positive("R-054", "S-011")
def test_the_skew_time_of_version_2_does_not_know_the_interval() -> None:
    router = a_router(version=V2, priority=128, advertisement_interval=seconds(100))
    found = step(router, a_follower(router), hears(router, priority=0), NOW).state
    assert deadline(found) == NOW + seconds(0.5)


@negative("R-054", "R-016")
def test_priority_1_resigns_nothing() -> None:
    router = a_router(preempt_mode=False)
    found = step(router, a_backup(router), hears(router, priority=1), NOW).state
    assert deadline(found) == NOW + DOWN


def test_a_resignation_in_place_of_the_timer_makes_it_master_with_that_cause() -> None:
    router = a_router()
    resigned = step(router, a_follower(router), hears(router, priority=0), NOW).state
    now = after(NOW, 609_375_000)
    found = step(router, resigned, Wakeup(), now)
    assert found.actions[-1] == StateChanged(resigned, found.state, MasterResigned(Heard(PEER, 0, V3, NOW)))


def test_a_resignation_counts_more_than_a_rival_before_it() -> None:
    router = a_router()
    rival = step(router, a_follower(router), hears(router, SMALLER[Family.IPV4], priority=99), NOW).state
    resigned = step(router, rival, hears(router, priority=0), after(NOW, 1)).state
    found = step(router, resigned, Wakeup(), after(NOW, 609_375_001))
    cause = MasterResigned(Heard(PEER, 0, V3, after(NOW, 1)))
    assert found.actions[-1] == StateChanged(resigned, found.state, cause)


def test_who_is_heard_after_a_resignation_is_followed() -> None:
    router = a_router()
    resigned = step(router, a_follower(router), hears(router, priority=0), NOW).state
    later = after(NOW, seconds(0.1))
    found = step(router, resigned, hears(router, SMALLER[Family.IPV4], priority=150), later).state
    assert isinstance(found, Backup)
    assert not found.resigned
    assert found.master == Heard(SMALLER[Family.IPV4], 150, V3, later)
    assert deadline(found) == later + DOWN


# Link


def test_a_fault_leads_to_initialize_with_its_reason() -> None:
    router = a_router()
    before = a_follower(router)
    found = step(router, before, LinkChanged(NO_CARRIER), NOW)
    assert found.state == Initialize(ChecksumForm.MESSAGE, NO_CARRIER)
    assert found.actions == (StateChanged(before, found.state, Faulted(NO_CARRIER)),)


def test_a_link_that_is_well_and_a_second_startup_change_nothing() -> None:
    router = a_router()
    before = a_follower(router)
    for event in (LinkChanged(None), Startup(), Startup(NO_CARRIER)):
        assert step(router, before, event, after(NOW, 5)) == step(router, before, Wakeup(), NOW)


def test_backup_is_called_so() -> None:
    assert state_name(a_backup(a_router())) == "BACKUP"
