"""Batches and lists with the real kernel, judged by iproute2."""

import errno
import json
import os
from collections.abc import Iterator
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from math import ceil

import pytest
from pyroute2.netlink.rtnl.marshal import MarshalRtnl

from failover.lab.network.namespaces import Namespace
from failover.linux.netlink import connection as netlink_socket
from failover.linux.netlink.addresses import PORTION, prepare_add, prepare_behind, prepare_remove, tagged
from failover.linux.netlink.codec import DUMP, request
from failover.linux.netlink.connection import ListChangedError, Netlink, open_socket, receive
from failover.linux.netlink.requests import dump_addresses, dump_links, remove_address
from failover.linux.netlink.rtnetlink import AddressAdded, AssignedAddress, LinkChanged
from failover.vrrp.protocol import PreferredLifetime, VirtualAddress

pytestmark = pytest.mark.root

NOBODY = 65534


def consecutive(first: str, count: int) -> list[VirtualAddress]:
    start = ip_interface(first)
    kind = type(start)
    return [kind((int(start.ip) + n, start.network.prefixlen)) for n in range(count)]


FAMILIES = pytest.mark.parametrize("first", ["10.9.0.1/16", "2001:db8::1:1/64"], ids=["ipv4", "ipv6"])


@pytest.fixture
def netlink(cable: Namespace) -> Iterator[Netlink]:
    with cable.enter():
        opened = Netlink()
    with opened:
        yield opened


def ifindex_of(netlink: Netlink, name: str) -> int:
    [found] = [one for one in netlink.dump(dump_links()) if isinstance(one, LinkChanged) and one.name == name]
    return found.ifindex


def on_interface(namespace: Namespace, name: str) -> dict[VirtualAddress, dict[str, object]]:
    """What iproute2 says is there, link-local addresses left out."""
    listed = json.loads(namespace.run(["ip", "-json", "address", "show", "dev", name]).stdout)
    return {
        ip_interface(f"{one['local']}/{one['prefixlen']}"): one
        for one in listed[0]["addr_info"]
        if one["scope"] != "link"
    }


@FAMILIES
def test_500_addresses_come_and_go_in_one_batch_each(cable: Namespace, netlink: Netlink, first: str) -> None:
    addresses = consecutive(first, 500)
    ifindex = ifindex_of(netlink, "veth0")
    assert len(prepare_add(ifindex, addresses).datagrams) == ceil(500 / PORTION)
    assert netlink.apply(prepare_add(ifindex, addresses)) == ()
    assert on_interface(cable, "veth0").keys() == set(addresses)
    assert netlink.apply(prepare_remove(ifindex, addresses)) == ()
    assert on_interface(cable, "veth0") == {}


def test_a_batch_of_several_datagrams_is_carried_out_whole(cable: Namespace, netlink: Netlink) -> None:
    addresses = consecutive("10.9.0.1/16", 2000)
    ifindex = ifindex_of(netlink, "veth0")
    assert len(prepare_add(ifindex, addresses).datagrams) == ceil(2000 / PORTION)
    assert netlink.apply(prepare_add(ifindex, addresses)) == ()
    assert on_interface(cable, "veth0").keys() == set(addresses)
    listed = [one for one in netlink.dump(dump_addresses()) if isinstance(one, AddressAdded)]
    assert {one.assigned.address for one in listed if one.ifindex == ifindex} >= set(addresses)


@FAMILIES
def test_what_is_there_already_or_gone_already_is_no_failure(cable: Namespace, netlink: Netlink, first: str) -> None:
    addresses = consecutive(first, 500)
    ifindex = ifindex_of(netlink, "veth0")
    cable.ip(f"address add {addresses[3]} dev veth0")
    add, remove = prepare_add(ifindex, addresses), prepare_remove(ifindex, addresses)
    assert [netlink.apply(batch) for batch in (add, add, remove, remove)] == [()] * 4
    assert on_interface(cable, "veth0") == {}
    assert netlink.apply(add) == ()
    cable.ip("link delete veth0")
    assert netlink.apply(remove) == ()


