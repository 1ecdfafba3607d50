"""Two hosts, each the address owner of one virtual router and BACKUP of the other (RFC 9568 §4.2)."""

import time

import pytest

from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from tests.engine.daemons import INTERVAL, OurDaemon, router

pytestmark = pytest.mark.root

ADDRESSES = {4: ("192.0.2.1/24", "192.0.2.2/24"), 6: ("fe80::ff:fe00:1/64", "fe80::ff:fe00:2/64")}


def two_daemons(lan: Lan, family: int, accept_local: str = "0") -> tuple[OurDaemon, OurDaemon]:
    """The first owns the address of its router 0, the second that of its router 1."""
    hosts = [lan.host(label, address) for label, address in zip(("one", "two"), ADDRESSES[4], strict=True)]
    for host in hosts:
        host.sysctl("ipv4/conf/eth0/accept_local", "1")  # whichever is the first to start
    first, second = (daemon(host, family, number) for number, host in enumerate(hosts))
    as_it_should_be(first, second)
    for host in hosts:
        host.sysctl("ipv4/conf/eth0/accept_local", accept_local)
    return first, second


def daemon(host: Host, family: int, owned: int) -> OurDaemon:
    routers = (
        router(number + 1, address, priority=255 if number == owned else 100)
        for number, address in enumerate(ADDRESSES[family])
    )
    return OurDaemon(host, *routers)


def as_it_should_be(first: OurDaemon, second: OurDaemon) -> None:
    for owner, other, number in ((first, second, 0), (second, first, 1)):
        owner.wait_for("MASTER", number=number)
        other.wait_for("BACKUP", number=number)


def hears(other: OurDaemon, number: int) -> None:
    wait_until(lambda: other.router(number)["counters"]["advertisements_received"] > 5, "it hears the owner")


@pytest.mark.parametrize("family", [4, 6])
def test_each_hears_the_other_although_it_sends_for_both_from_an_address_that_is_virtual_here(
    lan: Lan, family: int
) -> None:
    first, second = two_daemons(lan, family)
    for owner, other, number in ((first, second, 0), (second, first, 1)):
        hears(other, number)
        assert other.router(number)["master"] == owner.router(number)["master"]
    # while one is away the other has both; what a BACKUP sends for the other's address is heard there too
    second.stop()
    first.wait_for("MASTER", number=1)
    assert "impossible" not in first.log() + second.log()


@pytest.mark.parametrize(("family", "accept_local"), [(4, "1"), (6, "0")])
def test_an_owner_that_comes_back_has_its_address_again(lan: Lan, family: int, accept_local: str) -> None:
    first, second = two_daemons(lan, family, accept_local)
    lan.cut(first.host)
    second.wait_for("MASTER", number=0)
    lan.restore(first.host)
    as_it_should_be(first, second)


def test_over_ipv4_the_kernel_keeps_an_owner_that_comes_back_from_whoever_stands_in_for_it(lan: Lan) -> None:
    """A limit that the documentation names: the source of what the owner sends is an address of that host."""
    first, second = two_daemons(lan, 4)
    lan.cut(first.host)
    second.wait_for("MASTER", number=0)
    heard = second.router(0)["counters"]["advertisements_received"]
    lan.restore(first.host)
    first.wait_for("MASTER", number=0)
    wait_until(lambda: first.router(0)["counters"]["oddities"].get("rival_master", 0) > 5, "the owner hears the other")
    time.sleep(20 * INTERVAL)
    found = second.router(0)
    assert found["state"] == "MASTER"
    assert found["counters"]["advertisements_received"] == heard
    # It is over as soon as the kernel there lets through what the owner sends.
    second.host.sysctl("ipv4/conf/eth0/accept_local", "1")
    as_it_should_be(first, second)
