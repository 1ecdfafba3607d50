"""`Inquiry` on a real link: what it asks, which answers it takes, and where it asks nothing."""

import errno
import socket
from contextlib import closing
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest

from failover.frames import announcement
from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from failover.linux.sockets.looking.inquiry import Inquiry
from failover.vrrp import Address, Family
from tests.lab.conftest import lan

__all__ = ["lan"]

pytestmark = pytest.mark.root

HELD = {Family.IPV4: ip_address("192.0.2.100"), Family.IPV6: ip_address("2001:db8::100")}
FREE = {Family.IPV4: ip_address("192.0.2.101"), Family.IPV6: ip_address("2001:db8::1:100")}
families = pytest.mark.parametrize("family", Family)


@pytest.fixture
def hosts(lan: Lan) -> tuple[Host, Host]:
    return lan.host("one", "192.0.2.11/24"), lan.host("two", "192.0.2.12/24")


def mac_of(host: Host) -> bytes:
    return bytes.fromhex(host.mac.replace(":", ""))


def inquiry(host: Host, family: Family, *addresses: Address, source: Address | None = None) -> Inquiry:
    own = IPv4Address("192.0.2.11") if family is Family.IPV4 else IPv6Address(host.link_local)
    with host.enter():
        index = socket.if_nametoindex("eth0")
        return Inquiry("eth0", index, family, source or own, mac_of(host), addresses)


def claims(asking: Inquiry, count: int = 1) -> list[tuple[Address, bytes]]:
    found: list[tuple[Address, bytes]] = []

    def enough() -> bool:
        found.extend(asking.claims())
        return len(found) >= count

    wait_until(enough, f"{count} claims")
    return found


@families
def test_who_has_an_address_answers_the_host_that_asks_and_nobody_else(
    lan: Lan, hosts: tuple[Host, Host], family: Family
) -> None:
    here, there = hosts
    there.ip(f"addr add {HELD[family]}/{24 if family is Family.IPV4 else 64} dev eth0 nodad")
    with lan.capture(only=there) as capture, closing(inquiry(here, family, FREE[family], HELD[family])) as asking:
        assert asking.asked == (FREE[family], HELD[family])
        assert claims(asking) == [(HELD[family], mac_of(there))]
        assert list(asking.claims()) == []
        answers = [claim for claim in capture.claims() if claim.address == HELD[family]]
        assert [answer.is_reply for answer in answers] == [True]
        to = [frame.data[:6] for frame in capture.frames() if frame.data[12:14] in {b"\x08\x06", b"\x86\xdd"}]
        assert mac_of(here) in to


@families
def test_an_answer_comes_also_where_the_asker_s_own_address_is_asked_for(
    hosts: tuple[Host, Host], family: Family
) -> None:
    here, there = hosts
    own = IPv4Address("192.0.2.11") if family is Family.IPV4 else IPv6Address(here.link_local)
    there.ip(f"addr add {own}/{24 if family is Family.IPV4 else 64} dev eth0 nodad")
    with closing(inquiry(here, family, own)) as asking:
        assert claims(asking) == [(own, mac_of(there))]


@families
def test_it_takes_what_is_said_unasked_and_nothing_of_other_addresses_or_from_itself(
    hosts: tuple[Host, Host], family: Family
) -> None:
    here, there = hosts
    addresses = [ip_address(int(FREE[family]) + number) for number in range(32)]
    stranger = ip_address(int(FREE[family]) + 32)
    with (
        closing(inquiry(here, family, *addresses)) as asking,
        there.enter(),
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender,
    ):
        sender.bind(("eth0", 0))
        for address in (stranger, *addresses):
            sender.send(announcement(mac_of(here), address))
        for address in (stranger, *addresses):
            sender.send(announcement(mac_of(there), address))
        assert claims(asking, 32) == [(address, mac_of(there)) for address in addresses]
        assert list(asking.claims()) == []


@families
def test_no_more_is_asked_for_than_its_filter_has_room_for(hosts: tuple[Host, Host], family: Family) -> None:
    addresses = [ip_address(int(FREE[family]) + number) for number in range(40)]
    with closing(inquiry(hosts[0], family, *addresses)) as asking:
        assert asking.asked == tuple(addresses[:32])


@families
def test_nothing_is_asked_on_an_interface_without_arp(lan: Lan, hosts: tuple[Host, Host], family: Family) -> None:
    hosts[0].ip("link set eth0 arp off")
    with lan.capture(only=hosts[0]) as capture:
        with pytest.raises(OSError, match="inquiry on eth0: asking: ") as error:
            inquiry(hosts[0], family, FREE[family])
        assert error.value.errno == errno.EOPNOTSUPP
        hosts[0].ip("link set eth0 arp on")
        with closing(inquiry(hosts[0], family, HELD[family])):
            wait_until(lambda: any(HELD[family].packed in frame.data for frame in capture.frames()), "it is asked")
        assert not any(FREE[family].packed in frame.data for frame in capture.frames())


@families
def test_an_interface_that_is_down_is_an_error_that_says_so(hosts: tuple[Host, Host], family: Family) -> None:
    hosts[0].ip("link set eth0 down")
    with pytest.raises(OSError, match="inquiry on eth0: ") as error:
        inquiry(hosts[0], family, FREE[family])
    assert error.value.errno == errno.ENETDOWN
