"""What entries of one file may not share."""

import json
from typing import Any

import pytest

from failover.config import ConfigError, Configuration, VirtualRouter, parse
from tests.config.documents import complaints, entry
from tests.rfc.marks import negative, positive


def parse_routers(document: list[dict[str, Any]]) -> tuple[VirtualRouter, ...]:
    return parse(json.dumps(document)).virtual_routers


def test_a_name_is_given_once() -> None:
    first, second = entry(name="a"), entry(name="a", vrid=52, ip_addresses=["10.0.0.1"])
    assert complaints([first, second]) == [
        '$[1].name: "a" is already the name of $[0]; allowed: each name once',
    ]


@negative("R-108")
@pytest.mark.parametrize("changes", [{}, {"version": 2}, {"priority": 255}])
def test_a_vrid_is_used_once_per_interface_and_family(changes: dict[str, Any]) -> None:
    second = entry(ip_addresses=["10.0.0.1"], **changes)
    assert complaints([entry(priority=255), second]) == [
        "$[1].vrid: 51 is already used on eth0 for IPv4 by $[0]; allowed: each VRID once per interface and family",
    ]


def test_a_clash_in_both_families_is_one_line() -> None:
    first, second = entry(ip_addresses=["10.0.0.1", "fe80::1"]), entry(ip_addresses=["10.0.0.2", "fe80::2"])
    assert complaints([first, second]) == [
        (
            "$[1].vrid: 51 is already used on eth0 for IPv4 and IPv6 by $[0];"
            " allowed: each VRID once per interface and family"
        ),
    ]


def test_a_clash_on_an_interface_of_any_name_is_told_in_ascii() -> None:
    first, second = (entry(interface_name="\u00e9", ip_addresses=[f"10.0.0.{number}"]) for number in (1, 2))
    (line,) = complaints([first, second])
    assert line.startswith(r"$[1].vrid: 51 is already used on \u00e9 for IPv4 by $[0];")


@positive("R-108")
@pytest.mark.parametrize(
    "changes", [{"interface_name": "eth1"}, {"vrid": 52}, {"ip_addresses": ["fe80::1/64"], "priority": 255}]
)
def test_another_interface_vrid_or_family_is_another_virtual_router(changes: dict[str, Any]) -> None:
    second = {**entry(ip_addresses=["10.0.0.1"]), **changes}
    assert len(parse_routers([entry(priority=255), second])) == 2


def test_an_address_belongs_to_one_virtual_router_on_whatever_interface() -> None:
    second = entry(vrid=52, interface_name="eth1", ip_addresses=["10.0.0.1", "192.168.100.100/32"])
    third = entry(vrid=53, ip_addresses=["10.0.0.2"], excluded_ip_addresses=["10.0.0.1/8"])
    assert complaints([entry(), second, third]) == [
        '$[1].ip_addresses[1]: "192.168.100.100/32" is already an address of $[0]; allowed: each address once',
        '$[2].excluded_ip_addresses[0]: "10.0.0.1/8" is already an address of $[1]; allowed: each address once',
    ]


def test_a_link_local_address_is_another_one_on_another_interface() -> None:
    first = entry(ip_addresses=["fe80::1/64"])
    assert len(parse_routers([first, {**first, "interface_name": "eth1"}])) == 2
    assert complaints([first, {**first, "vrid": 52}]) == [
        '$[1].ip_addresses[0]: "fe80::1/64" is already an address of $[0]; allowed: each address once',
    ]


def test_an_interface_for_a_virtual_mac_address_is_used_once() -> None:
    first = entry(vrid=51, ip_addresses=["10.0.0.1"], virtual_mac=True)
    second = entry(vrid=51, ip_addresses=["10.0.0.2"], virtual_mac=True, interface_name="eth1")
    third = entry(vrid=52, ip_addresses=["10.0.0.3"], interface_name="vrrp4.51")
    what = "would make vrrp4.51, which is the interface of"
    rest = 'allowed: each interface once; set "virtual_mac_interface_name"'
    assert complaints([first, second]) == [f"$[1].virtual_mac: true {what} $[0]; {rest}"]
    assert complaints([first, third]) == [f"$[0].virtual_mac: true {what} $[1]; {rest}"]
    itself = entry(vrid=51, ip_addresses=["10.0.0.1"], virtual_mac=True, interface_name="vrrp4.51")
    assert complaints([itself]) == [f"$[0].virtual_mac: true {what} $[0]; {rest}"]
    named = {**second, "virtual_mac_interface_name": "lan51"}
    assert len(parse_routers([first, named])) == 2


def test_clashes_are_reported_beside_other_problems_in_the_order_of_the_file() -> None:
    first = entry(priority=0)
    second = entry(ip_addresses=["x", "192.168.100.100/24"])
    third = entry(vrid=0, ip_addresses=["10.0.0.1"])
    assert [line.partition(": ")[0] for line in complaints([first, second, third])] == [
        "$[0].priority",
        "$[1].ip_addresses[0]",
        "$[1].vrid",
        "$[1].ip_addresses[1]",
        "$[2].vrid",
    ]


def test_clashes_between_virtual_routers_built_in_code_are_found_too() -> None:
    routers = [VirtualRouter(vrid=1, interface_name="e", ip_addresses=["10.0.0.1"]) for _ in range(2)]
    with pytest.raises(ConfigError) as caught:
        Configuration(virtual_routers=tuple(routers))
    assert str(caught.value).split("\n  ") == [
        "Configuration: 3 problems",
        'virtual_routers[1].name: "VR_1" is already the name of virtual_routers[0]; allowed: each name once',
        (
            "virtual_routers[1].vrid: 1 is already used on e for IPv4 by virtual_routers[0];"
            " allowed: each VRID once per interface and family"
        ),
        (
            'virtual_routers[1].ip_addresses[0]: "10.0.0.1/32" is already an address of virtual_routers[0];'
            " allowed: each address once"
        ),
    ]


def test_a_configuration_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="lists no virtual router"):
        Configuration(virtual_routers=())
