"""What is sent when `step()` says `SendAdvertisement`."""

from dataclasses import replace

import pytest

from failover.vrrp import (
    Advertisement,
    ChecksumForm,
    Family,
    SendAdvertisement,
    Version,
    advertisements,
    centiseconds,
    encode,
    initial_state,
    seconds,
    step,
)
from failover.vrrp.machine.events import Startup
from tests.rfc.marks import negative, positive
from tests.vrrp.making import NOW, V2, V3, a_router, an_advertisement, virtual_addresses

MESSAGE, PSEUDO_HEADER = ChecksumForm.MESSAGE, ChecksumForm.PSEUDO_HEADER


@positive("R-084", "R-027", "R-022")
@pytest.mark.parametrize("form", ChecksumForm)
def test_an_advertisement_is_filled_from_the_router(form: ChecksumForm) -> None:
    router = a_router(advertisement_interval=seconds(3), excluded_addresses=virtual_addresses("203.0.113.1/32"))
    assert advertisements(router, SendAdvertisement(100, form)) == (
        Advertisement(
            version=V3, vrid=51, priority=100, interval=seconds(3), addresses=router.advertised, checksum=form
        ),
    )


@negative("R-084", "R-027")
def test_another_router_or_another_order_makes_another_message() -> None:
    router = a_router()
    own = advertisements(router, SendAdvertisement(100, MESSAGE))
    for other in (
        replace(router, vrid=52),
        replace(router, addresses=router.addresses[::-1]),
        replace(router, advertisement_interval=seconds(2)),
        replace(router, version=V2),
    ):
        assert advertisements(other, SendAdvertisement(100, MESSAGE)) != own


@positive("R-026")
def test_ipv6_is_sent_with_ipv6_addresses_and_its_only_checksum() -> None:
    router = a_router(Family.IPV6)
    (sent,) = advertisements(router, SendAdvertisement(100, router.initial_checksum))
    assert sent == an_advertisement(router, checksum=PSEUDO_HEADER)
    assert encode(sent, router.primary_address)


@positive("R-014")
@negative("R-015")
def test_an_owner_sends_priority_255() -> None:
    owner = a_router(priority=255)
    action, *_ = step(owner, initial_state(owner), Startup(), NOW).actions
    assert isinstance(action, SendAdvertisement)
    assert [sent.priority for sent in advertisements(owner, action)] == [255]


@positive("R-022", "S-005")
def test_version_2_has_one_form_of_checksum_whatever_version_3_has_learned() -> None:
    (sent,) = advertisements(a_router(version=V2), SendAdvertisement(100, PSEUDO_HEADER))
    assert (sent.version, sent.checksum) == (V2, MESSAGE)


@positive("R-113")
@pytest.mark.parametrize(
    ("interval", "whole"),
    [
        (centiseconds(1), seconds(1)),
        (centiseconds(100), seconds(1)),
        (centiseconds(101), seconds(2)),
        (centiseconds(4095), seconds(41)),
    ],
)
@pytest.mark.parametrize("priority", [0, 100])
def test_while_migrating_each_is_sent_in_both_versions(interval: int, whole: int, priority: int) -> None:
    router = a_router(advertisement_interval=interval, with_version_2=True)
    new, old = advertisements(router, SendAdvertisement(priority, PSEUDO_HEADER))
    assert (new.version, new.priority, new.interval, new.checksum) == (V3, priority, interval, PSEUDO_HEADER)
    assert (old.version, old.priority, old.interval, old.checksum) == (V2, priority, whole, MESSAGE)
    assert new.addresses == old.addresses == router.advertised
    assert all(encode(sent, router.primary_address) for sent in (new, old))


@negative("R-113")
@pytest.mark.parametrize("version", [V2, V3])
def test_otherwise_one_version_is_sent(version: Version) -> None:
    router = a_router(version=version)
    assert [sent.version for sent in advertisements(router, SendAdvertisement(100, MESSAGE))] == [version]
