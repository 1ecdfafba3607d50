"""The rules between the settings of one virtual router."""

from ipaddress import IPv4Address
from typing import Any

import pytest

from tests.config.documents import ABSENT, accepted, complaint, complaints, entry
from tests.rfc.marks import negative, positive

V3_INTERVAL = "is not possible with version 3; allowed: 0.01 to 40.95 seconds in steps of 0.01"
V2_INTERVAL = "is not possible with version 2; allowed: 1 to 255 whole seconds"


@positive("R-029", "M-014")
@pytest.mark.parametrize("interval", [0.01, 0.29, 0.57, 1, 1.0, 1.15, 40.95])
def test_version_3_takes_any_number_of_centiseconds_to_4095(interval: float) -> None:
    assert accepted(advert_interval=interval).advert_interval == interval


@negative("R-029", "M-014")
@pytest.mark.parametrize("interval", [0.015, 0.0100001, 1.999, 40.951, 40.96, 41, 255])
def test_version_3_takes_no_interval_that_its_twelve_bits_do_not_hold(interval: float) -> None:
    assert complaint(advert_interval=interval) == f"advert_interval: {interval} {V3_INTERVAL}"


@positive("R-029", "M-014")
@pytest.mark.parametrize("interval", [1, 2.0, 254, 255])
def test_version_2_takes_whole_seconds_to_255(interval: float) -> None:
    assert accepted(advert_interval=interval, version=2).advert_interval == interval


@negative("R-029", "M-014")
@pytest.mark.parametrize("interval", [0.01, 0.5, 1.5, 254.99])
def test_version_2_takes_no_fraction_of_a_second(interval: float) -> None:
    assert complaint(advert_interval=interval, version=2) == f"advert_interval: {interval} {V2_INTERVAL}"


def test_a_wrong_version_does_not_add_complaints_about_the_interval() -> None:
    assert complaint(version=1, advert_interval=255) == "version: 1 is out of range; allowed: 2 or 3"


@negative("S-014", "M-013", "R-026")
@pytest.mark.parametrize("setting", ["ip_addresses", "excluded_ip_addresses"])
def test_version_2_has_no_ipv6(setting: str) -> None:
    addresses = ["192.168.100.101/24", "fe80::1/64", "2001:db8::1/64"]
    lines = complaints(entry(**{setting: addresses}, version=2))
    assert lines[0] == f'$.{setting}[1]: "fe80::1/64" is IPv6; allowed: IPv4 only with version 2; or set "version": 3'


def test_a_virtual_router_may_have_no_addresses() -> None:
    for addresses in (ABSENT, list[str]()):
        router = accepted(ip_addresses=addresses, no_ip_addresses=True)
        assert (router.ip_addresses, router.no_ip_addresses) == ((), True)
    assert accepted().no_ip_addresses is False


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"ip_addresses": ABSENT}, "ip_addresses: missing; "),
        (
            {"ip_addresses": []},
            'ip_addresses: [] lists no address; allowed: at least one; or set "no_ip_addresses": true',
        ),
        (
            {"no_ip_addresses": True},
            "ip_addresses: lists addresses beside no_ip_addresses; allowed: leave one of the two out",
        ),
        (
            {"no_ip_addresses": True, "ip_addresses": ABSENT, "excluded_ip_addresses": ["192.0.2.9/24"]},
            "excluded_ip_addresses: lists addresses beside no_ip_addresses; allowed: leave one of the two out",
        ),
        (
            {"no_ip_addresses": True, "ip_addresses": ABSENT, "priority": 255},
            "priority: 255 needs addresses that are this host's own; allowed: 1 to 254 with no_ip_addresses",
        ),
        ({"no_ip_addresses": "yes", "ip_addresses": []}, 'no_ip_addresses: "yes" is a string, not true or false'),
    ],
)
def test_addresses_and_their_absence_exclude_each_other(changes: dict[str, Any], line: str) -> None:
    assert complaint(**changes).startswith(line)


@positive("S-014", "M-013", "R-026")
def test_version_2_takes_ipv4_and_version_3_takes_both() -> None:
    assert accepted(version=2).ip_addresses[0].ip == IPv4Address("192.168.100.100")
    assert [address.version for address in accepted(ip_addresses=["10.0.0.1", "fe80::1"]).ip_addresses] == [4, 6]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"version": 2, "with_version_2": True},
            "with_version_2: true is only for version 3; allowed: false with version 2",
        ),
        (
            {"version": 2, "checksum": "rfc9568"},
            'checksum: "rfc9568" has no effect with version 2; allowed: "auto" with version 2',
        ),
        (
            {"check_address_list": True},
            "check_address_list: true is a rule of version 2; allowed: false with version 3",
        ),
        pytest.param(
            {"with_version_2": True, "ip_addresses": ["fe80::1/64"]},
            "with_version_2: true needs an IPv4 address; allowed: false with IPv6 alone",
            marks=negative("R-112"),
        ),
        (
            {"preferred_lifetime": "forever"},
            'preferred_lifetime: "forever" needs an IPv6 address; allowed: 0 with IPv4 alone',
        ),
        (
            {"virtual_mac": True, "priority": 255},
            "virtual_mac: true is not possible for the owner of the addresses; allowed: false with priority 255",
        ),
        (
            {"virtual_mac": True, "no_ip_addresses": True, "ip_addresses": []},
            "virtual_mac: true has no effect without addresses; allowed: false with no_ip_addresses",
        ),
        (
            {"virtual_mac_interface_name": "lan51"},
            (
                'virtual_mac_interface_name: "lan51" has no effect without virtual_mac;'
                " allowed: only with virtual_mac, and one family"
            ),
        ),
        (
            {"virtual_mac": True, "virtual_mac_interface_name": "x", "ip_addresses": ["10.0.0.1", "fe80::1"]},
            (
                'virtual_mac_interface_name: "x" cannot be the name of two interfaces;'
                " allowed: only with virtual_mac, and one family; leave it out"
            ),
        ),
        (
            {"accept_mode": False, "priority": 255},
            "accept_mode: false has no effect for the owner of the addresses; allowed: true with priority 255",
        ),
    ],
)
def test_an_option_of_the_other_version_or_family_is_refused(changes: dict[str, Any], line: str) -> None:
    assert complaint(**changes) == line


