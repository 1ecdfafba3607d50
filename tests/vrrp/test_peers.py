"""What an advertisement teaches beside the protocol: oddities to tell, and the form of checksum to send."""

import pytest

from failover.vrrp import (
    Backup,
    ChecksumForm,
    ChecksumPolicy,
    Oddity,
    ReportOddity,
    Version,
    seconds,
    step,
)
from tests.rfc.marks import negative, positive
from tests.vrrp.making import (
    EACH_VERSION,
    NOW,
    a_backup,
    a_router,
    hears,
)

# Oddities: told, and nothing else


@positive("R-082")
def test_another_interval_is_told_and_adopted() -> None:
    router = a_router()
    event = hears(router, priority=200, interval=seconds(2))
    found = step(router, a_backup(router), event, NOW)
    assert found.actions == (ReportOddity(Oddity.INTERVAL_MISMATCH, event.advertisement, event.source),)


@negative("R-082")
def test_our_own_interval_is_not_told() -> None:
    router = a_router()
    assert step(router, a_backup(router), hears(router, priority=200), NOW).actions == ()


@positive("R-083")
@EACH_VERSION
def test_another_address_list_is_told_and_the_sender_followed(version: Version) -> None:
    router = a_router(version=version)
    event = hears(router, priority=200, addresses=router.advertised[:1])
    found = step(router, a_backup(router), event, NOW)
    assert found.actions == (ReportOddity(Oddity.ADDRESS_LIST_MISMATCH, event.advertisement, event.source),)
    assert isinstance(found.state, Backup)
    assert found.state.master is not None


@negative("R-083")
def test_the_same_addresses_in_another_order_are_not_told() -> None:
    router = a_router()
    event = hears(router, priority=200, addresses=router.advertised[::-1])
    assert step(router, a_backup(router), event, NOW).actions == ()


@positive("R-111")
def test_our_own_priority_is_told() -> None:
    router = a_router()
    event = hears(router, priority=100)
    found = step(router, a_backup(router), event, NOW)
    assert found.actions == (ReportOddity(Oddity.EQUAL_PRIORITY, event.advertisement, event.source),)


@positive("R-109")
def test_another_owner_is_told() -> None:
    owner = a_router(priority=255)
    event = hears(owner)
    found = step(owner, a_backup(owner), event, NOW)
    assert found.actions == (ReportOddity(Oddity.SEVERAL_OWNERS, event.advertisement, event.source),)


@negative("R-109", "R-111")
def test_an_owner_heard_by_another_router_is_not_odd() -> None:
    router = a_router()
    assert step(router, a_backup(router), hears(router, priority=255), NOW).actions == ()


def test_several_oddities_are_all_told_even_of_an_outranked_sender() -> None:
    router = a_router()
    event = hears(router, priority=99, interval=seconds(2), addresses=router.advertised[:1])
    assert step(router, a_backup(router), event, NOW).actions == (
        ReportOddity(Oddity.INTERVAL_MISMATCH, event.advertisement, event.source),
        ReportOddity(Oddity.ADDRESS_LIST_MISMATCH, event.advertisement, event.source),
    )


# Form of the checksum


@pytest.mark.parametrize("priority", [0, 99, 200])
@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (ChecksumPolicy.AUTO, ChecksumForm.PSEUDO_HEADER),
        (ChecksumPolicy.MESSAGE, ChecksumForm.MESSAGE),
    ],
)
def test_the_peers_form_of_checksum_is_taken_where_ours_is_not_fixed(
    priority: int, policy: ChecksumPolicy, expected: ChecksumForm
) -> None:
    router = a_router(checksum=policy)
    event = hears(router, priority=priority, checksum=ChecksumForm.PSEUDO_HEADER)
    assert step(router, a_backup(router), event, NOW).state.checksum is expected


def test_a_fixed_pseudo_header_is_not_unlearned() -> None:
    router = a_router(checksum=ChecksumPolicy.PSEUDO_HEADER)
    found = step(router, a_backup(router), hears(router, checksum=ChecksumForm.MESSAGE), NOW).state
    assert found.checksum is ChecksumForm.PSEUDO_HEADER
