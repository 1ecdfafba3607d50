"""Another configuration or priority while the router runs: as little as possible happens."""

from dataclasses import replace

from failover.vrrp import (
    AnnounceAddresses,
    Backup,
    BecameOwner,
    ChecksumForm,
    ChecksumPolicy,
    ConfigChanged,
    Family,
    Heard,
    Initialize,
    InstallAddresses,
    Master,
    MasterDown,
    PreferredLifetime,
    PriorityChanged,
    SendAdvertisement,
    StateChanged,
    Wakeup,
    WithdrawAddresses,
    centiseconds,
    deadline,
    seconds,
    state_name,
    step,
)
from tests.vrrp.making import (
    DOWN,
    NO_CARRIER,
    NOW,
    PEER,
    SMALLER,
    V2,
    V3,
    a_backup,
    a_follower,
    a_master,
    a_router,
    after,
    hears,
    quiet,
    virtual_addresses,
)

# INITIALIZE


def test_a_changed_checksum_policy_starts_anew_and_another_change_keeps_what_was_learned_in_initialize() -> None:
    learned = Initialize(ChecksumForm.PSEUDO_HEADER, NO_CARRIER)
    kept = step(a_router(priority=9), learned, ConfigChanged(a_router()), NOW)
    assert (kept.state, kept.actions) == (learned, ())
    anew = step(a_router(checksum=ChecksumPolicy.MESSAGE), learned, ConfigChanged(a_router()), NOW)
    assert (anew.state, anew.actions) == (Initialize(ChecksumForm.MESSAGE, NO_CARRIER), ())


# BACKUP


def test_a_changed_priority_changes_the_length_of_the_timer_and_not_its_beginning() -> None:
    before = a_follower(a_router())
    for event in (PriorityChanged(100), ConfigChanged(a_router())):
        found = step(a_router(priority=254), before, event, after(NOW, seconds(1)))
        assert found.actions == ()
        assert found.state == replace(before, master_down_at=after(NOW, 3_007_812_500))


def test_a_changed_priority_changes_the_skew_after_a_resignation() -> None:
    router = a_router()
    resigned_at = after(NOW, seconds(1))
    before = step(router, a_follower(router), hears(router, priority=0), resigned_at).state
    found = step(a_router(priority=200), before, PriorityChanged(100), after(resigned_at, 1))
    assert deadline(found.state) == resigned_at + 218_750_000


def test_a_changed_interval_counts_where_no_masters_was_learned() -> None:
    router = a_router(advertisement_interval=seconds(2))
    changed = ConfigChanged(a_router())
    listening = step(router, a_backup(a_router()), changed, NOW).state
    assert deadline(listening) == NOW + 7_218_750_000
    learned = step(router, a_follower(a_router(), interval=seconds(1)), changed, NOW).state
    assert deadline(learned) == NOW + DOWN
    old, new = a_router(version=V2), a_router(version=V2, advertisement_interval=seconds(2))
    version_2 = step(new, a_follower(old), ConfigChanged(old), NOW).state
    assert deadline(version_2) == NOW + 6_609_375_000


def test_a_timer_that_would_have_fired_long_ago_fires_now_and_was_not_overslept() -> None:
    slow, fast = a_router(advertisement_interval=seconds(40)), a_router()
    now = after(NOW, seconds(100))
    before = step(fast, a_backup(slow), ConfigChanged(slow), now).state
    assert deadline(before) == now
    found = step(fast, before, Wakeup(), now)
    assert isinstance(found.state, Master)
    assert found.actions[-1] == StateChanged(before, found.state, MasterDown(None, seconds(100)))


def test_who_becomes_the_owner_takes_its_place() -> None:
    before = a_follower(a_router())
    owner = a_router(priority=255)
    for event in (PriorityChanged(100), ConfigChanged(a_router())):
        found = step(owner, before, event, NOW)
        assert isinstance(found.state, Master)
        assert [type(action) for action in found.actions] == [
            SendAdvertisement,
            InstallAddresses,
            AnnounceAddresses,
            StateChanged,
        ]
        assert found.actions[-1] == StateChanged(before, found.state, BecameOwner())


def test_an_owner_that_yielded_to_another_owner_is_not_made_master_by_a_reload() -> None:
    owner = a_router(priority=255)
    before = a_follower(owner, priority=255)
    found = step(replace(owner, advertisement_interval=seconds(2)), before, ConfigChanged(owner), NOW)
    assert isinstance(found.state, Backup)
    assert found.actions == ()