@pytest.mark.parametrize(
    ("first", "lifetime"),
    [
        ("10.9.0.1/16", PreferredLifetime.FOREVER),
        ("2001:db8::1/64", PreferredLifetime.FOREVER),
        ("2001:db8::1/64", PreferredLifetime.NONE),
    ],
)
def test_an_address_gets_the_lifetime_that_was_asked_for_also_where_it_is_there_already(
    cable: Namespace, netlink: Netlink, first: str, lifetime: PreferredLifetime
) -> None:
    ifindex = ifindex_of(netlink, "veth0")
    there, new = consecutive(first, 2)
    cable.ip(f"address add {there} dev veth0 valid_lft 1000 preferred_lft 100")

    def found() -> dict[VirtualAddress, AssignedAddress]:
        listed = [one for one in netlink.dump(dump_addresses()) if isinstance(one, AddressAdded)]
        return {one.assigned.address: one.assigned for one in listed if one.ifindex == ifindex}

    assert found()[there].lifetime is None
    assert netlink.apply(prepare_add(ifindex, [there, new], lifetime=lifetime)) == ()
    assert {found()[address].lifetime for address in (there, new)} == {lifetime}
    assert found()[there].is_tagged


@pytest.mark.parametrize("count", [1, 2, 100])
def test_addresses_are_put_behind_another_and_leave_nothing_when_they_go(
    cable: Namespace, netlink: Netlink, count: int
) -> None:
    ifindex = ifindex_of(netlink, "veth0")
    cable.sysctl("ipv4/conf/veth0/promote_secondaries", "1")
    addresses = consecutive("10.9.0.1/16", count)
    own = ip_interface("10.9.77.1/16")
    netlink.apply(prepare_add(ifindex, addresses))
    cable.ip(f"address add {own} dev veth0")
    assert "secondary" in on_interface(cable, "veth0")[own]
    assert netlink.apply(prepare_behind(ifindex, addresses)) == ()
    listed = on_interface(cable, "veth0")
    assert listed.keys() == {own, *addresses}
    assert [address for address, flags in listed.items() if "secondary" not in flags] == [own]
    assert netlink.apply(prepare_remove(ifindex, addresses)) == ()
    left = cable.run(["ip", "route", "show", "table", "local", "type", "local", "dev", "veth0"]).stdout.splitlines()
    assert [line.split()[1] for line in left] == ["10.9.77.1"]


def test_an_address_alone_in_its_subnet_goes_behind_all_others_and_leaves_nothing(
    cable: Namespace, netlink: Netlink
) -> None:
    ifindex = ifindex_of(netlink, "veth0")
    cable.sysctl("ipv4/conf/veth0/promote_secondaries", "1")
    addresses, own = consecutive("10.9.0.2/32", 3), ip_interface("10.9.77.1/32")
    netlink.apply(prepare_add(ifindex, addresses))
    cable.ip(f"address add {own} dev veth0")
    assert netlink.apply(prepare_behind(ifindex, addresses)) == ()
    assert list(on_interface(cable, "veth0")) == [own, *addresses]
    assert netlink.apply(prepare_remove(ifindex, addresses)) == ()
    left = cable.run(["ip", "route", "show", "table", "all", "dev", "veth0"]).stdout.splitlines()
    assert [line.split()[:2] for line in left if "10.9" in line] == [["local", "10.9.77.1"]]


def test_a_virtual_address_of_ours_carries_our_tag(cable: Namespace, netlink: Netlink) -> None:
    [address] = consecutive("192.0.2.1/24", 1)
    netlink.apply(prepare_add(ifindex_of(netlink, "veth0"), [address]))
    with cable.enter(), open_socket() as opened:
        opened.send(dump_addresses())
        listed = MarshalRtnl().parse(receive(opened))  # iproute2 shows the tag only since 6.3
    tags = {dict(one["attrs"]).get("IFA_LOCAL"): dict(one["attrs"]).get("IFA_PROTO") for one in listed}
    assert tags["192.0.2.1"] == 112


def test_an_ipv6_address_is_usable_at_once_where_the_host_checks_for_duplicates(
    cable: Namespace, netlink: Netlink
) -> None:
    for setting, value in (("accept_dad", "1"), ("dad_transmits", "5")):
        cable.sysctl(f"ipv6/conf/veth0/{setting}", value)
    cable.ip("address add 2001:db8::99/64 dev veth0")
    netlink.apply(prepare_add(ifindex_of(netlink, "veth0"), consecutive("2001:db8::1/64", 1)))
    listed = on_interface(cable, "veth0")
    assert "tentative" in listed[IPv6Interface("2001:db8::99/64")]
    assert "tentative" not in listed[IPv6Interface("2001:db8::1/64")]


