"""Both versions at once, while a network moves from one to the other (RFC 9568 §8.4)."""

from dataclasses import replace

import pytest

from failover.vrrp import (
    Advertisement,
    Backup,
    ChecksumForm,
    DiscardReason,
    Family,
    Heard,
    centiseconds,
    deadline,
    seconds,
    step,
)
from tests.rfc.marks import negative, positive
from tests.vrrp.making import (
    NOW,
    PEER,
    SMALLER,
    V2,
    V3,
    a_backup,
    a_follower,
    a_router,
    after,
    an_advertisement,
    hears,
)
from tests.vrrp.packets import (
    IPV4,
    IPV4_ROUTER,
    VERSION_2,
    accepts,
    outcome,
)

MIGRATING = a_router(with_version_2=True)


# receive


@positive("R-112")
def test_a_migrating_router_hears_both_versions() -> None:
    for packet, version in ((IPV4, V3), (VERSION_2, V2)):
        found = outcome(packet, MIGRATING)
        assert isinstance(found, Advertisement)
        assert found.version is version


@negative("R-112")
def test_without_the_flag_it_hears_its_own_version_only() -> None:
    assert outcome(VERSION_2, IPV4_ROUTER) is DiscardReason.VERSION


@pytest.mark.parametrize("version", [v for v in range(16) if v not in {2, 3}])
def test_with_the_flag_it_hears_no_third_version(version: int) -> None:
    assert outcome(replace(IPV4, version=version), MIGRATING) is DiscardReason.VERSION
    assert outcome(replace(VERSION_2, version=version), MIGRATING) is DiscardReason.VERSION


@positive("R-114")
@pytest.mark.parametrize("interval", [1, 2, 255])
def test_a_migrating_router_takes_the_seconds_of_version_2_as_they_are(interval: int) -> None:
    found = outcome(replace(VERSION_2, sixth=interval), MIGRATING)
    assert isinstance(found, Advertisement)
    assert found.interval == seconds(interval)


@negative("R-114", "R-078")
def test_but_not_zero_seconds_and_no_authentication() -> None:
    assert outcome(replace(VERSION_2, sixth=0), MIGRATING) is DiscardReason.INTERVAL
    assert outcome(replace(VERSION_2, fifth=1), MIGRATING) is DiscardReason.AUTHENTICATION_TYPE


def test_a_migrating_owner_hears_version_2_as_it_hears_version_3() -> None:
    owner = replace(MIGRATING, priority=255)
    assert accepts(VERSION_2, owner)
    assert accepts(IPV4, owner)


# BACKUP


@positive("R-114")
def test_the_timer_follows_the_rate_of_a_version_2_master() -> None:
    event = replace(
        hears(MIGRATING), advertisement=an_advertisement(MIGRATING, version=V2, priority=200, interval=seconds(3))
    )
    found = step(MIGRATING, a_backup(MIGRATING), event, NOW)
    assert isinstance(found.state, Backup)
    assert found.state.master == Heard(PEER, 200, V2, NOW)
    assert deadline(found.state) == NOW + 10_828_125_000
    assert found.actions == ()


@positive("R-115")
@pytest.mark.parametrize("priority", [0, 50, 200])
def test_version_2_of_a_master_that_is_heard_in_version_3_is_ignored(priority: int) -> None:
    before = a_follower(MIGRATING, interval=centiseconds(10))
    echo = hears(MIGRATING, version=V2, priority=priority, interval=seconds(1))
    found = step(MIGRATING, before, echo, after(NOW, 5))
    assert found.state == before
    assert found.actions == ()


@negative("R-115", "R-114")
def test_version_2_of_somebody_else_is_not() -> None:
    before = a_follower(MIGRATING)
    other = hears(MIGRATING, SMALLER[Family.IPV4], version=V2, priority=200)
    found = step(MIGRATING, before, other, after(NOW, 5)).state
    assert isinstance(found, Backup)
    assert found.master == Heard(SMALLER[Family.IPV4], 200, V2, after(NOW, 5))


@negative("R-115")
def test_version_3_of_a_master_that_was_heard_in_version_2_counts() -> None:
    old = step(MIGRATING, a_backup(MIGRATING), hears(MIGRATING, version=V2, priority=200), NOW).state
    new = step(MIGRATING, old, hears(MIGRATING, priority=200, interval=centiseconds(10)), after(NOW, 5)).state
    assert isinstance(new, Backup)
    assert new.master == Heard(PEER, 200, V3, after(NOW, 5))
    assert new.master_advertisement_interval == centiseconds(10)


def test_version_2_teaches_nothing_about_the_checksum_of_version_3() -> None:
    before = a_follower(MIGRATING, checksum=ChecksumForm.PSEUDO_HEADER)
    other = hears(MIGRATING, SMALLER[Family.IPV4], version=V2, priority=200)
    assert step(MIGRATING, before, other, NOW).state.checksum is ChecksumForm.PSEUDO_HEADER
