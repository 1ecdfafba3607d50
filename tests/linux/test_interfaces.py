"""The table of interfaces, following what iproute2 does to a real kernel."""

import json
import select
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Interface, ip_address, ip_interface
from pathlib import Path

import pytest

from failover.lab.namespaces import Namespace
from failover.linux.addresses import prepare_add
from failover.linux.interfaces import Changes, Interface, Interfaces
from failover.linux.netlink_socket import Netlink
from failover.linux.readiness import source_address
from failover.linux.rtnetlink import AddressAdded, AddressRemoved, AssignedAddress, Entry
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
def interfaces(cable: Namespace, netlink: Netlink) -> Iterator[Interfaces]:
    """The table, when both ends of the cable have come up and have their link-local addresses."""
    with cable.enter():
        table = Interfaces(netlink)
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


def follow(interfaces: Interfaces, condition: Callable[[], bool]) -> list[Changes]:
    """Read, as the engine does, until the condition holds; what was read."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    found = [interfaces.read()]
    while not condition():
        assert time.monotonic() < deadline, f"still not so: {list(interfaces)}"
        if select.select([interfaces], [], [], 0.1)[0]:
            found.append(interfaces.read())
    return found


def names(changes: list[Changes]) -> set[str]:
    return {name for one in changes for name in one.interfaces}


def added(changes: list[Changes]) -> list[tuple[str, str]]:
    return [(c.interface, str(c.assigned.address)) for one in changes for c in one.added]


def removed(changes: list[Changes]) -> list[tuple[str, str]]:
    return [(c.interface, str(c.assigned.address)) for one in changes for c in one.removed]


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
    assert interfaces.read() == Changes()


def test_a_cut_cable_is_no_carrier_until_it_is_mended(cable: Namespace, interfaces: Interfaces) -> None:
    cable.ip("link set veth1 down")
    changes = follow(interfaces, lambda: not existing(interfaces, "veth0").running)
    assert "veth0" in names(changes)
    assert existing(interfaces, "veth0").up
    assert not existing(interfaces, "veth1").up
    cable.ip("link set veth1 up")
    assert "veth0" in names(follow(interfaces, lambda: existing(interfaces, "veth0").running))


def test_an_address_wiped_by_somebody_else_is_reported(cable: Namespace, interfaces: Interfaces) -> None:
    cable.ip("address add 192.0.2.1/24 dev veth0", "address add 192.0.2.2/24 dev veth0")
    changes = follow(interfaces, lambda: has(interfaces.get("veth0"), "192.0.2.2"))
    assert added(changes) == [("veth0", "192.0.2.1/24"), ("veth0", "192.0.2.2/24")]
    cable.ip("address delete 192.0.2.1/24 dev veth0")
    changes = follow(interfaces, lambda: not has(interfaces.get("veth0"), "192.0.2.2"))
    assert sorted(removed(changes)) == [("veth0", "192.0.2.1/24"), ("veth0", "192.0.2.2/24")]
    assert names(changes) == {"veth0"}


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
    changes = follow(interfaces, lambda: interfaces.get("uplink0") is not None)
    assert names(changes) == {"veth0", "uplink0"}
    assert removed(changes) == []
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
    changes = follow(interfaces, lambda: interfaces.get("veth0") is None)
    assert ("veth0", "192.0.2.1/24") in removed(changes)
    assert names(changes) == {"veth0", "veth1"}
    assert interfaces.by_index(before.ifindex) is None
    cable.ip("link add veth0 type veth peer name veth1")
    changes = follow(interfaces, lambda: interfaces.get("veth0") is not None)
    assert existing(interfaces, "veth0").ifindex != before.ifindex
    assert existing(interfaces, "veth0").addresses == ()


def test_an_interface_deleted_and_made_again_between_two_reads_is_noticed(
    cable: Namespace, interfaces: Interfaces
) -> None:
    before = existing(interfaces, "veth0")
    cable.ip("link delete veth0", "link add veth0 type veth peer name veth1")
    changes = interfaces.read()
    assert "veth0" in changes.interfaces
    assert {c.ifindex for c in changes.removed} >= {before.ifindex}
    assert existing(interfaces, "veth0").ifindex != before.ifindex


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
    changes = follow(interfaces, lambda: has(interfaces.get("veth0"), "fe80::77"))
    assert added(changes) == [("veth0", "fe80::77/64")]

    def is_tentative() -> bool:
        return any(one.is_tentative for one in existing(interfaces, "veth0").addresses)

    assert is_tentative()
    changes = follow(interfaces, lambda: not is_tentative())
    assert names(changes) == {"veth0"}
    assert added(changes) == []


@pytest.mark.parametrize("family", list(Family))
def test_the_source_address_is_the_same_from_notifications_and_from_a_list(
    cable: Namespace, netlink: Netlink, interfaces: Interfaces, family: Family
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
        listed = Interfaces(netlink)
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


def test_lost_notifications_are_made_up_for_by_a_list(cable: Namespace, netlink: Netlink) -> None:
    with cable.enter():
        table = Interfaces(netlink, receive_buffer_bytes=4096)
    try:
        follow(table, lambda: settled(table.get("veth0")))
        cable.ip("link add gone type veth peer name gone1", "address add 192.0.2.1/24 dev veth0")
        follow(table, lambda: has(table.get("veth0"), "192.0.2.1") and table.get("gone") is not None)
        cable.ip(
            *(f"address add 10.9.0.{n}/16 dev veth1" for n in range(1, 200)),
            "link delete gone",
            "address delete 192.0.2.1/24 dev veth0",
            "link set veth0 name uplink0",
        )
        changes = follow(table, lambda: table.get("uplink0") is not None)
        assert any(one.resynchronised for one in changes)
        assert len([1 for name, _ in added(changes) if name == "veth1"]) == 199
        assert ("uplink0", "192.0.2.1/24") in removed(changes)
        assert names(changes) >= {"veth0", "uplink0", "veth1", "gone", "gone1"}
        assert table.get("gone") is None
        follow(table, lambda: table.read() == Changes())
        cable.ip("address add 192.0.2.1/24 dev uplink0")
        changes = follow(table, lambda: has(table.get("uplink0"), "192.0.2.1"))
        assert added(changes) == [("uplink0", "192.0.2.1/24")]
        assert not any(one.resynchronised for one in changes)
    finally:
        table.close()


def test_lost_notifications_are_not_forgotten_when_the_list_fails_too(
    cable: Namespace, netlink: Netlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Netlink, request: bytes) -> list[Entry]:
        raise OSError("no list")

    with cable.enter():
        table = Interfaces(netlink, receive_buffer_bytes=4096)
    try:
        cable.ip(*(f"address add 10.9.0.{n}/16 dev veth1" for n in range(1, 200)))
        with monkeypatch.context() as patched:
            patched.setattr(Netlink, "dump", fail)
            for _ in range(2):
                with pytest.raises(OSError, match="no list"):
                    table.read()
        assert table.read().resynchronised
        assert len(existing(table, "veth1").addresses) >= 199
    finally:
        table.close()


def test_a_table_that_cannot_be_filled_leaves_no_socket_open(
    cable: Namespace, netlink: Netlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    netlink.close()
    with cable.enter(), pytest.raises(OSError, match="Bad file descriptor"):
        Interfaces(netlink)
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors - 1


def test_an_address_on_an_interface_that_has_just_gone_is_no_change(interfaces: Interfaces) -> None:
    assigned = AssignedAddress(IPv4Interface("192.0.2.1/24"), 0, 0, 0)
    before = list(interfaces)
    interfaces._apply(AddressAdded(9999, assigned))
    interfaces._apply(AddressRemoved(9999, assigned))
    assert list(interfaces) == before
    assert interfaces.by_index(9999) is None


def test_a_storm_is_taken_in_parts_and_the_descriptor_stays_readable(
    cable: Namespace, netlink: Netlink, interfaces: Interfaces
) -> None:
    ifindex = existing(interfaces, "veth0").ifindex
    count = 300
    netlink.apply(prepare_add(ifindex, [IPv4Interface((0x0A090001 + n, 16)) for n in range(count)]))
    first = interfaces.read()
    assert 0 < len(first.added) < count
    assert select.select([interfaces], [], [], 0)[0]
    rest = follow(interfaces, lambda: len(existing(interfaces, "veth0").addresses) > count)
    assert len(first.added) + len(added(rest)) == count