def test_the_clean_up_by_tag_leaves_foreign_addresses_alone(cable: Namespace, netlink: Netlink) -> None:
    foreign = {ip_interface(a) for a in ("10.9.0.200/16", "10.9.77.1/16", "2001:db8::200/64")}
    ours = [*consecutive("10.9.0.1/16", 20), *consecutive("2001:db8::1/64", 20)]
    ifindex = ifindex_of(netlink, "veth0")
    cable.ip("address add 10.9.0.200/16 dev veth0")
    netlink.apply(prepare_add(ifindex, ours))
    cable.ip("address add 10.9.77.1/16 dev veth0", "address add 2001:db8::200/64 dev veth0")
    listed = [one for one in netlink.dump(dump_addresses()) if isinstance(one, AddressAdded)]
    left_behind = tagged(one.assigned for one in listed if one.ifindex == ifindex)
    assert set(left_behind) == set(ours)
    assert netlink.apply(prepare_remove(ifindex, left_behind)) == ()
    assert on_interface(cable, "veth0").keys() == foreign


def test_one_refused_address_is_named_and_does_not_stop_the_others(cable: Namespace, netlink: Netlink) -> None:
    good = consecutive("2001:db8::1/64", 2)
    loopback = IPv6Interface("::1/128")
    ifindex = ifindex_of(netlink, "veth0")
    for wanted in ([good[0], loopback, good[1]], [*good, loopback]):
        failures = netlink.apply(prepare_add(ifindex, wanted))
        assert [(one.ifindex, one.address, one.errno) for one in failures] == [(ifindex, loopback, errno.EADDRNOTAVAIL)]
    assert on_interface(cable, "veth0").keys() == set(good)


def test_the_kernels_own_words_come_with_a_failure(cable: Namespace, netlink: Netlink) -> None:
    cable.sysctl("ipv6/conf/veth0/disable_ipv6", "1")
    [failure] = netlink.apply(prepare_add(ifindex_of(netlink, "veth0"), consecutive("2001:db8::1/64", 1)))
    assert failure.errno == errno.EACCES
    assert "IPv6 is disabled" in failure.text


def test_an_interface_that_does_not_exist_fails_every_addition(netlink: Netlink) -> None:
    failures = netlink.apply(prepare_add(9999, consecutive("10.9.0.1/16", 3)))
    assert [one.errno for one in failures] == [errno.ENODEV] * 3


def test_a_late_answer_to_something_else_is_not_part_of_a_list(netlink: Netlink) -> None:
    netlink._socket.send(remove_address(9999, IPv4Interface("192.0.2.1/24")))
    assert {one.name for one in netlink.dump(dump_links()) if isinstance(one, LinkChanged)} == {
        "lo",
        "veth0",
        "veth1",
    }


def test_a_list_that_the_kernel_refuses_is_an_error(netlink: Netlink) -> None:
    with pytest.raises(OSError, match="netlink dump: Operation not supported"):
        list(netlink.dump(request(1022, DUMP, bytes(16))))


def test_without_privileges_every_address_is_refused(cable: Namespace) -> None:
    with cable.enter():
        os.seteuid(NOBODY)
        try:
            with Netlink() as netlink:
                ifindex = ifindex_of(netlink, "veth0")
                failures = netlink.apply(prepare_add(ifindex, consecutive("10.9.0.1/16", 3)))
        finally:
            os.seteuid(0)
    assert [one.errno for one in failures] == [errno.EPERM] * 3


def test_addresses_whose_answers_were_lost_are_reported_and_the_socket_stays_usable(cable: Namespace) -> None:
    addresses = consecutive("10.9.0.1/16", 500)
    with cable.enter():
        netlink = Netlink(receive_buffer_bytes=4096)
    with netlink:
        ifindex = ifindex_of(netlink, "veth0")
        assert netlink.apply(prepare_add(ifindex, addresses)) == ()
        failures = netlink.apply(prepare_remove(ifindex, consecutive("10.10.0.1/16", 500)))
        assert {one.errno for one in failures} == {errno.ENOBUFS}
        assert 400 < len(failures) < 500
        assert netlink.apply(prepare_remove(ifindex, addresses)) == ()
        assert on_interface(cable, "veth0") == {}


