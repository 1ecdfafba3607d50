"""The engine inside this process, where the kernel can be made to fail."""

import errno
import gc
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from ipaddress import ip_address, ip_interface

import pytest

from failover.config import parse
from failover.engine import Engine, Loop
from failover.engine.events import Subject
from failover.engine.intended import intended
from failover.lab.network.lan import Host, Lan
from failover.linux.clock import now
from failover.linux.host import LinuxHost
from failover.linux.interfaces.monitor import Interfaces
from failover.linux.interfaces.table import present
from failover.linux.netlink.addresses import Datagram
from failover.linux.netlink.codec import Refused
from failover.linux.netlink.connection import Netlink
from failover.linux.packet import Received
from failover.linux.sockets.advertisement import AdvertisementSocket
from failover.linux.sockets.members import members
from failover.linux.sockets.options import join_group
from failover.messages import Event
from failover.vrrp import Advertisement, Family, Instant, PreferredLifetime, ReceivedFrom, Version, encode, seconds
from failover.vrrp.protocol import GROUPS
from tests.engine.daemons import OurDaemon, router
from tests.engine.test_addresses import VIRTUAL_4
from tests.engine.watching import Addresses
from tests.rfc.marks import negative, positive

pytestmark = pytest.mark.root

CONFIGURATION = """[
    {"vrid": 51, "interface_name": "eth0", "ip_addresses": ["192.0.2.100/24"], "advert_interval": 0.05},
    {"vrid": 52, "interface_name": "eth0", "ip_addresses": ["192.0.2.101/24"], "advert_interval": 0.05}
]"""


class Bench:
    """An engine, and what it has told."""

    def __init__(self, configuration: str = CONFIGURATION, host: LinuxHost | None = None) -> None:
        self.loop = Loop()
        self.events: list[Event] = []
        self.engine = Engine(intended(parse(configuration)), self.loop, self.take, host or LinuxHost())
        self.engine.start()

    def take(self, event: Event, instance: Subject | None) -> None:
        assert (instance.name if instance else None) == event.name
        self.events.append(event)

    def told(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]

    def run_until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline
            self.loop.dispatch()
            time.sleep(0.002)

    def run_until_master(self) -> None:
        """And all that belongs to it is done and told."""
        self.run_until(lambda: all(instance.is_master for instance in self.engine.instances))
        self.settle()

    def settle(self) -> None:
        """A round, those that follow it at once, and the news of it."""
        self.loop.dispatch()
        while self.loop.is_busy or self.engine._transmitter._news:
            self.loop.dispatch()

    def addresses(self, name: str) -> set[str]:
        """What the engine knows to be on an interface."""
        interface = self.engine._network._interfaces.get(name)
        return {str(assigned.address) for assigned in interface.addresses} if interface else set()

    def close(self) -> None:
        self.engine.stop()
        self.loop.close()


@pytest.fixture
def bench(host: Host) -> Iterator[Bench]:
    with host.enter(), closing(Bench()) as made:
        yield made


def refuse_all(_: Netlink, datagrams: Sequence[Datagram]) -> list[list[Refused]]:
    return [[Refused(number, errno.EPERM, "") for number in datagram.sequences] for datagram in datagrams]


def refuse(message: str) -> OSError:
    return OSError(errno.EAGAIN, message)


