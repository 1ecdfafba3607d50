"""The host's own traffic beside a MASTER: a virtual address, which may move at any moment, is no source of it."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from ipaddress import ip_interface
from typing import Any, Final

import pytest

from failover.lab.network.client import Client
from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from tests.engine.daemons import OurDaemon, router
from tests.engine.watching import Addresses

pytestmark = pytest.mark.root

LINK_LOCAL: Final = "fe80::51:1/64"
PORT: Final = 4000


@pytest.fixture
def host(lan: Lan) -> Host:
    return lan.host("one", "192.0.2.11/24", "2001:db8::11/64")


@pytest.fixture
def other(lan: Lan) -> Host:
    return lan.host("two", "192.0.2.12/24", "2001:db8::12/64")


class Connection:
    """A TCP connection between two hosts, both ends in this process."""

    def __init__(self, client: Host, server: Host, address: str, bind: str | None = None) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with server.enter():
            listener = socket.socket(family, socket.SOCK_STREAM)
        with closing(listener):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, PORT))
            listener.listen()
            with client.enter():
                self.client = socket.socket(family, socket.SOCK_STREAM)
            self.client.settimeout(5)
            if bind:
                self.client.bind((bind, 0))
            self.client.connect((address, PORT))
            listener.settimeout(5)
            self.server, _ = listener.accept()
        self.server.settimeout(5)

    @property
    def source(self) -> str:
        """The address that the client's kernel has chosen."""
        return str(self.client.getsockname()[0])

    def works(self) -> bool:
        """Whether something gets through both ways."""
        self.client.send(b"question")
        there = self.server.recv(64) == b"question"
        self.server.send(b"answer")
        return there and self.client.recv(64) == b"answer"

    def close(self) -> None:
        self.client.close()
        self.server.close()


@contextmanager
def connected(client: Host, server: Host, address: str, bind: str | None = None) -> Iterator[Connection]:
    with closing(Connection(client, server, address, bind)) as connection:
        yield connection


def listed(host: Host) -> dict[str, dict[str, Any]]:
    """What the kernel says of each address of the interface."""
    (interface,) = json.loads(host.run(["ip", "-j", "address", "show", "dev", "eth0"]).stdout)
    return {f"{one['local']}/{one['prefixlen']}": one for one in interface["addr_info"]}


def is_deprecated(host: Host, address: str) -> bool:
    found = listed(host)[address]
    assert found["valid_life_time"] == 0xFFFFFFFF, "it stays"
    return "deprecated" in found


# --- IPv6: preferred lifetimes


@pytest.mark.parametrize("length", [64, 128])
def test_the_hosts_own_connections_survive_that_a_virtual_address_moves(
    lan: Lan, host: Host, other: Host, length: int
) -> None:
    virtual = f"2001:db8::100/{length}"
    backup = OurDaemon(other, router(51, LINK_LOCAL, virtual, priority=90))
    backup.wait_for("MASTER")
    daemon = OurDaemon(host, router(51, LINK_LOCAL, virtual, priority=200))
    daemon.wait_for("MASTER")
    backup.wait_for("BACKUP")
    third = lan.host("three", "2001:db8::13/64")
    with connected(host, third, "2001:db8::13") as connection:
        assert connection.source == "2001:db8::11"
        assert daemon.stop() == 0
        backup.wait_for("MASTER")
        assert connection.works()


def test_a_virtual_address_that_is_no_source_still_serves(host: Host, other: Host) -> None:
    daemon = OurDaemon(host, router(51, LINK_LOCAL, "2001:db8::100/64"))
    daemon.wait_for("MASTER")
    assert is_deprecated(host, "2001:db8::100/64")
    assert is_deprecated(host, LINK_LOCAL)
    with connected(other, host, "2001:db8::100") as connection:
        assert connection.works()
    with connected(host, other, "2001:db8::12", bind="2001:db8::100") as connection:
        assert connection.source == "2001:db8::100", "whoever asks for it gets it"
        assert connection.works()
    assert not is_deprecated(host, "2001:db8::11/64")
    assert daemon.router()["preferred_lifetime"] == 0


