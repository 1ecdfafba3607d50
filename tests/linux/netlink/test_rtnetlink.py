"""Links and addresses in netlink messages, judged by pyroute2: our bytes against its bytes, our reading and its."""

import struct
from ipaddress import IPv4Interface, IPv6Interface, ip_address, ip_interface
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.marshal import MarshalRtnl

from failover.linux.netlink.requests import (
    add_address,
    dump_addresses,
    dump_links,
    promote_secondaries,
    remove_address,
)
from failover.linux.netlink.rtnetlink import (
    ADDRESS_PROTOCOL,
    AddressAdded,
    AddressRemoved,
    AssignedAddress,
    LinkChanged,
    LinkRemoved,
    SettingsChanged,
    parse,
)
from failover.vrrp.protocol import PreferredLifetime, VirtualAddress

NEW_LINK, DELETE_LINK, NEW_ADDRESS, DELETE_ADDRESS = 16, 17, 20, 21

virtual_addresses = st.one_of(
    st.builds(lambda a, p: IPv4Interface((a, p)), st.ip_addresses(v=4), st.integers(0, 32)),
    st.builds(lambda a, p: IPv6Interface((a, p)), st.ip_addresses(v=6), st.integers(0, 128)),
)
ifindexes = st.integers(1, 2**31 - 1)


def oracle(message: Any, kind: int, header_flags: int, attributes: list[tuple[str, object]], **fixed: int) -> bytes:
    """The bytes that pyroute2 makes of a message."""
    for name, value in fixed.items():
        message[name] = value
    message["attrs"] = attributes
    message["header"]["type"] = kind
    message["header"]["flags"] = header_flags
    message.encode()
    return bytes(message.data)


def oracle_address(
    address: VirtualAddress, kind: int, header_flags: int, attributes: list[tuple[str, object]], **fixed: int
) -> bytes:
    family = 2 if address.version == 4 else 10
    fixed = {"family": family, "prefixlen": address.network.prefixlen, **fixed}
    return oracle(ifaddrmsg(), kind, header_flags, attributes, **fixed)


def oracle_link(kind: int, attributes: list[tuple[str, object]], **fixed: int) -> bytes:
    return oracle(ifinfmsg(), kind, 0, attributes, **fixed)


FOREVER = 0xFFFFFFFF


def lifetimes(preferred: int, valid: int = FOREVER) -> tuple[str, object]:
    return "IFA_CACHEINFO", {"ifa_preferred": preferred, "ifa_valid": valid, "cstamp": 0, "tstamp": 0}


@given(ifindexes, virtual_addresses, st.sampled_from(PreferredLifetime))
def test_pyroute2_makes_the_same_bytes_to_add_an_address(
    ifindex: int, address: VirtualAddress, lifetime: PreferredLifetime
) -> None:
    attributes: list[tuple[str, object]] = [
        ("IFA_LOCAL", str(address.ip)),
        ("IFA_ADDRESS", str(address.ip)),
        ("IFA_PROTO", 112),
    ]
    if address.version == 6:
        attributes.append(("IFA_FLAGS", 0x02))
    if lifetime is PreferredLifetime.NONE:
        attributes.append(lifetimes(0))
    made = add_address(ifindex, address, lifetime)
    assert made == oracle_address(address, NEW_ADDRESS, 0x501, attributes, index=ifindex)
    [read] = parse(made)
    assert isinstance(read, AddressAdded)
    assert read.assigned.lifetime is lifetime


@given(ifindexes, virtual_addresses)
def test_pyroute2_makes_the_same_bytes_to_remove_an_address(ifindex: int, address: VirtualAddress) -> None:
    attributes: list[tuple[str, object]] = [("IFA_LOCAL", str(address.ip)), ("IFA_ADDRESS", str(address.ip))]
    assert remove_address(ifindex, address) == oracle_address(address, DELETE_ADDRESS, 0x1, attributes, index=ifindex)


