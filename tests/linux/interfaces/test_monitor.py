"""The table of interfaces, following what iproute2 does to a real kernel."""

import json
import select
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from ipaddress import IPv4Interface, ip_address, ip_interface
from pathlib import Path

import pytest

from failover.lab.network.namespaces import Namespace
from failover.linux.interfaces.monitor import Interfaces
from failover.linux.interfaces.readiness import source_address
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.addresses import prepare_add
from failover.linux.netlink.connection import ListChangedError, Netlink, open_socket, receive
from failover.linux.netlink.rtnetlink import (
    SETTINGS_GROUPS,
    AddressAdded,
    AddressRemoved,
    AssignedAddress,
    Entry,
    SettingsChanged,
    parse,
)
from failover.vrrp.protocol import Family

pytestmark = pytest.mark.root

DEADLINE_SECONDS = 10.0


@pytest.fixture
def netlink(cable: Namespace) -> Iterator[Netlink]:
    with cable.enter():
        opened = Netlink()
    with opened:
        yield opened


@pytest.fixture
def interfaces(cable: Namespace) -> Iterator[Interfaces]:
    """The table, when both ends of the cable have come up and have their link-local addresses."""
    with cable.enter():
        table = Interfaces()
    try:
        follow(table, lambda: all(settled(table.get(name)) for name in ("veth0", "veth1")))
        yield table
    finally:
        table.close()


def settled(interface: Interface | None) -> bool:
    """Up, and duplicate address detection is over: the kernel has no more to tell of it."""
    if interface is None or not interface.running:
        return False
    return any(one.address.ip.is_link_local and not one.is_tentative for one in interface.addresses)


def has(interface: Interface | None, start: str) -> bool:
    return interface is not None and any(str(one.address).startswith(start) for one in interface.addresses)


def existing(interfaces: Interfaces, name: str) -> Interface:
    found = interfaces.get(name)
    assert found is not None
    return found


