"""`failover.vrrp.packet.source`: addresses that no host can have win nothing, and odd ones are reported."""

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.vrrp import (
    Address,
    Advertisement,
    Backup,
    Discard,
    DiscardReason,
    Family,
    Master,
    Oddity,
    ReportOddity,
    VirtualRouter,
    encode,
    receive,
    step,
)
from failover.vrrp.protocol import Network
from failover.vrrp.scope import GROUPS
from tests.rfc.marks import negative
from tests.vrrp.making import NOW, a_backup, a_master, a_router, an_advertisement, hears, virtual_addresses
from tests.vrrp.packets import IPV4, IPV4_ROUTER, IPV6, IPV6_ROUTER, Packet, outcome

SUBNET = ip_network("192.0.2.0/24")


def here(*networks: str, primary: str = "192.0.2.2", addresses: str = "192.0.2.100/24") -> VirtualRouter:
    return a_router(
        addresses=virtual_addresses(addresses),
        primary_address=ip_address(primary),
        on_link=tuple(ip_network(one) for one in networks),
    )


def heard(source: str, router: VirtualRouter, priority: int = 200) -> Advertisement | Discard:
    packet: Packet = IPV4 if router.family is Family.IPV4 else IPV6
    from_there = replace(
        packet, source=ip_address(source), vrid=router.vrid, addresses=router.advertised, priority=priority
    )
    return receive(from_there.payload(), from_there.meta(), router)


def refused(source: str, router: VirtualRouter, priority: int = 200) -> str | None:
    """Why, None where it is accepted."""
    found = heard(source, router, priority)
    if isinstance(found, Advertisement):
        return None
    assert found.reason is DiscardReason.IMPOSSIBLE_SOURCE
    said = str(found)
    assert said.startswith(f"impossible source {ip_address(source)} (")
    return said.partition("(")[2].rstrip(")")


@negative("R-054", "R-055", "R-056", "R-068", "R-069", "R-070", "R-072")
@pytest.mark.parametrize("priority", [1, 200, 255, 0])
@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("0.0.0.0", "unspecified"),  # noqa: S104 - binds nothing
        ("0.0.0.1", "reserved"),
        ("0.255.255.255", "reserved"),
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("224.0.0.0", "multicast"),
        ("224.0.0.18", "multicast"),
        ("239.255.255.255", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.0.0.1", "reserved"),
        ("255.255.255.254", "reserved"),
        ("255.255.255.255", "limited broadcast"),
        ("192.0.2.255", "broadcast address of 192.0.2.0/24"),
        ("10.127.255.255", "broadcast address of 10.64.0.0/10"),
        ("198.51.100.7", "broadcast address of 198.51.100.4/30"),
    ],
)
def test_ipv4_addresses_that_no_host_has_are_refused_with_what_they_are(source: str, why: str, priority: int) -> None:
    router = here("192.0.2.0/24", "10.64.0.0/10", "198.51.100.4/30")
    assert refused(source, router, priority) == why


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::ffff:192.0.2.3", "IPv4-mapped"),
        ("::ffff:0:0", "IPv4-mapped"),
        ("::192.0.2.3", "reserved"),
        ("64:ff9b::192.0.2.3", "reserved"),
        ("ff00::", "multicast"),
        ("ff02::12", "multicast"),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"),
    ],
)
def test_ipv6_addresses_that_no_host_has_are_refused_with_what_they_are(source: str, why: str) -> None:
    assert refused(source, IPV6_ROUTER) == why


