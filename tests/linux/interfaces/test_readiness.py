"""The source address of a virtual router, and the faults of its interface."""

from ipaddress import ip_address, ip_interface

import pytest
from msgspec.structs import replace

from failover.linux.faults import FaultReason
from failover.linux.interfaces.readiness import fault, own_networks, source_address
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.rtnetlink import AssignedAddress
from failover.vrrp.machine.states import Fault
from failover.vrrp.protocol import Family
from tests.rfc.marks import negative, positive

HOST, LINK, GLOBAL = 254, 253, 0
SECONDARY, DUPLICATE, TENTATIVE, PERMANENT = 0x01, 0x08, 0x40, 0x80


def assigned(address: str, flags: int = PERMANENT, scope: int = GLOBAL, protocol: int = 0) -> AssignedAddress:
    return AssignedAddress(ip_interface(address), flags, scope, protocol)


def interface(*addresses: AssignedAddress) -> Interface:
    return Interface(2, "eth0", b"\x02\0\0\0\0\1", True, True, 1500, None, addresses)


LINK_LOCAL = assigned("fe80::1/64", scope=LINK)


@positive("R-001")
@negative("R-001")
@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        pytest.param([assigned("192.0.2.1/24"), assigned("198.51.100.1/24")], "192.0.2.1", id="first"),
        pytest.param([assigned("192.0.2.9/24", SECONDARY), assigned("192.0.2.1/24")], "192.0.2.1", id="primary-first"),
        pytest.param([assigned("192.0.2.9/24", SECONDARY)], "192.0.2.9", id="secondary-if-need-be"),
        pytest.param(
            [assigned("169.254.0.1/16", scope=LINK), assigned("192.0.2.1/24")], "192.0.2.1", id="global-first"
        ),
        pytest.param([assigned("169.254.0.1/16", scope=LINK)], "169.254.0.1", id="link-local-if-need-be"),
        pytest.param([assigned("192.0.2.100/24"), assigned("192.0.2.1/24")], "192.0.2.1", id="not-excluded"),
        pytest.param([assigned("192.0.2.7/24", protocol=112), assigned("192.0.2.1/24")], "192.0.2.1", id="not-tagged"),
        pytest.param([assigned("127.0.0.1/8", scope=HOST)], None, id="not-loopback"),
        pytest.param([LINK_LOCAL], None, id="not-ipv6"),
        pytest.param([], None, id="none"),
    ],
)
def test_the_ipv4_source_is_the_first_primary_address_that_is_not_virtual(
    addresses: list[AssignedAddress], expected: str | None
) -> None:
    excluded = {ip_address("192.0.2.100")}
    source = source_address(interface(*addresses), Family.IPV4, excluded)
    assert source == (ip_address(expected) if expected else None)


@positive("R-002")
@negative("R-002")
@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        pytest.param([LINK_LOCAL, assigned("fe80::2/64", scope=LINK)], "fe80::1", id="first"),
        pytest.param([assigned("2001:db8::1/64"), LINK_LOCAL], "fe80::1", id="not-global"),
        pytest.param([assigned("fe80::2/64", TENTATIVE, LINK), LINK_LOCAL], "fe80::1", id="not-tentative"),
        pytest.param([assigned("fe80::2/64", DUPLICATE, LINK), LINK_LOCAL], "fe80::1", id="not-duplicate"),
        pytest.param([assigned("fe80::100/64", scope=LINK), LINK_LOCAL], "fe80::1", id="not-excluded"),
        pytest.param([assigned("fe80::2/64", 0, LINK, 112), LINK_LOCAL], "fe80::1", id="not-tagged"),
        pytest.param([assigned("192.0.2.1/24")], None, id="not-ipv4"),
    ],
)
def test_the_ipv6_source_is_the_first_link_local_address_that_is_not_virtual(
    addresses: list[AssignedAddress], expected: str | None
) -> None:
    excluded = {ip_address("fe80::100")}
    source = source_address(interface(*addresses), Family.IPV6, excluded)
    assert source == (ip_address(expected) if expected else None)