def test_a_host_without_another_address_uses_the_virtual_one(lan: Lan, other: Host) -> None:
    host = lan.host("bare")
    daemon = OurDaemon(host, router(51, LINK_LOCAL, "2001:db8::100/64"))
    daemon.wait_for("MASTER")
    with connected(host, other, "2001:db8::12") as connection:
        assert connection.source == "2001:db8::100"


def test_an_address_owners_own_address_stays_preferred(lan: Lan, other: Host) -> None:
    host = lan.host("owner", "2001:db8::100/64")
    daemon = OurDaemon(host, router(51, LINK_LOCAL, "2001:db8::100/64", "2001:db8::101/64", priority=255))
    daemon.wait_for("MASTER")
    wait_until(lambda: "2001:db8::101/64" in listed(host), "the other address")
    assert not is_deprecated(host, "2001:db8::100/64")
    assert is_deprecated(host, "2001:db8::101/64")
    with connected(host, other, "2001:db8::12") as connection:
        assert connection.source == "2001:db8::100"
    assert daemon.stop() == 0
    assert not is_deprecated(host, "2001:db8::100/64")


def test_virtual_addresses_may_be_preferred_and_a_reload_changes_it_while_they_stay(host: Host, other: Host) -> None:
    daemon = OurDaemon(host, router(51, LINK_LOCAL, "2001:db8::100/64", preferred_lifetime="forever"))
    daemon.wait_for("MASTER")
    assert not is_deprecated(host, "2001:db8::100/64")
    assert daemon.router()["preferred_lifetime"] == "forever"
    with Client(other, "2001:db8::100", patience=2) as client:
        client.wait_for_answer()
        for value, deprecated in ((0, True), ("forever", False)):
            document = [router(51, LINK_LOCAL, "2001:db8::100/64", preferred_lifetime=value)]
            daemon.config.write_text(json.dumps(document))
            with Addresses(host) as addresses:
                daemon.signal(1)
                wait_until(lambda deprecated=deprecated: is_deprecated(host, LINK_LOCAL) is deprecated, "it is changed")  # type: ignore[misc]
                assert ip_interface("2001:db8::100/64") in addresses.there()
            assert is_deprecated(host, "2001:db8::100/64") is deprecated
        client.wait_for_answer()
        assert client.outages() == []
    assert daemon.router()["counters"]["transitions_to_master"] == 1
    assert "somebody" not in daemon.log()


@pytest.mark.parametrize("change", ["preferred_lft forever", "preferred_lft 100", "valid_lft 100 preferred_lft 0"])
def test_a_lifetime_that_somebody_changes_is_set_again(host: Host, other: Host, change: str) -> None:
    daemon = OurDaemon(host, router(51, LINK_LOCAL, "2001:db8::100/64"))
    daemon.wait_for("MASTER")

    def is_ours() -> bool:
        found = listed(host)["2001:db8::100/64"]
        return "deprecated" in found and found["valid_life_time"] == 0xFFFFFFFF

    assert is_ours()
    host.ip(f"address change 2001:db8::100/64 dev eth0 nodad {change}")
    wait_until(is_ours, "it is as it was")
    daemon.wait_for_log("somebody changed the lifetimes of virtual addresses on eth0: set again")
    assert "put back" not in daemon.log()
    assert not is_deprecated(host, "2001:db8::11/64"), "nobody else's is touched"


def test_an_ipv4_address_that_somebody_lets_expire_stays(host: Host) -> None:
    daemon = OurDaemon(host, router(51, "192.0.2.100/24"))
    daemon.wait_for("MASTER")
    host.ip("address change 192.0.2.100/24 dev eth0 valid_lft 100 preferred_lft 100")
    wait_until(lambda: listed(host)["192.0.2.100/24"]["valid_life_time"] == 0xFFFFFFFF, "it stays")


def test_what_a_killed_daemon_left_with_other_lifetimes_gets_ours(host: Host) -> None:
    killed = OurDaemon(host, router(51, LINK_LOCAL, "2001:db8::100/64", preferred_lifetime="forever"))
    killed.wait_for("MASTER")
    killed.kill()
    assert not is_deprecated(host, "2001:db8::100/64")
    daemon = OurDaemon(host, router(51, LINK_LOCAL, "2001:db8::100/64"), label="next")
    daemon.wait_for("MASTER")
    wait_until(lambda: "2001:db8::100/64" in listed(host) and is_deprecated(host, "2001:db8::100/64"), "with ours")