@pytest.mark.parametrize(
    ("source", "networks"),
    [
        pytest.param("192.0.2.1", ["192.0.2.0/24"], id="neighbour"),
        pytest.param("192.0.2.0", ["192.0.2.0/31"], id="first of two"),
        pytest.param("192.0.2.0", ["192.0.2.0/24"], id="lowest of a subnet"),
        pytest.param("192.0.3.0", ["192.0.3.0/24"], id="lowest here, in the middle where the subnet is larger"),
        pytest.param("192.0.2.1", ["192.0.2.0/31"], id="second of two"),
        pytest.param("192.0.2.255", [], id="no subnet known"),
        pytest.param("192.0.2.255", ["192.0.0.0/16"], id="inside a larger subnet"),
        pytest.param("192.0.2.255", ["192.0.2.0/24", "192.0.0.0/16"], id="inside one of two"),
        pytest.param("192.0.2.255", ["192.0.0.0/16", "192.0.2.0/24"], id="inside the other of two"),
        pytest.param("192.0.3.0", ["192.0.2.0/23"], id="middle of a subnet"),
        pytest.param("240.0.0.2", ["240.0.0.0/24"], id="reserved, and used here"),
        pytest.param("0.0.1.2", ["0.0.1.0/24"], id="this network, and used here"),
        pytest.param("10.0.0.255", ["192.0.2.0/24"], id="edge of somebody else's subnet"),
        pytest.param("169.254.7.7", ["192.0.2.0/24"], id="link-local"),
        pytest.param("1.0.0.1", ["192.0.2.0/24"], id="first possible"),
        pytest.param("223.255.255.254", ["192.0.2.0/24"], id="last possible"),
    ],
)
def test_ipv4_addresses_that_a_host_may_have_are_not_refused(source: str, networks: list[str]) -> None:
    assert refused(source, here(*networks)) is None


@pytest.mark.parametrize(
    ("primary", "source", "why"),
    [
        ("240.0.0.1", "240.0.0.2", None),
        ("240.0.0.1", "255.255.255.254", None),
        ("0.0.0.5", "0.0.0.6", None),
        ("240.0.0.1", "0.0.0.6", "reserved"),
        ("0.0.0.5", "240.0.0.2", "reserved"),
        ("240.0.0.1", "255.255.255.255", "limited broadcast"),
        ("0.0.0.5", "0.0.0.0", "unspecified"),  # noqa: S104 - binds nothing
    ],
)
def test_a_reserved_address_is_possible_where_ours_is_such_though_it_says_nothing_of_a_subnet(
    primary: str, source: str, why: str | None
) -> None:
    assert refused(source, here(primary=primary)) == why


@pytest.mark.parametrize(
    ("source", "networks", "why"),
    [
        ("fe80::", [], "subnet-router anycast address of fe80::/64"),
        ("fe80::", ["fe80::/64"], "subnet-router anycast address of fe80::/64"),
        ("fe80::", ["fe80::/126"], "subnet-router anycast address of fe80::/126"),
        ("fe80::", ["fe80::/127"], None),
        ("fe80:0:0:7::", ["fe80:0:0:7::/64", "fe80::/64"], "subnet-router anycast address of fe80:0:0:7::/64"),
        ("fe80:0:0:7::", ["fe80::/10"], None),
        ("fe80:0:0:7::", ["fe80::/10", "fe80:0:0:7::/64"], None),
        ("fe80::ffff:ffff:ffff:ffff", ["fe80::/64"], None),
    ],
)
def test_the_address_that_all_routers_of_an_ipv6_subnet_have_is_nobody_s_source(
    source: str, networks: list[str], why: str | None
) -> None:
    router = replace(IPV6_ROUTER, on_link=tuple(ip_network(one) for one in networks))
    assert refused(source, router) == why


@pytest.mark.parametrize(
    "source", ["fe80::1", "fe80::ffff:192.0.2.3", "2001:db8::9", "fd00::1", "100::1", "100:1::", "feff::"]
)
def test_ipv6_addresses_that_a_host_may_have_are_not_refused(source: str) -> None:
    assert refused(source, IPV6_ROUTER) is None


@pytest.mark.parametrize("source", ["0.0.0.0", "127.0.0.1", "224.0.0.18", "255.255.255.255"])  # noqa: S104 - likewise
def test_no_subnet_makes_such_an_address_possible(source: str) -> None:
    assert refused(source, here("0.0.0.0/0")) is not None


@pytest.mark.parametrize(("priority", "possible"), [(1, False), (100, False), (254, False), (255, True), (0, True)])
@pytest.mark.parametrize(
    ("router", "source"),
    [
        (here("192.0.2.0/24"), "192.0.2.100"),
        (replace(IPV4_ROUTER, excluded_addresses=virtual_addresses("203.0.113.7/32")), "203.0.113.7"),
        (IPV6_ROUTER, "fe80::100"),
        (IPV6_ROUTER, "2001:db8::1"),
    ],
    ids=["ipv4", "excluded", "ipv6", "second"],
)
def test_a_virtual_address_is_the_source_of_its_owner_alone(
    router: VirtualRouter, source: str, priority: int, *, possible: bool
) -> None:
    why = f"virtual address of a sender of priority {priority}"
    assert refused(source, router, priority) == (None if possible else why)