@pytest.mark.skipif(struct.pack("=H", 1) != b"\x01\x00", reason="the golden bytes are little-endian")
@pytest.mark.parametrize(
    ("request_bytes", "expected"),
    [
        (
            add_address(3, IPv4Interface("192.0.2.1/24")),
            (
                "30000000 1400 0105 00000000 00000000 02 18 00 00 03000000"
                "0800 0200 c0000201 0800 0100 c0000201 0500 0b00 70000000"
            ),
        ),
        (
            add_address(3, IPv6Interface("2001:db8::1/64")),
            (
                "50000000 1400 0105 00000000 00000000 0a 40 00 00 03000000"
                "1400 0200 20010db8000000000000000000000001 1400 0100 20010db8000000000000000000000001"
                "0500 0b00 70000000 0800 0800 02000000"
            ),
        ),
        (
            remove_address(3, IPv4Interface("192.0.2.1/24")),
            "28000000 1500 0100 00000000 00000000 02 18 00 00 03000000 0800 0200 c0000201 0800 0100 c0000201",
        ),
        (
            dump_links(),
            "28000000 1200 0103 00000000 00000000 00 00 0000 00000000 00000000 00000000 0800 1d00 08000000",
        ),
        (dump_addresses(), "18000000 1600 0103 00000000 00000000 00 00 00 00 00000000"),
    ],
    ids=["add-ipv4", "add-ipv6", "remove-ipv4", "dump-links", "dump-addresses"],
)
def test_requests_have_these_bytes(request_bytes: bytes, expected: str) -> None:
    assert request_bytes == bytes.fromhex(expected)


@given(ifindexes, virtual_addresses)
def test_pyroute2_reads_our_request_as_it_was_meant(ifindex: int, address: VirtualAddress) -> None:
    [message] = MarshalRtnl().parse(add_address(ifindex, address))
    assert message["event"] == "RTM_NEWADDR"
    assert (message["index"], message["prefixlen"]) == (ifindex, address.network.prefixlen)
    attributes = dict(message["attrs"])
    assert attributes["IFA_LOCAL"] == attributes["IFA_ADDRESS"]
    assert ip_address(attributes["IFA_LOCAL"]) == address.ip
    assert attributes["IFA_PROTO"] == ADDRESS_PROTOCOL
    assert attributes.get("IFA_FLAGS") == (None if address.version == 4 else 0x02)


@pytest.mark.skipif(struct.pack("=H", 1) != b"\x01\x00", reason="the golden bytes are little-endian")
@pytest.mark.parametrize("kind", [80, 81])
@pytest.mark.parametrize("family", [2, 10])
def test_news_of_a_familys_part_says_of_which_interface(kind: int, family: int) -> None:
    """RTM_NEWNETCONF and RTM_DELNETCONF: a byte for the family, padding, NETCONFA_IFINDEX."""

    def news(ifindex: int, kind_of_attribute: int = 1) -> bytes:
        body = struct.pack("=B3xHHi", family, 8, kind_of_attribute, ifindex)
        return struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body

    assert parse(news(7)) == [SettingsChanged(7)]
    assert parse(news(-1)) == parse(news(-2)) == [], "of all interfaces, and of those to come"
    assert parse(news(7, kind_of_attribute=2)) == []


@pytest.mark.skipif(struct.pack("=H", 1) != b"\x01\x00", reason="the golden bytes are little-endian")
@pytest.mark.parametrize("forwards", [True, False])
@pytest.mark.parametrize("family", [2, 10])
def test_news_of_forwarding_counts_for_ipv6_alone(family: int, forwards: bool) -> None:  # noqa: FBT001 - a column
    body = struct.pack("=B3xHHiHHi", family, 8, 1, 7, 8, 2, forwards)
    datagram = struct.pack("=IHHII", 16 + len(body), 80, 0, 0, 0) + body
    assert parse(datagram) == [SettingsChanged(7, forwards if family == 10 else None)]


@pytest.mark.skipif(struct.pack("=H", 1) != b"\x01\x00", reason="the golden bytes are little-endian")
@pytest.mark.parametrize("forwards", [True, False])
def test_a_link_says_whether_it_forwards_ipv6(forwards: bool) -> None:  # noqa: FBT001 - a column
    """The first word of IFLA_INET6_CONF in AF_INET6 in IFLA_AF_SPEC."""
    settings = struct.pack("=HHii", 12, 2, forwards, 64)
    by_family = struct.pack("=HH", 4 + len(settings), 10) + settings
    body = struct.pack("=BxHiII", 0, 1, 4, 0x11043, 0) + struct.pack("=HH5s3x", 9, 3, b"eth0")
    body += struct.pack("=HH", 4 + len(by_family), 26) + by_family
    expected = LinkChanged(4, "eth0", b"", True, True, mtu=0, master=None, forwards_ipv6=forwards)
    assert parse(struct.pack("=IHHII", 16 + len(body), NEW_LINK, 0, 0, 0) + body) == [expected]


def test_the_request_to_promote_secondaries_has_these_bytes() -> None:
    nested = "1400 1a001000 02000c00 01000800 1400 01000000"
    link = "00 00 0000 07000000 00000000 00000000"
    assert promote_secondaries(7) == bytes.fromhex(f"34000000 1300 0100 00000000 00000000 {link} {nested}")