def test_a_changed_checksum_policy_starts_anew_and_another_change_keeps_what_was_learned_in_backup() -> None:
    router = a_router()
    before = a_follower(router, checksum=ChecksumForm.PSEUDO_HEADER)
    kept = step(a_router(priority=90), before, ConfigChanged(router), NOW).state
    assert kept.checksum is ChecksumForm.PSEUDO_HEADER
    fixed = step(a_router(checksum=ChecksumPolicy.MESSAGE), before, ConfigChanged(router), NOW).state
    assert fixed.checksum is ChecksumForm.MESSAGE


def test_a_rival_that_no_longer_would_be_preempted_is_not_given_as_the_cause() -> None:
    router = a_router()
    before = step(router, a_follower(router), hears(router, SMALLER[Family.IPV4], priority=99), after(NOW, 1)).state
    polite = a_router(preempt_mode=False)
    before = step(polite, before, ConfigChanged(router), after(NOW, 2)).state
    found = step(polite, before, Wakeup(), after(NOW, DOWN))
    assert found.actions[-1] == StateChanged(before, found.state, MasterDown(Heard(PEER, 200, V3, NOW), DOWN))


# MASTER


def test_a_changed_priority_is_told_at_once_and_changes_no_address() -> None:
    router = a_router(priority=42)
    now = after(NOW, seconds(0.3))
    before = a_master(a_router())
    for event in (PriorityChanged(100), ConfigChanged(a_router())):
        found = step(router, before, event, now)
        assert found.actions == (SendAdvertisement(42, ChecksumForm.MESSAGE),)
        assert found.state == replace(before, advertised_at=now, advertise_at=after(now, seconds(1)))


def test_a_changed_interval_sets_the_timer() -> None:
    router = a_router(advertisement_interval=centiseconds(10))
    found = step(router, a_master(a_router()), ConfigChanged(a_router()), after(NOW, 5)).state
    assert deadline(found) == NOW + 5 + centiseconds(10)


def test_only_the_addresses_that_differ_are_touched() -> None:
    a, b, c, d = virtual_addresses("198.51.100.1/24", "198.51.100.2/24", "198.51.100.3/24", "198.51.100.4/24")
    old, new = a_router(addresses=(a, b), excluded_addresses=(c,)), a_router(addresses=(c, d), excluded_addresses=(b,))
    now = after(NOW, seconds(9))
    before = quiet(replace(a_master(old), advertised_at=now))
    found = step(new, before, ConfigChanged(old), now)
    assert found.actions == (
        SendAdvertisement(100, ChecksumForm.MESSAGE),
        WithdrawAddresses((a,)),
        InstallAddresses((d,)),
        AnnounceAddresses((d,)),
    )
    assert isinstance(found.state, Master)
    assert found.state.repeat_announcements_at == now + seconds(5)


def test_another_prefix_length_is_another_address() -> None:
    old = a_router(addresses=virtual_addresses("198.51.100.1/24"))
    new = a_router(addresses=virtual_addresses("198.51.100.1/32"))
    _, withdraw, install, _ = step(new, a_master(old), ConfigChanged(old), NOW).actions
    assert (withdraw, install) == (WithdrawAddresses(old.addresses), InstallAddresses(new.addresses))


def test_another_preferred_lifetime_is_given_to_all_addresses_which_stay_where_they_are() -> None:
    a, b, c = virtual_addresses("fe80::1/64", "2001:db8::1/64", "2001:db8::2/64")
    old = a_router(Family.IPV6, addresses=(a, b))
    new = replace(old, preferred_lifetime=PreferredLifetime.NONE)
    found = step(new, a_master(old), ConfigChanged(old), NOW)
    assert found.actions[1:] == (InstallAddresses((a, b)),)
    more = replace(new, excluded_addresses=(c,))
    found = step(more, a_master(old), ConfigChanged(old), NOW)
    assert found.actions[1:] == (InstallAddresses((a, b, c)), AnnounceAddresses((c,)))


def test_a_changed_checksum_policy_counts_at_once() -> None:
    old = a_router()
    new = a_router(checksum=ChecksumPolicy.PSEUDO_HEADER)
    found = step(new, a_master(old), ConfigChanged(old), NOW)
    assert found.actions == (SendAdvertisement(100, ChecksumForm.PSEUDO_HEADER),)
    assert found.state.checksum is ChecksumForm.PSEUDO_HEADER


def test_master_is_called_so() -> None:
    assert state_name(a_master(a_router())) == "MASTER"
