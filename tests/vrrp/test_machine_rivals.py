"""MASTER hears another MASTER, RFC 9568 §6.4.3 from "If the Priority is greater" on, and RFC 3768 §6.4.3."""

from dataclasses import replace

import pytest

from failover.vrrp import (
    Address,
    AnnounceAddresses,
    Backup,
    BetterMaster,
    ChecksumForm,
    Family,
    Heard,
    Master,
    Oddity,
    ReportOddity,
    SendAdvertisement,
    StateChanged,
    Version,
    WithdrawAddresses,
    deadline,
    seconds,
    step,
)
from failover.vrrp.machine.master import ANNOUNCE_TO_RIVAL_EVERY
from failover.vrrp.machine.peers import heard
from tests.rfc.marks import negative, positive
from tests.vrrp.making import (
    EACH_FAMILY,
    EACH_VERSION,
    GREATER,
    NOW,
    OURS,
    SMALLER,
    V2,
    V3,
    a_master,
    a_router,
    after,
    hears,
    sent,
    virtual_addresses,
)

# §6.4.3: "If the Priority is greater than the local Priority", or equal and the sender's address greater


@positive("R-069", "R-065")
@pytest.mark.parametrize("preempt_mode", [True, False])
def test_a_higher_priority_makes_it_backup_whatever_preempt_mode_says(preempt_mode: bool) -> None:  # noqa: FBT001 - a parameter
    router = a_router(preempt_mode=preempt_mode, excluded_addresses=virtual_addresses("203.0.113.1/32"))
    before = a_master(router)
    now = after(NOW, seconds(0.5))
    event = hears(router, SMALLER[Family.IPV4], priority=101, interval=seconds(2))
    found = step(router, before, event, now)
    master = Heard(SMALLER[Family.IPV4], 101, V3, now)
    assert found.state == Backup(
        checksum=ChecksumForm.MESSAGE,
        armed_at=now,
        master_down_at=after(now, 7_218_750_000),
        master_advertisement_interval=seconds(2),
        master=master,
    )
    assert found.actions == (
        WithdrawAddresses(router.held_addresses),
        ReportOddity(Oddity.INTERVAL_MISMATCH, event.advertisement, event.source),
        StateChanged(before, found.state, BetterMaster(master, by_address=False)),
    )


@positive("R-069", "S-012")
def test_version_2_arms_its_own_interval() -> None:
    router = a_router(version=V2, advertisement_interval=seconds(2))
    found = step(router, a_master(router), hears(router, priority=101, interval=seconds(9)), NOW).state
    assert isinstance(found, Backup)
    assert (deadline(found), found.master_advertisement_interval) == (NOW + 6_609_375_000, seconds(2))


@positive("R-070")
@EACH_FAMILY
def test_an_equal_priority_from_a_greater_address_makes_it_backup(family: Family) -> None:
    router = a_router(family)
    before = a_master(router)
    event = hears(router, GREATER[family])
    found = step(router, before, event, NOW)
    assert found.actions == (
        WithdrawAddresses(router.held_addresses),
        ReportOddity(Oddity.EQUAL_PRIORITY, event.advertisement, event.source),
        StateChanged(before, found.state, BetterMaster(heard(event, NOW), by_address=True)),
    )
    assert isinstance(found.state, Backup)


@positive("R-071")
@negative("R-069", "R-070")
@EACH_FAMILY
@pytest.mark.parametrize("source", [SMALLER, OURS], ids=["smaller", "equal"])
def test_an_equal_priority_from_a_smaller_or_equal_address_does_not(
    family: Family, source: dict[Family, Address]
) -> None:
    router = a_router(family)
    found = step(router, a_master(router), hears(router, source[family]), NOW).state
    assert isinstance(found, Master)


@negative("R-071")
def test_a_greater_address_alone_does_not_beat_a_higher_priority() -> None:
    router = a_router()
    assert isinstance(
        step(router, a_master(router), hears(router, GREATER[Family.IPV4], priority=99), NOW).state, Master
    )
    assert isinstance(
        step(router, a_master(router), hears(router, GREATER[Family.IPV4], priority=100), NOW).state, Backup
    )