@given(
    st.sampled_from([(NEW_ADDRESS, AddressAdded), (DELETE_ADDRESS, AddressRemoved)]),
    ifindexes,
    virtual_addresses,
    st.integers(0, 0xFFFFFFFF),
    st.integers(0, 255),
    st.integers(0, 255),
)
def test_an_address_from_pyroute2_is_read_whole(
    kind: tuple[int, type[AddressAdded | AddressRemoved]],
    ifindex: int,
    address: VirtualAddress,
    flags: int,
    scope: int,
    protocol: int,
) -> None:
    datagram = oracle_address(
        address,
        kind[0],
        0,
        [
            ("IFA_ADDRESS", str(address.ip)),
            ("IFA_LABEL", "eth0:1"),
            ("IFA_FLAGS", flags),
            ("IFA_PROTO", protocol),
        ],
        index=ifindex,
        flags=flags & 0xFF,
        scope=scope,
    )
    assert parse(datagram) == [kind[1](ifindex, AssignedAddress(address, flags, scope, protocol))]


@pytest.mark.parametrize(
    ("preferred", "valid", "lifetime"),
    [
        (FOREVER, FOREVER, PreferredLifetime.FOREVER),
        (0, FOREVER, PreferredLifetime.NONE),
        (100, FOREVER, None),
        (0, 100, None),
        (100, 100, None),
        (0, 0, None),
    ],
)
def test_the_lifetimes_of_an_address_have_a_name_where_they_do_not_run_out(
    preferred: int, valid: int, lifetime: PreferredLifetime | None
) -> None:
    address = IPv6Interface("2001:db8::1/64")
    attributes = [("IFA_ADDRESS", "2001:db8::1"), lifetimes(preferred, valid)]
    [found] = parse(oracle_address(address, NEW_ADDRESS, 0, attributes, index=2))
    assert found == AddressAdded(2, AssignedAddress(address, 0, 0, 0, lifetime))


def test_the_flags_of_an_old_kernel_are_those_of_the_fixed_part() -> None:
    address = IPv6Interface("fe80::1/64")
    datagram = oracle_address(address, NEW_ADDRESS, 0, [("IFA_ADDRESS", "fe80::1")], index=2, flags=0xC0)
    assert parse(datagram) == [AddressAdded(2, AssignedAddress(address, 0xC0, 0, 0))]


def test_on_a_point_to_point_interface_the_address_is_ours_and_not_the_peers() -> None:
    datagram = oracle_address(
        IPv4Interface("10.0.0.1/32"),
        NEW_ADDRESS,
        0,
        [("IFA_ADDRESS", "10.0.0.2"), ("IFA_LOCAL", "10.0.0.1")],
        index=2,
    )
    [found] = parse(datagram)
    assert isinstance(found, AddressAdded)
    assert found.assigned.address == IPv4Interface("10.0.0.1/32")


@pytest.mark.parametrize(
    ("address", "flags", "protocol", "true"),
    [
        ("192.0.2.1/24", 0x80, 0, set()),
        ("192.0.2.1/24", 0x81, 112, {"is_secondary", "is_tagged"}),
        ("2001:db8::1/64", 0x01, 3, set()),
        ("2001:db8::1/64", 0x40, 0, {"is_tentative"}),
        ("2001:db8::1/64", 0x48, 0, {"is_tentative", "is_duplicate"}),
    ],
)
def test_flags_and_tag_of_an_address_have_names(address: str, flags: int, protocol: int, true: set[str]) -> None:
    assigned = AssignedAddress(ip_interface(address), flags, 0, protocol)
    names = ("is_secondary", "is_tentative", "is_duplicate", "is_tagged")
    assert {name for name in names if getattr(assigned, name)} == true


@pytest.mark.parametrize(
    ("flags", "up", "running"),
    [
        pytest.param(0x1002, False, False, id="down"),
        pytest.param(0x1003, True, False, id="up-without-carrier"),
        pytest.param(0x11003, True, False, id="carrier-has-come-but-not-declared-running"),
        pytest.param(0x1043, True, False, id="carrier-lost-but-still-declared-running"),
        pytest.param(0x11043, True, True, id="up-and-running"),
        pytest.param(0x10049, True, True, id="loopback-with-unknown-operational-state"),
        pytest.param(0x10042, False, False, id="running-without-up"),
    ],
)
def test_a_link_runs_with_all_three_flags_only(flags: int, up: bool, running: bool) -> None:  # noqa: FBT001 - a table
    datagram = oracle_link(NEW_LINK, [("IFLA_IFNAME", "eth0")], index=4, flags=flags)
    loopback = bool(flags & 0x8)
    assert parse(datagram) == [LinkChanged(4, "eth0", b"", up, running, mtu=0, master=None, loopback=loopback)]