def test_a_datagram_that_the_kernel_does_not_take_fails_every_address_in_it(
    netlink: Netlink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("failover.linux.netlink.addresses.PORTION", 100_000)
    addresses = consecutive("10.0.0.1/8", 50_000)
    failures = netlink.apply(prepare_add(ifindex_of(netlink, "veth0"), addresses))
    assert {one.errno for one in failures} == {errno.EMSGSIZE}
    assert [one.address for one in failures] == addresses


def test_of_joined_datagrams_each_has_its_own_refusals(cable: Namespace, netlink: Netlink) -> None:
    ifindex = ifindex_of(netlink, "veth0")
    good, loopback = consecutive("2001:db8::1/64", 4), IPv6Interface("::1/128")
    batches = [
        prepare_add(index, addresses, netlink.reserve(len(addresses)))
        for index, addresses in (
            (ifindex, [good[0], loopback, good[1]]),
            (9999, good[:2]),
            (ifindex, good[1:3]),
            (ifindex, [good[3], loopback]),
        )
    ]
    batches.append(prepare_remove(ifindex, [good[0], loopback], netlink.reserve(2)))
    datagrams = [datagram for batch in batches for datagram in batch.datagrams]
    refused = netlink.carry_out(datagrams)
    assert [[(one.sequence, one.errno) for one in each] for each in refused] == [
        [(1, errno.EADDRNOTAVAIL)],
        [(3, errno.ENODEV), (4, errno.ENODEV)],
        [],
        [(8, errno.EADDRNOTAVAIL)],
        [(9, errno.EADDRNOTAVAIL)],
    ]
    told = [[str(one.address) for one in batch.failures(each)] for batch, each in zip(batches, refused, strict=True)]
    assert told == [["::1/128"], ["2001:db8::1/64", "2001:db8::2/64"], [], ["::1/128"], []]
    assert on_interface(cable, "veth0").keys() == set(good[1:])


def test_where_answers_of_joined_datagrams_were_lost_those_without_an_answer_are_not_known(cable: Namespace) -> None:
    """Whose answers are all there is told apart from whose are not."""
    addresses = consecutive("10.9.0.1/16", 60)
    with cable.enter():
        netlink = Netlink(receive_buffer_bytes=4096)
    with netlink:
        ifindex = ifindex_of(netlink, "veth0")
        assert netlink.apply(prepare_add(ifindex, addresses)) == ()
        others = consecutive("10.10.0.1/16", 60)
        gone = [
            prepare_remove(ifindex, part, netlink.reserve(20)) for part in (others[n : n + 20] for n in (0, 20, 40))
        ]
        refused = netlink.carry_out([datagram for batch in gone for datagram in batch.datagrams])
        lost = [{one.sequence for one in each if one.errno == errno.ENOBUFS} for each in refused]
        answered = [{one.sequence for one in each if one.errno == errno.EADDRNOTAVAIL} for each in refused]
        for number, (missing, known) in enumerate(zip(lost, answered, strict=True)):
            assert missing | known == set(range(20 * number, 20 * number + 20)), "each once, and none of another"
        assert lost[2]
        assert answered[0]
        assert netlink.carry_out([prepare_remove(ifindex, addresses).datagrams[0]]) == [[]]
        assert on_interface(cable, "veth0") == {}


def test_what_the_kernel_does_not_take_at_all_is_refused_of_every_datagram(cable: Namespace) -> None:
    with cable.enter():
        netlink = Netlink()
    ifindex = ifindex_of(netlink, "veth0")
    batches = [prepare_add(ifindex, consecutive("10.9.0.1/16", 2), first) for first in (10, 20)]
    netlink.close()
    refused = netlink.carry_out([datagram for batch in batches for datagram in batch.datagrams])
    assert [[(one.sequence, one.errno) for one in each] for each in refused] == [
        [(10, errno.EBADF), (11, errno.EBADF)],
        [(20, errno.EBADF), (21, errno.EBADF)],
    ]


def test_numbers_are_reserved_once_until_there_are_no_more(netlink: Netlink) -> None:
    assert [netlink.reserve(count) for count in (3, 0, 500, 1)] == [0, 3, 3, 503]
    netlink._reserved = netlink_socket._FIRST_DUMP - 10
    assert netlink.reserve(10) == netlink_socket._FIRST_DUMP - 10
    assert netlink.reserve(1) == 0, "never those of a list"


def test_a_list_that_changes_while_it_is_read_says_so_at_its_end(netlink: Netlink, cable: Namespace) -> None:
    ifindex = ifindex_of(netlink, "veth0")
    netlink.apply(prepare_add(ifindex, consecutive("10.9.0.1/16", 2000)))
    with cable.enter(), Netlink() as lister:
        listing = lister.dump(dump_addresses())
        next(listing)
        netlink.apply(prepare_add(ifindex, consecutive("198.51.100.1/24", 1)))
        with pytest.raises(ListChangedError):
            list(listing)
        again = [one.assigned.address for one in lister.dump(dump_addresses()) if isinstance(one, AddressAdded)]
    assert {IPv4Interface("198.51.100.1/24"), *consecutive("10.9.0.1/16", 2000)} <= set(again)


def test_a_rehearsal_changes_nothing_and_leaves_nothing_to_be_read(netlink: Netlink) -> None:
    before = list(netlink.dump(dump_addresses()))
    netlink.prewarm()
    with pytest.raises(BlockingIOError):
        netlink._socket.recv(1)
    assert list(netlink.dump(dump_addresses())) == before