def test_a_list_of_interfaces_that_fails_is_asked_for_again_and_told_of_once(
    bench: Bench, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.run_until_master()
    real, failures = Interfaces.read, 4

    def read(self: Interfaces) -> bool:
        nonlocal failures
        if failures:
            failures -= 1
            self._drain()
            self._is_lost = True
            raise refuse("netlink dump: interrupted")
        return real(self)

    monkeypatch.setattr(Interfaces, "read", read)
    host.ip("link set eth0 down")
    bench.run_until(lambda: [one.fault.reason for one in bench.engine.instances if one.fault] == ["interface_down"] * 2)
    assert [event.fields["error"] for event in bench.told("network_unread")] == ["netlink dump: interrupted"]


def test_an_address_that_the_kernel_tells_of_a_moment_later_was_not_removed(bench: Bench) -> None:
    instance = bench.engine.instances[0]
    bench.run_until(lambda: instance.is_master)
    assert instance.guard._not_before > now() - seconds(60), "it waits after it has put them there"
    instance.addresses_present(present(None), now())
    instance.addresses_present({**present(None), PreferredLifetime.FOREVER: instance.held}, now())
    bench.run_until(lambda: instance.counters.advertisements_sent > 5)
    assert not bench.told("addresses_restored")


def test_what_a_master_gives_up_with_its_link_is_not_blamed_on_somebody(bench: Bench, host: Host) -> None:
    bench.run_until_master()
    host.ip("link set eth0 down")
    bench.run_until(lambda: all(instance.fault for instance in bench.engine.instances))
    host.ip("address add 192.0.2.101/24 dev eth0")
    bench.run_until(lambda: bench.told("strays_removed"))
    assert [event.fields["addresses"] for event in bench.told("strays_removed")] == ["192.0.2.101/24"]


def test_an_address_that_is_removed_again_before_the_engine_read_of_its_return_comes_back(
    bench: Bench, host: Host
) -> None:
    bench.run_until_master()
    with Addresses(host) as addresses:
        for _ in range(3):
            addresses.remove(VIRTUAL_4)
            assert VIRTUAL_4 not in addresses.there()
            bench.run_until(lambda: VIRTUAL_4 in addresses.there())


def test_of_just_as_many_notifications_as_are_read_at_once_all_count(bench: Bench, host: Host) -> None:
    bench.run_until_master()
    with Addresses(host) as addresses:
        assert not addresses.table.read()
        addresses.remove(VIRTUAL_4)
        addresses.add(*(ip_interface(f"198.51.100.{n}/32") for n in range(1, 64)))
        bench.run_until(lambda: VIRTUAL_4 in addresses.there())


def test_addresses_that_could_not_be_put_there_do_not_hush_those_that_could_not_be_removed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Netlink, "carry_out", refuse_all)
        bench.run_until_master()
        for instance in bench.engine.instances:
            instance.stop(now())()
        bench.settle()
    assert [(event.name, event.fields["doing"], event.fields["count"]) for event in bench.told("addresses_failed")] == [
        ("VR_51", "installing", 1),
        ("VR_52", "installing", 1),
        ("VR_51", "withdrawing", 1),
        ("VR_52", "withdrawing", 1),
    ]
    assert "192.0.2.100/24: Operation not permitted" in str(bench.told("addresses_failed")[0].fields["errors"])


def test_addresses_that_the_kernel_refuses_are_in_the_status_and_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bench.engine.instances[0]
    with monkeypatch.context() as patch:
        patch.setattr(Netlink, "carry_out", refuse_all)
        bench.run_until_master()
        assert first.status().address_conflict == (
            "this host is MASTER, and could not add its address to eth0: 192.0.2.100/24: Operation not permitted"
        )
        assert first.troubles == [first.status().address_conflict]
        assert VIRTUAL_4 not in bench.addresses("eth0")
    bench.run_until(lambda: "192.0.2.100/24" in bench.addresses("eth0"))
    bench.run_until(lambda: first.status().address_conflict is None)
    assert not bench.told("addresses_restored"), "nobody else has removed them"


def test_what_the_kernel_refused_and_somebody_else_has_added_is_missing_no_more(
    bench: Bench, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Netlink, "carry_out", refuse_all)
    first = bench.engine.instances[0]
    bench.run_until_master()
    assert first.status().address_conflict is not None
    host.ip("addr add 192.0.2.100/24 dev eth0")
    bench.run_until(lambda: first.status().address_conflict is None)


def test_what_cannot_be_sent_is_counted_and_told_once_a_minute(bench: Bench, host: Host) -> None:
    bench.run_until_master()
    host.run(["nft", "add table ip t; add chain ip t o { type filter hook output priority 0; policy drop; }"])
    before = bench.engine.instances[0].counters.send_errors
    bench.run_until(lambda: bench.engine.instances[0].fault)
    assert bench.engine.instances[0].counters.send_errors > before + 1
    told = [event.fields for event in bench.told("send_failed") if event.name == "VR_51"]
    assert told == [{"what": "advertisement", "error": "Operation not permitted"}]


def test_promoting_that_is_refused_is_told_once_and_no_reason_to_stop(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(_: Netlink, request: bytes) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Netlink, "change", change)
    for scope in ("all", "eth0"):
        host.sysctl(f"ipv4/conf/{scope}/promote_secondaries", "0")
    with host.enter(), closing(Bench()) as bench:
        bench.run_until_master()
        host.ip("link set eth0 down")
        bench.run_until(lambda: all(instance.fault for instance in bench.engine.instances))
        host.ip("link set eth0 up")
        bench.run_until_master()
        (told,) = bench.told("degraded")
    assert told.fields["warning"] == (
        "an address that is added to eth0 beside a virtual one may be removed with it:"
        " promote_secondaries is off and could not be set: Operation not permitted"
    )


def test_a_backup_has_nothing_to_send(bench: Bench, host: Host) -> None:
    bench.run_until_master()
    host.run(["nft", "add table ip t; add chain ip t o { type filter hook output priority 0; policy drop; }"])
    bench.run_until(lambda: bench.engine.instances[0].status().send_error)
    host.ip("link set eth0 down")
    bench.run_until(lambda: not bench.engine.instances[0].is_master)
    assert bench.engine.instances[0].status().send_error is None