def test_a_link_from_pyroute2_is_read_whole() -> None:
    datagram = oracle_link(
        NEW_LINK,
        [
            ("IFLA_IFNAME", "eth0"),
            ("IFLA_MTU", 1500),
            ("IFLA_MASTER", 7),
            ("IFLA_ADDRESS", "02:00:00:00:00:01"),
            ("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", "veth"), ("IFLA_INFO_SLAVE_KIND", "bridge")]}),
            ("IFLA_PROP_LIST", {"attrs": [("IFLA_ALT_IFNAME", "uplink"), ("IFLA_ALT_IFNAME", "enp3s0-the-long-name")]}),
        ],
        index=4,
        flags=0x11043,
    )
    mac = bytes.fromhex("020000000001")
    altnames = ("uplink", "enp3s0-the-long-name")
    expected = LinkChanged(4, "eth0", mac, True, True, mtu=1500, master=7, port_of="bridge", altnames=altnames)
    assert parse(datagram) == [expected]


@pytest.mark.parametrize("kind", ["bridge", "bond", "team", "vrf", "openvswitch"])
def test_a_link_is_a_port_of_its_masters_kind_until_it_has_no_master(kind: str) -> None:
    info = ("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_SLAVE_KIND", kind)]})
    enslaved = oracle_link(NEW_LINK, [("IFLA_IFNAME", "eth0"), ("IFLA_MASTER", 7), info], index=4)
    released = oracle_link(NEW_LINK, [("IFLA_IFNAME", "eth0")], index=4)
    found = [(one.master, one.port_of) for one in parse(enslaved + released) if isinstance(one, LinkChanged)]
    assert found == [(7, kind), (None, "")]


def test_a_link_of_a_master_without_a_kind_has_that_master() -> None:
    datagram = oracle_link(NEW_LINK, [("IFLA_IFNAME", "eth0"), ("IFLA_MASTER", 7)], index=4)
    found = [(one.master, one.port_of) for one in parse(datagram) if isinstance(one, LinkChanged)]
    assert found == [(7, "")]


def test_a_removed_link_is_gone() -> None:
    assert parse(oracle_link(DELETE_LINK, [("IFLA_IFNAME", "eth0")], index=4)) == [LinkRemoved(4, "eth0")]


@pytest.mark.parametrize("kind", [NEW_LINK, DELETE_LINK])
def test_what_happens_to_a_bridge_port_does_not_happen_to_its_link(kind: int) -> None:
    assert parse(oracle_link(kind, [("IFLA_IFNAME", "eth0")], index=4, family=7)) == []


@pytest.mark.parametrize(
    "datagram",
    [
        oracle_link(NEW_LINK, [("IFLA_MTU", 1500)], index=4),
        oracle_address(IPv4Interface("192.0.2.1/24"), NEW_ADDRESS, 0, [], index=4),
        oracle_address(IPv4Interface("192.0.2.1/24"), NEW_ADDRESS, 0, [("IFA_ADDRESS", "192.0.2.1")], prefixlen=33),
        oracle_address(IPv4Interface("192.0.2.1/24"), NEW_ADDRESS, 0, [("IFA_ADDRESS", "192.0.2.1")], family=7),
        struct.pack("=IHHII", 20, NEW_ADDRESS, 0, 0, 0) + b"\x02\x18\0\0",
        struct.pack("=IHHII", 24, NEW_LINK, 0, 0, 0) + bytes(8),
        struct.pack("=IHHII", 28, 24, 0, 0, 0) + bytes(12),
    ],
    ids=["no-name", "no-address", "prefix-too-long", "other-family", "short", "short-link", "a-route"],
)
def test_what_is_incomplete_or_foreign_is_skipped(datagram: bytes) -> None:
    after = oracle_link(DELETE_LINK, [("IFLA_IFNAME", "eth0")], index=4)
    assert parse(datagram + after) == [LinkRemoved(4, "eth0")]


@given(st.sampled_from((NEW_LINK, DELETE_LINK, NEW_ADDRESS, DELETE_ADDRESS)), st.binary(max_size=120))
def test_no_body_makes_parsing_raise(kind: int, body: bytes) -> None:
    assert len(parse(struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body)) <= 1


@given(virtual_addresses, st.data())
def test_a_damaged_message_is_read_or_skipped(address: VirtualAddress, data: st.DataObject) -> None:
    whole = bytearray(add_address(3, address))
    whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    for found in parse(bytes(whole[:cut])):
        assert isinstance(found, AddressAdded | AddressRemoved | LinkChanged | LinkRemoved)