def follow(interfaces: Interfaces, condition: Callable[[], bool]) -> int:
    """Read, as the engine does, until the condition holds and nothing is left to be read; how often it was read."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    reads = 1
    while interfaces.read() or interfaces.is_outdated or not condition():
        reads += 1
        assert time.monotonic() < deadline, f"still not so: {list(interfaces)}"
        if not interfaces.is_outdated:
            select.select([interfaces], [], [], 0.1)
    return reads


def addresses(interface: Interface | None) -> list[str]:
    """Those of an interface that are not link-local."""
    assert interface is not None
    return [str(one.address) for one in interface.addresses if not one.address.is_link_local]


def many(count: int) -> list[IPv4Interface]:
    return [IPv4Interface((0x0A090001 + n, 16)) for n in range(count)]


def test_the_table_says_what_iproute2_says(cable: Namespace, interfaces: Interfaces) -> None:
    cable.ip("address add 192.0.2.1/24 dev veth0", "link add br0 type bridge", "link set veth1 master br0")
    follow(interfaces, lambda: has(interfaces.get("veth0"), "192") and existing(interfaces, "veth1").master is not None)
    listed = json.loads(cable.run(["ip", "-json", "address"]).stdout)
    assert [one.name for one in interfaces] == [one["ifname"] for one in listed]
    for theirs in listed:
        ours = existing(interfaces, theirs["ifname"])
        assert (ours.ifindex, ours.mtu, ours.mac.hex(":")) == (
            theirs["ifindex"],
            theirs["mtu"],
            theirs["address"],
        )
        assert ours.up == ("UP" in theirs["flags"])
        assert ours.running == ("LOWER_UP" in theirs["flags"])
        addresses = [f"{one['local']}/{one['prefixlen']}" for one in theirs["addr_info"]]
        assert {one.address for one in ours.addresses} == {ip_interface(a) for a in addresses}
        assert interfaces.by_index(ours.ifindex) == ours
        assert (ours.master is None) == ("master" not in theirs)


def test_when_nothing_happened_nothing_has_changed(interfaces: Interfaces) -> None:
    before = list(interfaces)
    assert not interfaces.read()
    assert all(one is same for one, same in zip(interfaces, before, strict=True))


def test_a_cut_cable_is_no_carrier_until_it_is_mended(cable: Namespace, interfaces: Interfaces) -> None:
    before = interfaces.get("veth0")
    cable.ip("link set veth1 down")
    follow(interfaces, lambda: not existing(interfaces, "veth0").running)
    assert interfaces.get("veth0") is not before
    assert existing(interfaces, "veth0").up
    assert not existing(interfaces, "veth1").up
    cable.ip("link set veth1 up")
    follow(interfaces, lambda: existing(interfaces, "veth0").running)


def test_an_address_wiped_by_somebody_else_is_reported(cable: Namespace, interfaces: Interfaces) -> None:
    other = interfaces.get("veth1")
    cable.ip("address add 192.0.2.1/24 dev veth0", "address add 192.0.2.2/24 dev veth0")
    follow(interfaces, lambda: has(interfaces.get("veth0"), "192.0.2.2"))
    assert addresses(interfaces.get("veth0")) == ["192.0.2.1/24", "192.0.2.2/24"]
    cable.ip("address delete 192.0.2.1/24 dev veth0")
    follow(interfaces, lambda: not has(interfaces.get("veth0"), "192.0.2.2"))
    assert addresses(interfaces.get("veth0")) == []
    assert interfaces.get("veth1") is other


def test_the_tag_of_our_addresses_is_in_the_table(netlink: Netlink, interfaces: Interfaces) -> None:
    ifindex = existing(interfaces, "veth0").ifindex
    netlink.apply(prepare_add(ifindex, [IPv4Interface("192.0.2.1/24")]))
    follow(interfaces, lambda: has(interfaces.get("veth0"), "192.0.2.1"))
    tags = {str(one.address): one.is_tagged for one in existing(interfaces, "veth0").addresses}
    assert tags.pop("192.0.2.1/24")
    assert set(tags.values()) == {False}


def test_a_renamed_interface_keeps_its_index_and_addresses(cable: Namespace, interfaces: Interfaces) -> None:
    before = existing(interfaces, "veth0")
    cable.ip("link set veth0 name uplink0")
    follow(interfaces, lambda: interfaces.get("uplink0") is not None)
    assert interfaces.get("veth0") is None
    assert existing(interfaces, "uplink0").ifindex == before.ifindex
    assert existing(interfaces, "uplink0").addresses == before.addresses


def test_two_interfaces_that_swap_their_names_are_told_apart(cable: Namespace, interfaces: Interfaces) -> None:
    first, second = existing(interfaces, "veth0").ifindex, existing(interfaces, "veth1").ifindex
    cable.ip("link set veth0 name other", "link set veth1 name veth0", "link set other name veth1")
    follow(interfaces, lambda: existing(interfaces, "veth0").ifindex == second)
    follow(interfaces, lambda: interfaces.get("veth1") is not None)
    assert existing(interfaces, "veth1").ifindex == first
    assert interfaces.get("other") is None


def test_a_deleted_interface_is_gone_with_its_addresses_and_a_new_one_is_another(
    cable: Namespace, interfaces: Interfaces
) -> None:
    cable.ip("address add 192.0.2.1/24 dev veth0")
    follow(interfaces, lambda: has(interfaces.get("veth0"), "192.0.2.1"))
    before = existing(interfaces, "veth0")
    cable.ip("link delete veth0")
    follow(interfaces, lambda: interfaces.get("veth0") is None and interfaces.get("veth1") is None)
    assert interfaces.by_index(before.ifindex) is None
    cable.ip("link add veth0 type veth peer name veth1")
    follow(interfaces, lambda: interfaces.get("veth0") is not None)
    assert existing(interfaces, "veth0").ifindex != before.ifindex
    assert existing(interfaces, "veth0").addresses == ()


def test_an_interface_deleted_and_made_again_between_two_reads_is_noticed(
    cable: Namespace, interfaces: Interfaces
) -> None:
    before = existing(interfaces, "veth0")
    cable.ip("link delete veth0", "link add veth0 type veth peer name veth1")
    interfaces.read()
    assert interfaces.by_index(before.ifindex) is None
    assert existing(interfaces, "veth0").ifindex != before.ifindex


def test_a_familys_part_that_comes_or_goes_is_news_though_nothing_in_the_table_changes(
    cable: Namespace, interfaces: Interfaces
) -> None:
    cable.ip("link add ifb0 type ifb", "link set ifb0 addrgenmode none")
    follow(interfaces, lambda: interfaces.get("ifb0") is not None)
    for mtu in (1279, 1500):
        cable.ip(f"link set ifb0 mtu {mtu}")
        follow(interfaces, lambda mtu=mtu: existing(interfaces, "ifb0").mtu == mtu)  # type: ignore[misc]
        before = existing(interfaces, "ifb0")
        news = SettingsChanged(before.ifindex)
        assert news in told(cable, f"link set ifb0 mtu {2779 - mtu}", f"link set ifb0 mtu {mtu}")
        follow(interfaces, lambda: True)
        assert existing(interfaces, "ifb0") == before
        interfaces._table.apply(news)
        assert existing(interfaces, "ifb0") is not before


def test_the_table_follows_whether_ipv6_is_forwarded(cable: Namespace, interfaces: Interfaces) -> None:
    for place, value in (("all", "1"), ("all", "0"), ("veth0", "1"), ("veth0", "0")):
        cable.sysctl(f"ipv6/conf/{place}/forwarding", value)
        follow(interfaces, lambda value=value: existing(interfaces, "veth0").forwards_ipv6 == (value == "1"))  # type: ignore[misc]
        with cable.enter(), closing(Interfaces()) as listed:
            assert existing(listed, "veth0").forwards_ipv6 == (value == "1")


def told(namespace: Namespace, *commands: str) -> list[Entry]:
    """What is told of these alone, without links and addresses."""
    with namespace.enter(), closing(open_socket(SETTINGS_GROUPS)) as monitor:
        namespace.ip(*commands)
        entries: list[Entry] = []
        with suppress(BlockingIOError):
            while True:
                entries += parse(receive(monitor))
        return entries


def test_an_interface_that_moves_to_another_namespace_is_gone(cable: Namespace, interfaces: Interfaces) -> None:
    with Namespace("elsewhere") as elsewhere:
        cable.ip(f"link set veth1 netns {elsewhere.name}")
        follow(interfaces, lambda: interfaces.get("veth1") is None)


def test_an_interface_that_leaves_its_bridge_stays(cable: Namespace, interfaces: Interfaces) -> None:
    cable.ip("link add br0 type bridge", "link set veth1 master br0")
    follow(interfaces, lambda: existing(interfaces, "veth1").master is not None)
    cable.ip("link set veth1 nomaster", "link set veth1 mtu 1400")
    follow(interfaces, lambda: existing(interfaces, "veth1").mtu == 1400)
    assert existing(interfaces, "veth1").master is None


def test_an_address_that_passes_duplicate_detection_changes_but_is_not_new(
    cable: Namespace, interfaces: Interfaces
) -> None:
    for setting in ("accept_dad", "dad_transmits"):
        cable.sysctl(f"ipv6/conf/veth0/{setting}", "1")
    cable.ip("address add fe80::77/64 dev veth0")
    follow(interfaces, lambda: has(interfaces.get("veth0"), "fe80::77"))
    before = existing(interfaces, "veth0")

    def is_tentative() -> bool:
        return any(one.is_tentative for one in existing(interfaces, "veth0").addresses)

    assert is_tentative()
    follow(interfaces, lambda: not is_tentative())
    assert [one.address for one in existing(interfaces, "veth0").addresses] == [one.address for one in before.addresses]
    assert existing(interfaces, "veth0") != before


@pytest.mark.parametrize("family", list(Family))
def test_the_source_address_is_the_same_from_notifications_and_from_a_list(
    cable: Namespace, interfaces: Interfaces, family: Family
) -> None:
    cable.sysctl("ipv4/conf/veth0/promote_secondaries", "1")
    cable.ip(
        "address add 192.0.2.1/24 dev veth0",
        "address add 192.0.2.2/24 dev veth0",
        "address add 198.51.100.1/24 dev veth0",
        "address add fe80::1/64 dev veth0",
        "address add fe80::2/64 dev veth0",
        "address add 2001:db8::1/64 dev veth0",
        "address delete 192.0.2.1/24 dev veth0",
    )
    follow(interfaces, lambda: not has(interfaces.get("veth0"), "192.0.2.1/"))
    with cable.enter():
        listed = Interfaces()
    try:
        followed = existing(interfaces, "veth0")
        source = source_address(followed, family, frozenset())
        assert source == source_address(existing(listed, "veth0"), family, frozenset())
        if family is Family.IPV4:
            assert source == ip_address("198.51.100.1")
        else:
            assert source not in {ip_address("fe80::1"), ip_address("fe80::2"), None}
    finally:
        listed.close()


def test_lost_notifications_are_made_up_for_by_a_list(cable: Namespace) -> None:
    with cable.enter(), closing(Interfaces(receive_buffer_bytes=4096)) as table:
        follow(table, lambda: settled(table.get("veth0")))
        cable.ip("link add gone type veth peer name gone1", "address add 192.0.2.1/24 dev veth0")
        follow(table, lambda: has(table.get("veth0"), "192.0.2.1") and table.get("gone") is not None)
        loopback = table.get("lo")
        cable.ip(
            *(f"address add 10.9.0.{n}/16 dev veth1" for n in range(1, 200)),
            "link delete gone",
            "address delete 192.0.2.1/24 dev veth0",
            "link set veth0 name uplink0",
        )
        assert table.read()
        assert table.is_outdated
        assert follow(table, lambda: table.get("uplink0") is not None) > 3, "a list is read in portions"
        assert len(addresses(table.get("veth1"))) == 199
        assert addresses(table.get("uplink0")) == []
        assert [table.get(name) for name in ("veth0", "gone", "gone1")] == [None] * 3
        assert table.get("lo") is loopback, "what is as before is the same"
        cable.ip("address add 192.0.2.1/24 dev uplink0")
        follow(table, lambda: has(table.get("uplink0"), "192.0.2.1"))
        assert addresses(table.get("uplink0")) == ["192.0.2.1/24"]


def test_the_table_is_the_old_one_until_a_list_is_whole_and_what_was_told_meanwhile_counts(
    cable: Namespace, interfaces: Interfaces
) -> None:
    cable.ip(*(f"address add 10.9.0.{n}/16 dev veth1" for n in range(1, 200)))
    follow(interfaces, lambda: len(addresses(interfaces.get("veth1"))) == 199)
    before = interfaces.get("veth1")
    interfaces.overlook_addresses()
    cable.ip("address delete 10.9.0.7/16 dev veth1")
    interfaces.catch_up()
    for number in range(2):
        assert interfaces.read()
        assert interfaces.is_outdated
        assert interfaces.get("veth1") is before
        cable.ip(f"link set veth0 mtu {1400 + number}")  # changes nothing that is still to be listed
    follow(interfaces, lambda: existing(interfaces, "veth0").mtu == 1401)
    assert "10.9.0.7/16" not in addresses(interfaces.get("veth1"))
    assert len(addresses(interfaces.get("veth1"))) == 198


def test_a_list_that_changes_while_it_is_read_is_read_again(
    cable: Namespace, netlink: Netlink, interfaces: Interfaces
) -> None:
    interfaces.overlook_addresses()
    netlink.apply(prepare_add(existing(interfaces, "veth1").ifindex, many(2000)))
    interfaces.catch_up()
    for number in range(5):
        assert interfaces.read()
        cable.ip(f"address add 198.51.100.{number + 1}/24 dev veth0")
    assert follow(interfaces, lambda: True) > 2000 // 64 + 5
    assert len(addresses(interfaces.get("veth1"))) == 2000
    assert addresses(interfaces.get("veth0")) == [f"198.51.100.{number + 1}/24" for number in range(5)]


def test_a_list_that_changes_every_time_is_given_up_and_begun_again(
    interfaces: Interfaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dump(self: Netlink, request: bytes) -> Iterator[Entry]:
        yield from ()
        raise ListChangedError

    before = list(interfaces)
    interfaces.overlook_addresses()
    interfaces.catch_up()
    with monkeypatch.context() as patched:
        patched.setattr(Netlink, "dump", dump)
        for _ in range(2):
            with pytest.raises(OSError, match="interrupted by changes 20 times"):
                interfaces.read()
            assert interfaces.is_outdated
    assert list(interfaces) == before
    follow(interfaces, lambda: True)
    assert list(interfaces) == before


def test_addresses_that_are_overlooked_are_caught_up_with_and_links_are_followed_meanwhile(
    cable: Namespace, interfaces: Interfaces
) -> None:
    interfaces.overlook_addresses()
    interfaces.overlook_addresses()
    cable.ip("address add 192.0.2.1/24 dev veth0", "address add 2001:db8::1/64 dev veth0", "link set veth1 mtu 1400")
    assert interfaces.is_outdated
    deadline = time.monotonic() + DEADLINE_SECONDS
    while existing(interfaces, "veth1").mtu != 1400:
        interfaces.read()
        assert time.monotonic() < deadline
    assert addresses(interfaces.get("veth0")) == []
    interfaces.catch_up()
    cable.ip("address add 192.0.2.2/24 dev veth0")
    follow(interfaces, lambda: has(interfaces.get("veth0"), "192.0.2.2"))
    assert addresses(interfaces.get("veth0")) == ["192.0.2.1/24", "192.0.2.2/24", "2001:db8::1/64"]
    assert not interfaces.is_outdated
    interfaces.catch_up()
    assert not interfaces.is_outdated, "nothing was overlooked"


def test_addresses_overlooked_while_a_list_is_read_are_in_the_next(cable: Namespace, interfaces: Interfaces) -> None:
    cable.ip(*(f"address add 10.9.0.{n}/16 dev veth1" for n in range(1, 250)))
    interfaces.overlook_addresses()
    interfaces.catch_up()
    assert interfaces.read()
    interfaces.overlook_addresses()
    cable.ip("address delete 10.9.0.1/16 dev veth1", "address add 192.0.2.1/24 dev veth0")
    interfaces.catch_up()
    follow(interfaces, lambda: True)
    assert addresses(interfaces.get("veth0")) == ["192.0.2.1/24"]
    assert "10.9.0.1/16" not in addresses(interfaces.get("veth1"))


def test_a_table_that_cannot_be_filled_leaves_no_socket_open(cable: Namespace, monkeypatch: pytest.MonkeyPatch) -> None:
    def dump(self: Netlink, request: bytes) -> Iterator[Entry]:
        yield from ()
        raise OSError("no list")

    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    monkeypatch.setattr(Netlink, "dump", dump)
    with cable.enter(), pytest.raises(OSError, match="no list"):
        Interfaces()
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


def test_a_table_without_a_second_socket_leaves_no_first_open(
    cable: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Netlink) -> None:
        raise OSError("no socket")

    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    monkeypatch.setattr(Netlink, "__init__", refuse)
    with cable.enter(), pytest.raises(OSError, match="no socket"):
        Interfaces()
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


def test_an_address_on_an_interface_that_has_just_gone_is_no_change(interfaces: Interfaces) -> None:
    assigned = AssignedAddress(IPv4Interface("192.0.2.1/24"), 0, 0, 0)
    before = list(interfaces)
    interfaces._table.apply(AddressAdded(9999, assigned))
    interfaces._table.apply(AddressRemoved(9999, assigned))
    assert list(interfaces) == before
    assert interfaces.by_index(9999) is None


def test_a_storm_is_taken_in_parts_and_the_descriptor_stays_readable(
    cable: Namespace, netlink: Netlink, interfaces: Interfaces
) -> None:
    ifindex = existing(interfaces, "veth0").ifindex
    count = 300
    netlink.apply(prepare_add(ifindex, many(count)))
    assert interfaces.read()
    assert 0 < len(addresses(interfaces.get("veth0"))) < count
    assert select.select([interfaces], [], [], 0)[0]
    assert follow(interfaces, lambda: len(addresses(interfaces.get("veth0"))) == count) > 2
