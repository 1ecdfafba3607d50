"""The receive procedure where it depends on the version: checksum, interval, authentication, addresses, owner."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from failover.vrrp import (
    Advertisement,
    ChecksumForm,
    Discard,
    DiscardReason,
    VirtualRouter,
    centiseconds,
    receive,
    seconds,
)
from tests.rfc.marks import negative, positive
from tests.vrrp.making import V3
from tests.vrrp.packets import (
    IPV4,
    IPV4_ROUTER,
    IPV6,
    IPV6_ROUTER,
    SOUND,
    V2_ROUTER,
    VERSION_2,
    Packet,
    accepts,
    outcome,
)

EACH_KIND = pytest.mark.parametrize(("packet", "router"), SOUND, ids=["ipv4", "ipv6", "version_2"])


# Checksum


@positive("R-022")
@pytest.mark.parametrize("form", ChecksumForm)
def test_both_forms_of_the_ipv4_checksum_are_accepted_and_told_apart(form: ChecksumForm) -> None:
    found = outcome(replace(IPV4, form_is_pseudo_header=form is ChecksumForm.PSEUDO_HEADER), IPV4_ROUTER)
    assert isinstance(found, Advertisement)
    assert found.checksum is form


@negative("R-022", "S-005")
def test_version_2_has_no_pseudo_header() -> None:
    assert outcome(replace(VERSION_2, form_is_pseudo_header=True), V2_ROUTER) is DiscardReason.CHECKSUM


@positive("S-004")
@pytest.mark.parametrize("data", [bytes(8), b"password", b"\xff" * 8])
def test_authentication_data_of_version_2_is_ignored(data: bytes) -> None:
    assert outcome(replace(VERSION_2, trailer=data), V2_ROUTER) == outcome(VERSION_2, V2_ROUTER)


@positive("S-005")
@negative("S-004")
def test_authentication_data_of_version_2_is_in_the_checksum() -> None:
    payload = VERSION_2.payload()[:-8] + b"password"
    found = receive(payload, VERSION_2.meta(), V2_ROUTER)
    assert isinstance(found, Discard)
    assert found.reason is DiscardReason.CHECKSUM


# Version 3


@positive("R-082")
@pytest.mark.parametrize("count", [1, 99, 300, 4095])
def test_version_3_accepts_another_interval_than_ours(count: int) -> None:
    found = outcome(replace(IPV4, fifth=count >> 8, sixth=count & 0xFF), IPV4_ROUTER)
    assert isinstance(found, Advertisement)
    assert found.interval == centiseconds(count)


@positive("R-083")
def test_version_3_accepts_another_address_list_than_ours() -> None:
    for addresses in (IPV4.addresses[:1], IPV4.addresses[::-1], (ip_address("10.0.0.1"),) * 255):
        found = outcome(replace(IPV4, addresses=addresses), IPV4_ROUTER)
        assert isinstance(found, Advertisement)
        assert found.addresses == addresses


@negative("R-025")
def test_a_first_ipv6_address_that_is_not_link_local_is_refused_unless_that_is_switched_off() -> None:
    other = replace(IPV6, addresses=IPV6.addresses[::-1])
    assert outcome(other, IPV6_ROUTER) is DiscardReason.LINK_LOCAL
    assert accepts(other, replace(IPV6_ROUTER, require_link_local=False))


@positive("R-077")
@EACH_KIND
def test_an_owner_of_version_3_hears_the_others(packet: Packet, router: VirtualRouter) -> None:
    owner = replace(router, priority=255)
    assert accepts(packet, owner) == (router.version is V3)


# Version 2


@negative("S-001", "S-002")
@pytest.mark.parametrize("kind", [1, 2, 3, 255])
def test_an_authentication_type_other_than_none_is_refused(kind: int) -> None:
    assert outcome(replace(VERSION_2, fifth=kind), V2_ROUTER) is DiscardReason.AUTHENTICATION_TYPE


@negative("S-009", "R-078")
@pytest.mark.parametrize("interval", [0, 2, 255])
def test_version_2_refuses_another_interval_than_ours(interval: int) -> None:
    assert outcome(replace(VERSION_2, sixth=interval), V2_ROUTER) is DiscardReason.INTERVAL


@positive("S-009")
@pytest.mark.parametrize("interval", [1, 2, 255])
def test_version_2_accepts_our_interval(interval: int) -> None:
    router = replace(V2_ROUTER, advertisement_interval=seconds(interval))
    assert accepts(replace(VERSION_2, sixth=interval), router)


@negative("S-007", "R-077")
@pytest.mark.parametrize("priority", [0, 1, 100, 255])
def test_an_owner_of_version_2_hears_nobody(priority: int) -> None:
    owner = replace(V2_ROUTER, priority=255)
    assert outcome(replace(VERSION_2, priority=priority), owner) is DiscardReason.ADDRESS_OWNER


@positive("S-008")
def test_another_address_list_is_refused_by_version_2_where_that_is_asked_for() -> None:
    other = replace(VERSION_2, addresses=VERSION_2.addresses[:1])
    assert outcome(other, V2_ROUTER) is DiscardReason.ADDRESS_LIST


@negative("S-008")
def test_another_address_list_is_accepted_from_the_owner_in_another_order_or_where_it_is_not_compared() -> None:
    other = replace(VERSION_2, addresses=VERSION_2.addresses[:1])
    assert accepts(replace(other, priority=255), V2_ROUTER)
    assert accepts(other, replace(V2_ROUTER, check_address_list=False))
    assert accepts(replace(VERSION_2, addresses=VERSION_2.addresses[::-1]), V2_ROUTER)
