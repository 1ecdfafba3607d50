"""From configured virtual routers to protocol instances."""

from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

import pytest

from failover.config import instances
from failover.vrrp.protocol import Family, PreferredLifetime, Version
from failover.vrrp.router import ChecksumPolicy, VirtualRouter
from failover.vrrp.units import Interval, centiseconds
from tests.config.documents import accepted
from tests.rfc.marks import negative, positive

MIXED = ["10.0.0.9/24", "fe80::9/64", "10.0.0.1/24", "2001:db8::1/64"]


@positive("R-026")
def test_each_family_is_an_instance_with_its_addresses_in_the_configured_order() -> None:
    ipv4, ipv6 = instances(accepted(ip_addresses=MIXED, excluded_ip_addresses=["2001:db8::2/64", "10.0.0.2/24"]))
    assert (ipv4.family, ipv6.family) == (Family.IPV4, Family.IPV6)
    assert ipv4.addresses == (IPv4Interface("10.0.0.9/24"), IPv4Interface("10.0.0.1/24"))
    assert ipv6.addresses == (IPv6Interface("fe80::9/64"), IPv6Interface("2001:db8::1/64"))
    assert ipv4.excluded_addresses == (IPv4Interface("10.0.0.2/24"),)
    assert ipv6.excluded_addresses == (IPv6Interface("2001:db8::2/64"),)


@positive("R-024")
def test_the_link_local_address_is_the_first_that_is_sent() -> None:
    (_, ipv6) = instances(accepted(ip_addresses=MIXED))
    assert ipv6.addresses[0].ip.is_link_local


def test_the_source_address_is_unspecified_until_it_is_known() -> None:
    router = accepted(ip_addresses=MIXED)
    assert [str(one.primary_address) for one in instances(router)] == ["0.0.0.0", "::"]  # noqa: S104 - no bind
    known = {Family.IPV6: IPv6Address("fe80::aa")}
    assert [str(one.primary_address) for one in instances(router, known)] == ["0.0.0.0", "fe80::aa"]  # noqa: S104 - no bind


@pytest.mark.parametrize(
    ("seconds", "version", "interval"),
    [(0.01, 3, 10_000_000), (0.29, 3, 290_000_000), (40.95, 3, 40_950_000_000), (255, 2, 255_000_000_000)],
)
def test_the_interval_becomes_whole_nanoseconds(seconds: float, version: int, interval: int) -> None:
    (instance,) = instances(accepted(advert_interval=seconds, version=version))
    assert instance.advertisement_interval == Interval(interval)


def test_every_interval_of_version_3_survives_its_decimal_form() -> None:
    for count in range(1, 4096):
        (instance,) = instances(accepted(advert_interval=float(f"{count // 100}.{count % 100:02}")))
        assert instance.advertisement_interval == centiseconds(count)


@positive("R-014")
def test_priority_255_makes_an_address_owner() -> None:
    (instance,) = instances(accepted(priority=255))
    assert instance.is_address_owner
    assert instance.priority == 255


@negative("R-014")
def test_no_other_priority_makes_an_address_owner() -> None:
    (instance,) = instances(accepted(priority=254))
    assert not instance.is_address_owner


def test_every_option_reaches_the_protocol() -> None:
    options = {"priority": 7, "preempt_mode": False, "checksum": "pseudo_header", "with_version_2": True}
    (instance,) = instances(accepted(**options), {Family.IPV4: IPv4Address("192.168.100.1")})
    assert instance == VirtualRouter(
        vrid=51,
        addresses=(IPv4Interface("192.168.100.100/24"),),
        primary_address=IPv4Address("192.168.100.1"),
        priority=7,
        preempt_mode=False,
        checksum=ChecksumPolicy.PSEUDO_HEADER,
        with_version_2=True,
    )
    (instance,) = instances(accepted(version=2, check_address_list=True))
    assert (instance.version, instance.check_address_list) == (Version.V2, True)
    (instance,) = instances(accepted(ip_addresses=["2001:db8::1"], require_link_local=False))
    assert instance.require_link_local is False


@positive("R-112")
def test_version_2_is_spoken_beside_version_3_in_ipv4_alone() -> None:
    ipv4, ipv6 = instances(accepted(ip_addresses=MIXED, with_version_2=True))
    assert (ipv4.with_version_2, ipv6.with_version_2) == (True, False)


@pytest.mark.parametrize("lifetime", PreferredLifetime)
def test_only_ipv6_addresses_have_a_preferred_lifetime(lifetime: PreferredLifetime) -> None:
    ipv4, ipv6 = instances(accepted(ip_addresses=MIXED, preferred_lifetime=lifetime.value))
    assert ipv4.preferred_lifetime is PreferredLifetime.FOREVER
    assert ipv6.preferred_lifetime is lifetime
