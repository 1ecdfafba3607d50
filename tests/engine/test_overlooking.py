"""While many addresses come or go at once the engine does not hear of any: it asks afterwards."""

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing
from ipaddress import ip_interface

import pytest

from failover.lab.network.lan import Host
from failover.linux.clock import now
from failover.linux.interfaces import monitor as interfaces
from failover.linux.netlink import connection as netlink_socket
from failover.linux.netlink.addresses import PORTION, Datagram
from failover.linux.netlink.codec import Refused
from failover.linux.netlink.connection import Netlink
from failover.vrrp import VirtualAddress
from tests.engine.daemons import router
from tests.engine.fleet.test_engine import Bench
from tests.engine.test_addresses import host as host  # noqa: PLC0414 - a fixture
from tests.engine.watching import Addresses

pytestmark = pytest.mark.root

MANY = {
    4: [ip_interface(f"10.9.{n // 200}.{n % 200 + 1}/16") for n in range(500)],
    6: [ip_interface(f"2001:db8:1::{n + 1:x}/64") for n in range(500)],
}
FIRST = {4: "192.0.2.100/24", 6: "fe80::51:1/64"}


@pytest.fixture(params=[4, 6], ids=["ipv4", "ipv6"])
def version(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


@pytest.fixture
def bench(host: Host, version: int) -> Iterator[Bench]:
    routers = [
        router(51, FIRST[version], excluded_ip_addresses=list(map(str, MANY[version]))),
        router(52, "192.0.2.101/24"),
    ]
    with host.enter(), closing(Bench(json.dumps(routers))) as made:
        yield made


def test_an_address_that_somebody_removes_meanwhile_comes_back(
    bench: Bench, host: Host, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, many = Netlink.carry_out, MANY[version]
    removed: list[VirtualAddress] = []

    def carry_out(self: Netlink, datagrams: Sequence[Datagram]) -> list[list[Refused]]:
        refused = real(self, datagrams)
        if not removed and len(datagrams[0].sequences) == PORTION:
            removed.append(many[10])
            addresses.remove(many[10])
        return refused

    with Addresses(host) as addresses:
        monkeypatch.setattr(Netlink, "carry_out", carry_out)
        bench.run_until_master()
        assert removed
        bench.run_until(lambda: addresses.there() >= {*many})
        bench.settle()
        assert [event.name for event in bench.told("addresses_restored")] == ["VR_51"]
        bench.run_until(lambda: not bench.engine._network._interfaces.is_outdated)
        # And from then on it is told again.
        addresses.remove(many[20])
        bench.run_until(lambda: many[20] in addresses.there())


def test_what_the_host_has_of_its_own_may_come_and_go_meanwhile(
    bench: Bench, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address that is advertised from goes, and another one comes."""
    real, calls = Netlink.carry_out, 0

    def carry_out(self: Netlink, datagrams: Sequence[Datagram]) -> list[list[Refused]]:
        nonlocal calls
        refused = real(self, datagrams)
        if len(datagrams[0].sequences) == PORTION:
            calls += 1
            if calls == 1:
                host.ip("address add 192.0.2.12/24 dev eth0", "address delete 192.0.2.11/24 dev eth0")
        return refused

    small = bench.engine.instances[-1]
    with monkeypatch.context() as patched:
        patched.setattr(Netlink, "carry_out", carry_out)
        bench.run_until(lambda: str(small.router.primary_address) == "192.0.2.12")
    assert small.is_master
    assert not bench.told("addresses_restored")


def test_the_kernel_does_not_tell_of_each_of_them(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []
    real = netlink_socket.receive

    def receive(opened: socket.socket) -> bytes:
        datagram = real(opened)
        heard.append(datagram)
        return datagram

    monkeypatch.setattr(interfaces, "receive", receive)
    wide = bench.engine.instances[0]
    bench.run_until_master()
    bench.run_until(lambda: not bench.engine._network._interfaces.is_outdated)
    assert len(heard) < 50, "but for the other router's, and the end of duplicate detection"
    interface = bench.engine._network._interfaces.get("eth0")
    assert interface is not None
    assert {one.address for one in interface.addresses} >= wide.held
    wide.stop(now())()
    bench.settle()
    bench.run_until(lambda: not bench.engine._network._interfaces.is_outdated)
    assert len(heard) < 50


def test_a_stop_in_the_middle_leaves_nothing_behind(host: Host, version: int) -> None:
    routers = [
        router(51, FIRST[version], excluded_ip_addresses=list(map(str, MANY[version]))),
        router(52, "192.0.2.101/24"),
    ]
    before = host.held()
    with host.enter():
        bench = Bench(json.dumps(routers))
        bench.run_until(lambda: bench.engine._transmitter.is_changing)
        bench.close()
    assert host.held() == before
