"""`failover.linux.sockets.generation`: it ends with one family's part of an interface, and with nothing else."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from failover.lab.network.namespaces import Namespace
from failover.linux.sockets.generation import Generation
from failover.vrrp import Family

pytestmark = pytest.mark.root

BOTH = (Family.IPV4, Family.IPV6)


@pytest.fixture
def generations(cable: Namespace) -> Iterator[list[Generation]]:
    with ExitStack() as stack, cable.enter():
        yield [stack.enter_context(closing(Generation(family, "veth0"))) for family in BOTH]


def current(generations: list[Generation]) -> list[bool | None]:
    return [one.is_current for one in generations]


def test_addresses_link_mac_and_ports_of_bridges_may_change(cable: Namespace, generations: list[Generation]) -> None:
    cable.ip(
        "addr add 192.0.2.1/24 dev veth0",
        "addr flush dev veth0",
        "link set veth0 down",
        "link set veth0 address 02:00:00:00:00:09",
        "link set veth0 up",
        "link add br0 type bridge",
        "link set veth0 master br0",
        "link set veth0 nomaster",
        "link set veth0 mtu 1280",
    )
    for value in ("1", "0"):
        cable.sysctl("ipv6/conf/veth0/disable_ipv6", value)
    assert current(generations) == [True, True]


def test_an_mtu_below_1280_ends_that_of_ipv6(cable: Namespace, generations: list[Generation]) -> None:
    cable.ip("link set veth0 mtu 1279", "link set veth0 mtu 1500")
    assert current(generations) == [True, False]
    assert current(generations) == [True, False]


def test_an_mtu_below_68_ends_that_of_ipv4(cable: Namespace) -> None:
    cable.ip("link add ifb0 type ifb")  # what a cable does not allow
    with cable.enter(), ExitStack() as stack:
        both = [stack.enter_context(closing(Generation(family, "ifb0"))) for family in BOTH]
        cable.ip("link set ifb0 mtu 67", "link set ifb0 mtu 1500")
        assert current(both) == [False, False]


@pytest.mark.parametrize("how", ["deleted", "moved", "renamed"])
def test_an_interface_of_the_same_name_and_index_has_others(
    cable: Namespace, generations: list[Generation], how: str
) -> None:
    index = socket.if_nametoindex("veth0")
    if how == "deleted":
        cable.ip("link del veth0", f"link add veth0 index {index} type veth peer name veth1")
    elif how == "moved":
        with Namespace("elsewhere") as elsewhere:
            cable.ip(f"link set veth0 netns {elsewhere.name}")
            elsewhere.ip(f"link set veth0 netns {cable.name}")
    else:
        cable.ip("link set veth0 name other", "link set other name veth0")
    assert socket.if_nametoindex("veth0") == index
    assert current(generations) == [False, False]


def test_one_of_an_interface_that_is_not_there_is_over(cable: Namespace) -> None:
    with cable.enter():
        assert Generation(Family.IPV4, "nothing0").is_current is False


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EACCES])
def test_where_no_settings_are_to_be_seen_nobody_knows(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refuse)
    with closing(Generation(Family.IPV6, "veth0")) as blind:
        assert blind.is_current is None


def test_a_closed_one_may_be_closed_again(generations: list[Generation]) -> None:
    generations[0].close()
    generations[0].close()