@positive("R-070")
@pytest.mark.parametrize(
    ("family", "ours", "theirs"),
    [
        (Family.IPV4, "127.255.255.255", "128.0.0.0"),
        (Family.IPV4, "9.0.0.255", "10.0.0.0"),
        (Family.IPV4, "10.0.1.255", "10.0.2.0"),
        (Family.IPV6, "fe80::7fff:ffff:ffff:ffff", "fe80::8000:0:0:0"),
        (Family.IPV6, "fe80::ff", "fe80::100"),
    ],
)
def test_addresses_compare_as_unsigned_numbers_in_network_order(family: Family, ours: str, theirs: str) -> None:
    smaller, greater = (virtual_addresses(text)[0].ip for text in (ours, theirs))
    low, high = a_router(family, primary_address=smaller), a_router(family, primary_address=greater)
    assert isinstance(step(low, a_master(low), hears(low, greater), NOW).state, Backup)
    assert isinstance(step(high, a_master(high), hears(high, smaller), NOW).state, Master)


@positive("R-077")
def test_an_owner_of_version_3_yields_to_another_owner_with_a_greater_address_and_tells() -> None:
    owner = a_router(priority=255)
    event = hears(owner)
    found = step(owner, a_master(owner), event, NOW)
    assert isinstance(found.state, Backup)
    assert ReportOddity(Oddity.SEVERAL_OWNERS, event.advertisement, event.source) in found.actions


# §6.4.3: "else: discard the ADVERTISEMENT, send an ADVERTISEMENT"


@positive("R-072")
@negative("R-065", "S-010")
@pytest.mark.parametrize("priority", [1, 99])
def test_version_3_answers_a_losing_advertisement_at_once_and_its_timer_runs_on(priority: int) -> None:
    router = a_router()
    before = a_master(router)
    now = after(NOW, seconds(0.7))
    event = hears(router, priority=priority, interval=seconds(9))
    found = step(router, before, event, now)
    assert found.actions == (
        SendAdvertisement(100, ChecksumForm.MESSAGE),
        AnnounceAddresses(router.held_addresses),
        ReportOddity(Oddity.INTERVAL_MISMATCH, event.advertisement, event.source),
        ReportOddity(Oddity.RIVAL_MASTER, event.advertisement, event.source),
    )
    assert isinstance(found.state, Master)
    assert found.state.advertise_at == before.advertise_at


@positive("S-010")
@negative("R-072")
@pytest.mark.parametrize("priority", [1, 99, 100])
def test_version_2_is_silent_but_sets_the_neighbours_right(priority: int) -> None:
    router = a_router(version=V2)
    before = a_master(router)
    event = hears(router, SMALLER[Family.IPV4], priority=priority)
    found = step(router, before, event, after(NOW, seconds(0.7)))
    assert sent(found.actions) == []
    assert AnnounceAddresses(router.held_addresses) in found.actions
    assert ReportOddity(Oddity.RIVAL_MASTER, event.advertisement, event.source) in found.actions
    assert isinstance(found.state, Master)
    assert found.state.advertise_at == before.advertise_at