READY = interface(assigned("192.0.2.1/24"), LINK_LOCAL)


@pytest.mark.parametrize("family", list(Family))
@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (None, Fault(FaultReason.INTERFACE_MISSING, "interface eth0 does not exist")),
        (
            replace(READY, mac=b""),
            Fault(FaultReason.NOT_ETHERNET, "eth0 is not an Ethernet interface: it has no MAC address of 6 bytes"),
        ),
        (
            replace(READY, up=False, running=False),
            Fault(FaultReason.INTERFACE_DOWN, "eth0 is administratively down"),
        ),
        (
            replace(READY, loopback=True, mac=bytes(6)),
            Fault(FaultReason.LOOPBACK, "eth0 is the loopback, which no other host can reach"),
        ),
        (replace(READY, running=False), Fault(FaultReason.NO_CARRIER, "eth0 has no carrier")),
        (READY, None),
    ],
    ids=["missing", "not-ethernet", "down", "loopback", "no-carrier", "ready"],
)
def test_a_virtual_router_needs_an_interface_that_runs(
    found: Interface | None, expected: Fault | None, family: Family
) -> None:
    assert fault("eth0", found, family, frozenset()) == expected


@pytest.mark.parametrize("family", list(Family))
@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("bridge", "eth0 is a port of a bridge, which receives its packets: run on the bridge"),
        ("bond", "eth0 is a port of a bond, which receives its packets: run on the bond"),
        ("team", "eth0 is a port of a team, which receives its packets: run on the team"),
        (
            "openvswitch",
            "eth0 is a port of Open vSwitch, which receives its packets: run on an internal port of the switch",
        ),
        ("", "eth0 belongs to another interface, which receives its packets: run on that one"),
        ("vrf", None),
        ("batadv", None),
    ],
)
def test_a_virtual_router_needs_an_interface_that_keeps_its_packets(
    kind: str, detail: str | None, family: Family
) -> None:
    found = fault("eth0", replace(READY, master=7, port_of=kind), family, frozenset())
    assert found == (None if detail is None else Fault(FaultReason.PORT, detail))


@negative("R-001", "R-002")
@pytest.mark.parametrize(
    ("family", "addresses", "detail"),
    [
        (
            Family.IPV4,
            [assigned("192.0.2.100/24")],
            "eth0 has no IPv4 address of its own to send from: 192.0.2.100 is configured as a virtual address",
        ),
        (Family.IPV6, [assigned("2001:db8::1/64")], "eth0 has no IPv6 link-local address to send from"),
        (
            Family.IPV6,
            [assigned("fe80::1/64", TENTATIVE, LINK)],
            "fe80::1 on eth0 is still being checked for duplicates",
        ),
        (
            Family.IPV6,
            [assigned("fe80::1/64", TENTATIVE | DUPLICATE, LINK)],
            "fe80::1 on eth0 belongs to another host (duplicate address detected)",
        ),
    ],
    ids=["ipv4", "ipv6", "tentative", "duplicate"],
)
def test_without_a_source_address_the_fault_says_what_is_missing(
    family: Family, addresses: list[AssignedAddress], detail: str
) -> None:
    found = fault("eth0", interface(*addresses), family, {ip_address("192.0.2.100")})
    assert found == Fault("no_source_address", detail)


def test_own_networks_are_those_of_addresses_that_are_neither_virtual_nor_alone_each_once() -> None:
    there = interface(
        assigned("192.0.2.1/24"),
        assigned("192.0.2.2/24", SECONDARY),
        assigned("192.0.2.100/25"),
        assigned("198.51.100.7/25", protocol=112),
        assigned("203.0.113.1/32"),
        assigned("10.0.0.1/31"),
        assigned("127.0.0.1/8", scope=HOST),
        LINK_LOCAL,
    )
    excluded = {ip_address("192.0.2.100")}
    assert list(map(str, own_networks(there, Family.IPV4, excluded))) == ["192.0.2.0/24", "10.0.0.0/31"]
    assert list(map(str, own_networks(there, Family.IPV6, excluded))) == ["fe80::/64"]