class Forgetful(LinuxHost):
    """Notifications of more than two or three changes are lost."""

    def interfaces(self) -> Interfaces:
        return Interfaces(receive_buffer_bytes=2048)


BOTH_FAMILIES = """[
    {"vrid": 51, "interface_name": "eth0", "ip_addresses": ["192.0.2.100/24", "fe80::51:1/64"],
     "advert_interval": 0.25, "priority": %d}
]"""


@pytest.mark.parametrize("priority", [100, 250])
def test_what_was_made_anew_is_found_where_the_notifications_were_lost_and_all_looks_as_before(
    lan: Lan, host: Host, priority: int
) -> None:
    other = OurDaemon(lan.host("two", "192.0.2.12/24"), router(51, "192.0.2.100/24", "fe80::51:1/64", priority=200))
    for number in (0, 1):
        other.wait_for("MASTER", number=number)
    with host.enter(), closing(Bench(BOTH_FAMILIES % priority, Forgetful())) as bench:
        ipv6 = bench.engine.instances[1]
        bench.run_until(lambda: ipv6.is_master == (priority == 250) and ipv6.counters.advertisements_received > 2)
        held = {"192.0.2.100/24", "fe80::51:1/64"} if priority == 250 else set()
        bench.run_until(lambda: held <= bench.addresses("eth0"))
        bench.settle()
        before = bench.addresses("eth0")
        host.ip("link add ifb0 type ifb", "link set eth0 mtu 1270", "link set eth0 mtu 1500")
        if priority == 250:
            with Addresses(host) as addresses:
                addresses.add(ip_interface("fe80::51:1/64"))
        host.ip(*(f"link set ifb0 mtu {1400 + number}" for number in range(20)))
        bench.run_until(lambda: bench.told("interface_remade"))
        bench.run_until(lambda: bench.addresses("eth0") == before)
        assert bench.told("interface_remade")[0].fields == {"interface": "eth0", "families": "ipv6"}
        if priority == 250:
            assert ipv6.is_master
            other.wait_for("BACKUP", number=1)
            stop, better = other.stop(), OurDaemon(lan.host("three", "192.0.2.13/24"), a_better_one())
            assert stop == 0
            better.wait_for("MASTER", number=1)
            bench.run_until(lambda: not ipv6.is_master)
        else:
            heard = ipv6.counters.advertisements_received
            bench.run_until(lambda: ipv6.state_label == "BACKUP" and ipv6.counters.advertisements_received > heard + 3)
            assert ipv6.counters.transitions_to_master == 0


@pytest.mark.parametrize("family", list(Family))
def test_a_membership_that_another_program_has_ended_is_there_again_within_a_minute_or_so(
    host: Host, family: Family
) -> None:
    """For its socket of an earlier part of the interface the kernel takes one off the members of the new one."""
    address = "addr add 203.0.113.1/24 dev ifb0"
    host.ip("link add ifb0 type ifb", "link set ifb0 up", address)
    domain = socket.AF_INET if family is Family.IPV4 else socket.AF_INET6
    with host.enter(), closing(Bench((BOTH_FAMILIES % 100).replace("eth0", "ifb0"))) as bench:
        index = socket.if_nametoindex("ifb0")
        with socket.socket(domain, socket.SOCK_DGRAM) as stranger:
            option = join_group(family, index)
            stranger.setsockopt(option.level, option.number, option.value)
            host.ip("link set ifb0 mtu 67", "link set ifb0 mtu 1500", address)
            bench.run_until(lambda: bench.told("interface_remade"))
            bench.settle()
            assert {members(one) for one in Family} == {frozenset({index})}
        assert members(family) == frozenset()
        bench.loop.housekeeping.do(Instant(now() + seconds(60)))
        assert members(family) == frozenset({index})
        words = f"another program removed ifb0 from the {family.label} multicast group; joined again"
        assert [event.fields["warning"] for event in bench.told("degraded")] == [words]
        bench.loop.housekeeping.do(Instant(now() + seconds(120)))
        assert len(bench.told("degraded")) == 1


class OutOfDescriptors(LinuxHost):
    """Has no descriptor left, for as long as that is said."""

    has_none = True

    def advertisement_socket(
        self, interface: str, index: int, family: Family, vrids: frozenset[int], parent: int | None = None
    ) -> AdvertisementSocket:
        if self.has_none:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return super().advertisement_socket(interface, index, family, vrids, parent)


def test_a_socket_that_was_refused_is_tried_again_though_nothing_happens_on_the_interface(host: Host) -> None:
    there = OutOfDescriptors()
    with host.enter(), closing(Bench(host=there)) as bench:
        for _ in range(2):
            bench.loop.housekeeping.do(now())
            bench.settle()
        assert [one.fault.detail for one in bench.engine.instances if one.fault] == [
            "eth0 cannot be used: Too many open files"
        ] * 2
        assert len([event for event in bench.events if "Too many open files" in str(event.fields)]) == 2
        there.has_none = False
        bench.loop.housekeeping.do(now())
        bench.run_until_master()