def test_every_beat_of_a_rival_is_answered_and_of_a_flood_two_an_interval() -> None:
    router = a_router(advertisement_interval=seconds(1))
    for step_between, expected in ((seconds(1), 10), (seconds(0.5), 20), (seconds(0.01), 20)):
        state, answers = a_master(router), 0
        for tick in range(seconds(10) // step_between):
            found = step(router, state, hears(router, priority=99), after(NOW, tick * step_between))
            assert isinstance(found.state, Master)
            state, answers = (
                replace(found.state, advertise_at=after(NOW, seconds(60))),
                answers + len(sent(found.actions)),
            )
        assert answers == expected


@pytest.mark.parametrize("priority", [99, 0], ids=["loses", "resigns"])
@pytest.mark.parametrize(
    ("ours", "theirs"), [(10, 1), (40.95, 1), (40.95, 0.01), (1, 0.01), (1, 1), (0.01, 40.95)], ids=str
)
def test_where_an_answer_was_lost_the_next_beat_of_a_rival_is_answered_however_fast_it_is(
    priority: int, ours: float, theirs: float
) -> None:
    router, beat = a_router(advertisement_interval=seconds(ours)), seconds(theirs)
    state = replace(a_master(router), advertise_at=after(NOW, seconds(1000)))
    event = hears(router, priority=priority, interval=beat)
    for tick in range(5):
        # at the instant of the beat, before the router's own deadline: nothing else sends
        state = replace(state, advertised_at=after(NOW, tick * beat))
        found = step(router, state, event, after(NOW, tick * beat))
        assert len(sent(found.actions)) == 1, tick
        assert isinstance(found.state, Master)
        state = found.state


def test_a_slow_rival_that_was_answered_does_not_keep_a_fast_one_waiting() -> None:
    router = a_router(advertisement_interval=seconds(10))
    slow = hears(router, SMALLER[Family.IPV4], priority=99, interval=seconds(10))
    fast = hears(router, priority=98, interval=seconds(1))
    state = step(router, a_master(router), slow, NOW).state
    assert sent(step(router, state, slow, after(NOW, seconds(4.9))).actions) == []
    assert sent(step(router, state, fast, after(NOW, seconds(0.4))).actions) == []
    assert len(sent(step(router, state, fast, after(NOW, seconds(0.5))).actions)) == 1


def test_a_flood_gets_two_hundred_answers_a_second_at_most_whatever_interval_it_claims() -> None:
    router = a_router(advertisement_interval=seconds(1))
    for claimed in (seconds(0.01), seconds(0.5)):
        state, answers = a_master(router), 0
        for tick in range(2000):
            found = step(
                router, state, hears(router, priority=99, interval=claimed), after(NOW, tick * seconds(0.0005))
            )
            assert isinstance(found.state, Master)
            state, answers = found.state, answers + len(sent(found.actions))
        assert answers == 2 * seconds(1) // claimed


@EACH_VERSION
def test_a_flood_makes_it_announce_once_a_second(version: Version) -> None:
    router = a_router(version=version)
    state, announced = a_master(router), 0
    for tick in range(300):
        found = step(router, state, hears(router, priority=99), after(NOW, tick * seconds(0.01)))
        assert isinstance(found.state, Master)
        state = found.state
        announced += sum(isinstance(action, AnnounceAddresses) for action in found.actions)
    assert announced == seconds(3) // ANNOUNCE_TO_RIVAL_EVERY


def test_the_peers_form_of_checksum_is_taken_at_once() -> None:
    router = a_router()
    event = hears(router, priority=99, checksum=ChecksumForm.PSEUDO_HEADER)
    found = step(router, a_master(router), event, NOW)
    assert sent(found.actions) == [SendAdvertisement(100, ChecksumForm.PSEUDO_HEADER)]
    assert found.state.checksum is ChecksumForm.PSEUDO_HEADER


def test_a_migrating_master_answers_a_rival_of_version_2_in_the_way_of_version_3() -> None:
    router = a_router(with_version_2=True)
    event = hears(router, version=V2, priority=99, checksum=ChecksumForm.MESSAGE)
    found = step(router, a_master(router), event, NOW)
    assert len(sent(found.actions)) == 1
    assert found.state.checksum is ChecksumForm.MESSAGE


def test_a_rival_is_answered_again_after_half_an_interval_and_announced_to_after_a_second() -> None:
    router = a_router()
    first = step(router, a_master(router), hears(router, priority=99), NOW).state
    for later, answers, announcements in (
        (seconds(0.5) - 1, 0, 0),
        (seconds(0.5), 1, 0),
        (seconds(1) - 1, 1, 0),
        (seconds(1), 1, 1),
    ):
        actions = step(router, first, hears(router, priority=99), after(NOW, later)).actions
        assert len(sent(actions)) == answers
        assert sum(isinstance(action, AnnounceAddresses) for action in actions) == announcements