@positive("R-112")
def test_a_flag_asks_for_versions_2_and_3_together() -> None:
    assert accepted().with_version_2 is False
    assert accepted(with_version_2=True).with_version_2 is True
    assert accepted(with_version_2=True, ip_addresses=["10.0.0.1", "fe80::1"]).with_version_2 is True


@negative("R-035")
def test_accept_mode_is_true_unless_the_file_says_false() -> None:
    assert accepted().accept_mode is True
    assert accepted(accept_mode=False).accept_mode is False
    assert accepted(accept_mode=True, priority=255).accept_mode is True


def test_virtual_addresses_are_no_source_unless_that_is_asked_for() -> None:
    assert accepted().preferred_lifetime == 0
    assert accepted(preferred_lifetime=0).preferred_lifetime == 0
    both = ["10.0.0.1", "fe80::1"]
    assert accepted(preferred_lifetime="forever", ip_addresses=both).preferred_lifetime == "forever"


def test_check_address_list_belongs_to_version_2() -> None:
    assert accepted(check_address_list=True, version=2).check_address_list is True


@negative("R-024")
def test_a_first_ipv6_address_that_is_not_link_local_is_refused_with_an_example_of_one() -> None:
    assert complaint(ip_addresses=["10.0.0.1/24", "2001:db8::1/64"]) == (
        'ip_addresses[1]: "2001:db8::1/64" is the first IPv6 address and not link-local;'
        ' allowed: a link-local address first; put "fe80::200:5eff:fe00:233/64" before it on all hosts,'
        ' or set "require_link_local": false'
    )


@negative("R-024")
def test_a_link_local_address_in_the_wrong_place_is_told_where_to_go() -> None:
    assert complaint(ip_addresses=["2001:db8::1/64", "fe80::1/64"]) == (
        'ip_addresses[0]: "2001:db8::1/64" is the first IPv6 address and not link-local;'
        ' allowed: a link-local address first; move "fe80::1/64" before it on all hosts,'
        ' or set "require_link_local": false'
    )


@positive("R-024")
def test_a_link_local_address_comes_first_among_ipv6_unless_that_is_switched_off() -> None:
    accepted(ip_addresses=["10.0.0.1/24", "fe80::1/64", "2001:db8::1/64"])
    accepted(ip_addresses=["2001:db8::1/64"], require_link_local=False)


def test_the_example_follows_from_the_vrid_and_is_accepted() -> None:
    assert '"fe80::200:5eff:fe00:2ff/64"' in complaint(vrid=255, ip_addresses=["2001:db8::1/64"])
    accepted(vrid=255, ip_addresses=["fe80::200:5eff:fe00:2ff/64", "2001:db8::1/64"])


def test_an_address_that_could_not_be_read_may_have_been_the_link_local_one() -> None:
    assert complaint(ip_addresses=["fe80:1/64", "2001:db8::1/64"]).startswith("ip_addresses[0]:")


@pytest.mark.parametrize("family", ["10.1.{}.1/32", "fe80::{}/128"])
def test_an_advertisement_counts_to_255_addresses(family: str) -> None:
    addresses = [family.format(number) for number in range(1, 256)]
    assert len(accepted(ip_addresses=addresses).ip_addresses) == 255
    name = "IPv4" if "." in family else "IPv6"
    assert complaint(ip_addresses=[*addresses, family.format(0).replace("::0", "::aaaa")]) == (
        f"ip_addresses: lists 256 {name} addresses; allowed: at most 255 of each family;"
        " put the others in excluded_ip_addresses"
    )


def test_each_family_counts_for_itself() -> None:
    both = [f"10.1.{number}.1/32" for number in range(255)] + [f"fe80::{number}/128" for number in range(1, 256)]
    assert len(accepted(ip_addresses=both).ip_addresses) == 510


def test_excluded_addresses_may_be_many() -> None:
    excluded = [f"10.1.{number}.1/32" for number in range(256)] + [f"10.2.{number}.1/32" for number in range(256)]
    assert len(accepted(excluded_ip_addresses=excluded).excluded_ip_addresses) == 512


def test_excluded_addresses_go_with_advertised_ones_of_their_family() -> None:
    assert complaint(excluded_ip_addresses=["10.0.0.2/24", "2001:db8::2/64"]) == (
        'excluded_ip_addresses[1]: "2001:db8::2/64" needs an advertised IPv6 address beside it;'
        " allowed: IPv6 only if ip_addresses has IPv6 too"
    )


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"ip_addresses": ["10.0.0.1/24", "10.0.0.2/24", "10.0.0.1/16"]},
            'ip_addresses[2]: "10.0.0.1/16" is already ip_addresses[0]',
        ),
        (
            {"ip_addresses": ["fe80::1", "fe80::2", "fe80:0::2"]},
            'ip_addresses[2]: "fe80::2/128" is already ip_addresses[1]',
        ),
        (
            {"excluded_ip_addresses": ["192.168.100.100/32"]},
            'excluded_ip_addresses[0]: "192.168.100.100/32" is already ip_addresses[0]',
        ),
    ],
)
def test_an_address_is_listed_once(changes: dict[str, Any], line: str) -> None:
    assert complaint(**changes) == f"{line}; allowed: each address once, whatever its length"