def a_better_one() -> dict[str, object]:
    return router(51, "192.0.2.100/24", "fe80::51:1/64", priority=251)


def test_a_master_that_overslept_does_not_put_addresses_back_before_it_has_listened(bench: Bench, host: Host) -> None:
    bench.run_until_master()
    instance = bench.engine.instances[0]
    instance.reinstall(Instant(now() + seconds(60)))
    assert not instance.is_master
    bench.settle()
    assert "192.0.2.100/24" not in {str(address) for address in host.held()}
    assert not bench.told("addresses_restored")
    assert bench.events[-1].fields["cause"] == "overslept"


def test_the_status_of_a_backup_tells_its_own_interval_and_how_long_it_waits_for_the_master(bench: Bench) -> None:
    status = bench.engine.instances[0].status()
    assert status.state == "BACKUP"
    assert status.advertisement_interval == seconds(0.05)
    assert status.master_down_interval == seconds(0.15 + 0.05 * 156 / 256)
    assert status.master is None
    peer = ip_address("192.0.2.12")
    slow = Advertisement(
        version=Version.V3,
        vrid=51,
        priority=200,
        interval=seconds(1),
        addresses=(ip_address("192.0.2.100"),),
    )
    meta = ReceivedFrom(peer, GROUPS[Family.IPV4], 255)
    bench.engine.instances[0].hear(Received(encode(slow, peer), meta), now())
    status = bench.engine.instances[0].status()
    assert status.master == "192.0.2.12"
    assert status.advertisement_interval == seconds(0.05)
    assert status.master_down_interval == seconds(3 + 156 / 256)


def test_what_was_to_be_sent_on_an_interface_that_is_gone_is_counted_and_nothing_worse(
    bench: Bench, host: Host
) -> None:
    bench.run_until_master()
    resigned = Advertisement(version=Version.V3, vrid=51, priority=0, interval=seconds(0.05), addresses=(VIRTUAL_4.ip,))
    source = ip_address("192.0.2.12")
    host.ip("link delete eth0")
    instance = bench.engine.instances[0]
    before = instance.counters.send_errors
    instance.hear(Received(encode(resigned, source), ReceivedFrom(source, GROUPS[Family.IPV4], 255)), now())
    bench.engine._network._changed()
    assert instance.fault
    bench.settle()
    assert instance.counters.send_errors == before + 1


def test_stopping_an_engine_that_never_started_is_no_error(host: Host) -> None:
    with host.enter(), closing(Loop()) as loop:
        Engine(intended(parse(CONFIGURATION)), loop, lambda event, _: pytest.fail(event.kind), LinuxHost()).stop()


def test_every_descriptor_is_closed_in_the_end(host: Host) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count
    with host.enter(), closing(Bench()) as bench:
        bench.run_until_master()
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


@positive("R-106")
def test_lateness_that_may_cost_a_mastership_is_told_once_a_minute(bench: Bench) -> None:
    (shortest,) = {instance.status().master_down_interval for instance in bench.engine.instances}
    at = now()
    for late in (shortest // 4 + 1, shortest, shortest):
        bench.loop.lateness.note(late)
        bench.engine._watch_lateness(at)
    (event,) = bench.told("late")
    assert event.fields == {
        "late_seconds": (shortest // 4 + 1) / 1e9,
        "master_down_interval_seconds": shortest / 1e9,
    }
    bench.loop.lateness.note(shortest)
    bench.engine._watch_lateness(Instant(at + seconds(60)))
    assert bench.told("late")[-1].fields["suppressed"] == 2


@negative("R-106")
def test_lateness_that_costs_nothing_is_not_told(bench: Bench) -> None:
    (shortest,) = {instance.status().master_down_interval for instance in bench.engine.instances}
    bench.loop.lateness.turn(now())
    bench.loop.lateness.note(shortest // 4)
    bench.engine._watch_lateness(now())
    assert bench.told("late") == []


def test_interfaces_that_flap_leave_no_cycle_behind(bench: Bench, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def flap() -> None:
        host.ip("link set eth0 down")
        bench.run_until(lambda: all(instance.fault for instance in bench.engine.instances))
        host.ip("link set eth0 up")
        bench.run_until_master()

    flap()
    # The collector is off in this stretch of an engine's life: what it would find stays.
    gc.collect()
    gc.disable()
    try:
        flap()
        with monkeypatch.context() as patch:
            patch.setattr(Netlink, "carry_out", refuse_all)
            flap()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        ours = [one for one in gc.garbage if type(one).__module__.startswith("failover.engine")]
        assert ours == []
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
