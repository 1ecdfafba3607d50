"""The table that drops what is sent to addresses, as `nft` reads it."""

import json
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from failover.lab.network.namespaces import Namespace
from failover.linux.nftables.address_filter import AddressFilter, InterfaceAddress

pytestmark = pytest.mark.root


def on(interface: str, *addresses: str) -> list[InterfaceAddress]:
    return [(interface, ip_address(address)) for address in addresses]


@pytest.fixture
def filtering(cable: Namespace) -> Iterator[AddressFilter]:
    with cable.enter():
        opened = AddressFilter()
    yield opened
    opened.close()


def ruleset(namespace: Namespace) -> list[dict[str, Any]]:
    listed = json.loads(namespace.run(["nft", "-j", "list", "ruleset"]).stdout)["nftables"]
    return [one for one in listed if "metainfo" not in one]


def elements(namespace: Namespace) -> dict[str, set[str]]:
    """What is in each set."""
    return {
        one["set"]["name"]: {
            element if isinstance(element, str) else " ".join(element["concat"])
            for element in one["set"].get("elem", ())
        }
        for one in ruleset(namespace)
        if "set" in one
    }


def test_nft_reads_the_rules_as_they_are_meant(cable: Namespace, filtering: AddressFilter) -> None:
    filtering.change(on("", "192.0.2.1", "2001:db8::1") + on("veth0", "fe80::1"), [])
    lines = [line.strip() for line in cable.run(["nft", "list", "ruleset"]).stdout.splitlines()]
    start = lines.index("chain input {")
    assert lines[start + 1 : start + 8] == [
        "type filter hook input priority filter; policy accept;",
        'iif "lo" accept',
        "icmpv6 type 135-136 accept",
        "ct direction reply accept",
        "ip daddr @ipv4 drop",
        "ip6 daddr @ipv6 drop",
        "iifname . ip6 daddr @ipv6_link_local drop",
    ]
    assert "flags owner" in lines
    assert elements(cable) == {"ipv4": {"192.0.2.1"}, "ipv6": {"2001:db8::1"}, "ipv6_link_local": {"veth0 fe80::1"}}


def test_addresses_come_and_go_in_one_transaction(cable: Namespace, filtering: AddressFilter) -> None:
    filtering.change(on("", "192.0.2.1", "192.0.2.2"), [])
    filtering.change(on("", "192.0.2.3"), on("", "192.0.2.1"))
    assert elements(cable)["ipv4"] == {"192.0.2.2", "192.0.2.3"}
    filtering.change([], [])
    filtering.change([], on("", "192.0.2.2", "192.0.2.3"))
    assert elements(cable)["ipv4"] == set()


def test_what_the_kernel_refuses_changes_nothing(cable: Namespace, filtering: AddressFilter) -> None:
    filtering.change(on("", "192.0.2.1"), [])
    with pytest.raises(FileNotFoundError):
        filtering.change(on("", "192.0.2.2"), on("", "192.0.2.9"))
    assert elements(cable)["ipv4"] == {"192.0.2.1"}


def test_a_first_change_that_is_refused_leaves_no_table(cable: Namespace, filtering: AddressFilter) -> None:
    with pytest.raises(FileNotFoundError):
        filtering.change([], on("", "192.0.2.9"))
    assert ruleset(cable) == []
    filtering.change(on("", "192.0.2.1"), [])
    assert elements(cable)["ipv4"] == {"192.0.2.1"}


def test_more_addresses_than_fit_one_attribute(cable: Namespace, filtering: AddressFilter) -> None:
    many = [("veth0", ip_address((0xFE80 << 112) + number)) for number in range(1, 2501)]
    filtering.change(many, [])
    assert len(elements(cable)["ipv6_link_local"]) == 2500


def test_two_processes_have_a_table_each_which_goes_with_it(cable: Namespace, filtering: AddressFilter) -> None:
    with cable.enter():
        another = AddressFilter()
    for one in (filtering, another):
        one.change(on("", "192.0.2.1"), [])
    assert len([one for one in ruleset(cable) if "table" in one]) == 2
    another.close()
    assert len([one for one in ruleset(cable) if "table" in one]) == 1
    cable.run(["nft", "flush", "ruleset"])
    assert elements(cable)["ipv4"] == {"192.0.2.1"}, "it is nobody else's to remove"
