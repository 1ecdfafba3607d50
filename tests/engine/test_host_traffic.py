"""The host's own traffic beside a MASTER: a virtual address, which may move at any moment, is no source of it."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from ipaddress import ip_address, ip_interface
from typing import Any, Final

import pytest

from failover.lab.judge import who_has
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
    assert "another program" not in daemon.log()


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
    daemon.wait_for_log("another program changed the lifetimes of ")
    assert "by another program; restored" not in daemon.log()
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


# --- IPv4: the order of addresses

VIRTUAL: Final = "192.0.2.100/24"


def primaries(host: Host) -> set[str]:
    return {address for address, one in listed(host).items() if one["family"] == "inet" and not one.get("secondary")}


def source_of_host(host: Host, towards: str = "192.0.2.12") -> str:
    (route,) = json.loads(host.run(["ip", "-j", "route", "get", towards]).stdout)
    return str(route["prefsrc"])


def test_a_new_own_address_comes_before_the_virtual_ones_and_becomes_the_source(
    lan: Lan, host: Host, other: Host
) -> None:
    """As DHCP does when it gives another address."""
    more = [f"192.0.2.{n}/24" for n in range(101, 110)]
    daemon = OurDaemon(host, router(51, VIRTUAL, *more), router(52, "192.0.2.120/24"))
    daemon.wait_for("MASTER", number=0)
    daemon.wait_for("MASTER", number=1)
    capture = lan.capture()
    with (
        Client(other, "192.0.2.100", interval=0.001, patience=2) as first,
        Client(other, "192.0.2.120", interval=0.001, patience=2) as second,
        connected(other, host, "192.0.2.100") as connection,
    ):
        for client in (first, second):
            client.wait_for_answer()
        own = "192.0.2.11/24"
        for number in range(21, 26):
            old, own = own, f"192.0.2.{number}/24"
            host.ip(f"address add {own} dev eth0", f"address del {old} dev eth0")
            wait_until(lambda own=own: primaries(host) == {own}, f"{own} is the first")  # type: ignore[misc]
            assert source_of_host(host) == own.partition("/")[0]
            assert who_has(other, "192.0.2.100", 1) == {host.mac}
        assert {*listed(host)} >= {VIRTUAL, *more, "192.0.2.120/24"}
        assert connection.works()
        for client in (first, second):
            client.wait_for_answer()
            # The kernel itself takes all addresses of a subnet away, for microseconds, when its primary goes.
            assert all(outage.duration < 0.5e9 for outage in client.outages())
    with connected(host, other, "192.0.2.12") as connection:
        assert connection.source == "192.0.2.25"
    virtual = {ip_interface(one).ip for one in (VIRTUAL, *more, "192.0.2.120/24")}
    assert virtual.isdisjoint(advert.source for advert in capture.adverts(host="one"))
    wait_until(lambda: capture.adverts()[-1].source == ip_address("192.0.2.25"), "adverts come from the new one")
    daemon.wait_for_log("192.0.2.21/24")
    assert "another program" not in daemon.log()
    assert daemon.router()["counters"]["transitions_to_master"] == 1
    assert daemon.stop() == 0
    assert {address for address in listed(host) if ":" not in address} == {"192.0.2.25/24"}


def test_an_own_address_that_comes_later_than_virtual_ones_of_its_subnet_and_nobody_misses_them(
    lan: Lan, host: Host
) -> None:
    client = lan.host("client", "198.51.100.8/24")
    virtual = [f"198.51.100.{number}/24" for number in range(100, 105)]
    daemon = OurDaemon(host, router(51, *virtual, "203.0.113.100/24"), router(52, "198.51.100.120/24"))
    daemon.wait_for("MASTER", number=0)
    daemon.wait_for("MASTER", number=1)
    for own in ("198.51.100.7/24", "198.51.100.9/24"):
        wait_until(lambda: "198.51.100.100/24" in primaries(host), "a virtual one is the first")
        with ExitStack() as stack:
            clients = [
                stack.enter_context(Client(client, f"198.51.100.{number}", interval=0.0005, patience=5))
                for number in (100, 102, 120)
            ]
            connection = stack.enter_context(connected(client, host, "198.51.100.100"))
            for one in clients:
                one.wait_for_answer()
            host.ip(f"address add {own} dev eth0")
            wait_until(lambda own=own: primaries(host) == {"192.0.2.11/24", own, "203.0.113.100/24"}, f"{own} is first")  # type: ignore[misc]
            for one in clients:
                one.wait_for_answer()
                assert one.outages() == []
            assert connection.works()
        assert source_of_host(host, "198.51.100.8") == own.partition("/")[0]
        assert source_of_host(host, "203.0.113.8") == "203.0.113.100", "there is no other"
        host.ip(f"address del {own} dev eth0")


@pytest.mark.parametrize(
    ("own", "virtual"),
    [("32", "192.0.2.100/32"), ("24", "192.0.2.100/32"), ("24", "10.5.0.100/24")],
    ids=["all-alone", "alone", "elsewhere"],
)
def test_the_new_own_address_is_the_source_for_elsewhere_too_where_the_virtual_one_is_in_no_subnet_of_its(
    lan: Lan, own: str, virtual: str
) -> None:
    """As in clouds, whose hosts have a /32 from DHCP."""
    host, client = lan.host("one", f"192.0.2.11/{own}"), lan.host("client", "192.0.2.12/24", "10.5.0.12/24")
    host.ip("route add 192.0.2.0/24 dev eth0 metric 5", "route add default via 192.0.2.1 dev eth0 onlink")
    daemon = OurDaemon(host, router(51, virtual))
    daemon.wait_for("MASTER")
    assert source_of_host(host, "203.0.113.1") == "192.0.2.11"
    with Client(client, virtual.partition("/")[0], interval=0.0005, patience=5) as asking:
        asking.wait_for_answer()
        old = "192.0.2.11"
        for new in ("192.0.2.21", "192.0.2.22"):
            host.ip(
                f"address add {new}/{own} dev eth0",
                f"address del {old}/{own} dev eth0",
                "route replace 192.0.2.0/24 dev eth0 metric 5",
                "route replace default via 192.0.2.1 dev eth0 onlink",
            )
            wait_until(lambda new=new: source_of_host(host, "203.0.113.1") == new, f"{new} is the source")  # type: ignore[misc]
            daemon.wait_for_log(f"moved {virtual} on eth0 behind 192.0.2.21/{own}, the host's own address")
            assert source_of_host(host, "239.0.0.1") == new
            old = new
        asking.wait_for_answer()
        assert all(outage.duration < 0.5e9 for outage in asking.outages())
    assert "somebody" not in daemon.log()
    assert daemon.router()["counters"]["transitions_to_master"] == 1
    assert daemon.stop() == 0
    assert {address for address in listed(host) if "." in address} == {f"192.0.2.22/{own}"}


def test_no_own_address_is_lost_where_its_primary_would_take_it_along(lan: Lan, host: Host) -> None:
    daemon = OurDaemon(host, router(51, "198.51.100.100/24"))
    daemon.wait_for("MASTER")
    for scope in ("all", "default", "eth0"):
        host.sysctl(f"ipv4/conf/{scope}/promote_secondaries", "0")
    host.ip("address add 198.51.100.7/24 dev eth0")
    wait_until(lambda: "198.51.100.7/24" in primaries(host), "it comes first")
    assert "198.51.100.100/24" in listed(host)


def test_whoever_wants_another_order_cannot_make_the_daemon_spin(lan: Lan, host: Host) -> None:
    daemon = OurDaemon(host, router(51, "198.51.100.100/24"))
    daemon.wait_for("MASTER")
    done = 0
    for _ in range(20):
        host.ip("address add 198.51.100.7/24 dev eth0")
        done += "198.51.100.7/24" in primaries(host)
        host.ip("address del 198.51.100.7/24 dev eth0")
    host.ip("address add 198.51.100.7/24 dev eth0")
    wait_until(lambda: "198.51.100.7/24" in primaries(host), "it comes first in the end", 20)
    assert daemon.log().count("198.51.100.7") == 1, "said once a minute"


def test_two_daemons_put_theirs_behind_and_leave_each_others_alone(lan: Lan, host: Host) -> None:
    first, second = "198.51.100.100/24", "198.51.100.101/24"
    daemons = []
    for vrid, address in ((10, first), (20, second)):
        daemons.append(OurDaemon(host, router(vrid, address), label=f"of{vrid}"))
        daemons[-1].wait_for("MASTER")
    host.ip("address add 198.51.100.7/24 dev eth0")
    wait_until(lambda: primaries(host) == {"192.0.2.11/24", "198.51.100.7/24"}, "the host's own comes first")
    assert {first, second} <= listed(host).keys()
    assert daemons[0].stop() == 0
    assert primaries(host) == {"192.0.2.11/24", "198.51.100.7/24"}
    assert second in listed(host)


def test_what_an_address_owner_holds_goes_behind_its_own(lan: Lan) -> None:
    host = lan.host("owner", "198.51.100.1/24")
    daemon = OurDaemon(host, router(51, "192.0.2.100/24", "192.0.2.101/24", priority=255))
    daemon.wait_for("MASTER")
    host.ip("address add 192.0.2.7/24 dev eth0")
    wait_until(lambda: primaries(host) == {"198.51.100.1/24", "192.0.2.7/24"}, "it comes first")
    assert {"192.0.2.100/24", "192.0.2.101/24"} <= listed(host).keys()