def test_an_owner_elsewhere_takes_over_from_its_own_address_and_an_impostor_does_not() -> None:
    router = here("192.0.2.0/24")
    master, address = a_master(router), router.addresses[0].ip
    owner = heard(str(address), router, 255)
    assert isinstance(owner, Advertisement)
    assert isinstance(step(router, master, hears(router, address, priority=255), NOW).state, Backup)
    assert refused(str(address), router, 254) is not None


def test_an_owner_of_another_virtual_router_sends_for_this_one_from_the_address_that_it_owns() -> None:
    """Two hosts, each the owner of one virtual router and BACKUP of the other, with no addresses beside these two."""
    of_a, of_b = ip_address("192.0.2.1"), ip_address("192.0.2.2")
    on_b = a_router(
        vrid=2,
        addresses=virtual_addresses(f"{of_b}/24"),
        primary_address=of_b,
        on_link=(ip_network("192.0.2.0/24"),),
        priority=255,
    )
    on_c = replace(on_b, primary_address=ip_address("192.0.2.3"), priority=50)
    for router in (on_b, on_c):
        assert refused(str(of_a), router, 100) is None


def test_an_impossible_source_is_named_only_where_all_else_is_right() -> None:
    bad = replace(IPV4, source=ip_address("240.0.0.1"), checksum_error=1)
    assert outcome(bad, IPV4_ROUTER) is DiscardReason.CHECKSUM
    assert outcome(replace(bad, checksum_error=0), IPV4_ROUTER) is DiscardReason.IMPOSSIBLE_SOURCE
    assert outcome(replace(bad, checksum_error=0, vrid=52), IPV4_ROUTER) is DiscardReason.VRID


@given(st.ip_addresses(v=4), st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_of_a_subnet_only_the_broadcast_address_is_impossible(primary: Address, length: int, offset: int) -> None:
    network: Network = ip_network(f"{primary}/{length}", strict=False)
    source = network[offset % network.num_addresses]
    router = replace(here(), on_link=(network,), primary_address=ip_address("192.0.2.2"))
    meta = replace(IPV4.meta(), source=source, destination=GROUPS[Family.IPV4])
    found = receive(encode(an_advertisement(router), source), meta, router)
    why = found.found if isinstance(found, Discard) and found.reason is DiscardReason.IMPOSSIBLE_SOURCE else ""
    if source == network.broadcast_address:
        assert "address of" in str(why) or not source.is_global
    else:
        assert "address of" not in str(why)


# Odd sources


def oddities(router: VirtualRouter, source: str, *, master: bool = False) -> list[Oddity]:
    state: Master | Backup = a_master(router) if master else a_backup(router)
    found = step(router, state, hears(router, ip_address(source), priority=200), NOW)
    assert isinstance(found.state, Backup)
    assert found.state.master is not None, "it is followed"
    return [action.oddity for action in found.actions if isinstance(action, ReportOddity)]


@pytest.mark.parametrize("master", [True, False])
@pytest.mark.parametrize(
    ("source", "networks", "is_odd"),
    [
        ("192.0.2.1", ["192.0.2.0/24"], False),
        ("192.0.3.1", ["192.0.2.0/24"], True),
        ("10.0.0.1", ["192.0.2.0/24", "10.0.0.0/8"], False),
        ("192.0.2.2", ["192.0.2.0/31"], True),
        ("169.254.7.7", ["192.0.2.0/24"], True),
        ("192.0.3.1", [], False),
    ],
)
def test_a_source_off_the_subnets_is_followed_and_told(
    source: str, networks: list[str], *, is_odd: bool, master: bool
) -> None:
    found = oddities(here(*networks), source, master=master)
    assert found == ([Oddity.SOURCE_OFF_SUBNET] if is_odd else [])


@pytest.mark.parametrize("networks", [[], ["2001:db8::/64", "fe80::/64"]])
@pytest.mark.parametrize(("source", "is_odd"), [("fe80::9", False), ("2001:db8::9", True), ("fd00::9", True)])
def test_an_ipv6_source_that_is_not_link_local_is_followed_and_told(
    source: str, networks: list[str], *, is_odd: bool
) -> None:
    router = replace(IPV6_ROUTER, on_link=tuple(ip_network(one) for one in networks))
    assert oddities(router, source) == ([Oddity.SOURCE_NOT_LINK_LOCAL] if is_odd else [])
