"""The tables that keep interfaces with virtual MAC addresses silent, as `nft` reads them."""

from collections.abc import Iterator
from ipaddress import IPv4Address

import pytest

from failover.lab.network.namespaces import Namespace
from failover.linux.nftables.link_filter import FilteredLink, LinkFilter

pytestmark = pytest.mark.root

IPV4 = FilteredLink("vrrp4.51", "eth0", IPv4Address("192.0.2.11"), (IPv4Address("192.0.2.1"),))
IPV6 = FilteredLink("vrrp6.51", "eth0", None, ())


@pytest.fixture
def filtering(cable: Namespace) -> Iterator[LinkFilter]:
    with cable.enter():
        opened = LinkFilter()
    yield opened
    opened.close()


def lines(namespace: Namespace) -> list[str]:
    return [line.strip() for line in namespace.run(["nft", "list", "ruleset"]).stdout.splitlines()]


def elements(namespace: Namespace) -> str:
    """All elements of all sets, in one line."""
    text = " ".join(lines(namespace))
    return " ".join(part.split("}")[0].strip() for part in text.split("elements = {")[1:])


def test_nft_reads_the_rules_as_they_are_meant(cable: Namespace, filtering: LinkFilter) -> None:
    filtering.guard([IPV4, IPV6])
    shown = lines(cable)
    for rule in (
        "iifname @links meta pkttype host iifgroup != 112 drop",
        "iifname @links icmpv6 type 134-134 drop",
        "iifname @links icmpv6 type 137-137 drop",
        "oifname @links meta nfproto ipv4 meta l4proto igmp drop",
        "oifname @links icmpv6 type 131-132 drop",
        "oifname @links icmpv6 type 143-143 drop",
        "iifname . arp daddr ip @asked drop",
        "iifname . arp saddr ip @told drop",
        "oifname . arp saddr ip @asked arp saddr ip set oifname map @sources",
    ):
        assert rule in shown
    assert shown.count("flags owner") == 2
    found = elements(cable)
    for element in ('"vrrp4.51"', '"vrrp6.51"', '"eth0" . 192.0.2.1', '"vrrp4.51" . 192.0.2.1', '"eth0" : 192.0.2.11'):
        assert element in found


def test_others_take_the_place_of_those_before(cable: Namespace, filtering: LinkFilter) -> None:
    filtering.guard([IPV4, IPV6])
    filtering.guard([IPV6])
    assert elements(cable) == '"vrrp6.51"'
    filtering.close()
    assert lines(cable) == []
