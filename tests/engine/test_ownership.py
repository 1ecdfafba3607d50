"""Whose address is it? What a daemon takes off an interface, and what it leaves alone."""

import json
import signal
import subprocess
import sys
import time
from ipaddress import ip_interface
from pathlib import Path
from typing import Any

import pytest

from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from failover.lab.router import RouterSpec
from tests.engine.daemons import ENVIRONMENT, OurDaemon, router
from tests.engine.watching import Addresses
from tests.lab.keepalived import Keepalived

pytestmark = pytest.mark.root

OURS = ("192.0.2.100/24", "fe80::51:1/64", "2001:db8::100/64")
THEIRS = ("192.0.2.200/24", "fe80::52:1/64", "2001:db8::200/64")


@pytest.fixture
def host(lan: Lan) -> Host:
    made = lan.host("one", "192.0.2.11/24", "2001:db8::11/64")
    made.ip(
        "link add eth1 type veth peer name eth1peer",
        "link set eth1peer up",
        "link set eth1 up",
        "addr add 198.51.100.11/24 dev eth1",
    )
    return made


def on(host: Host, interface: str = "eth0") -> set[str]:
    """The addresses of an interface."""
    with Addresses(host, interface) as addresses:
        return set(map(str, addresses.there()))


class Watch:
    """What `ip monitor` tells of addresses from now on."""

    def __init__(self, host: Host, interface: str = "eth1") -> None:
        """`interface` is one on which to try whether changes are told."""
        self._host, self._interface = host, interface
        self.file: Path = host.directory / "changes.log"
        with self.file.open("wb") as output:
            host.popen(["ip", "monitor", "address"], output=output)
        wait_until(self._listens, "changes are watched")

    def _listens(self) -> bool:
        """Whether it has begun to tell: a change before that is not heard."""
        name = self._interface
        self._host.ip(f"address add 203.0.113.99/32 dev {name}", f"address del 203.0.113.99/32 dev {name}")
        return "Deleted" in self.file.read_text()

    def removed(self) -> list[str]:
        return [line for line in self.file.read_text().splitlines() if line.startswith("Deleted") and ".99" not in line]


def failover(host: Host, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command on the host, to its end."""
    environment = {**ENVIRONMENT, "RUNTIME_DIRECTORY": str(host.directory / "nobody's")}
    command = [sys.executable, "-m", "failover", *arguments]
    with host.enter():
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)


def masters(daemon: OurDaemon, count: int) -> None:
    for number in range(count):
        daemon.wait_for("MASTER", number=number)


@pytest.mark.parametrize(
    ("of_first", "of_second", "source"),
    [
        (OURS[:1], THEIRS[1:], "fe80::ff:fe00:1/64"),
        (OURS[1:], THEIRS[:1], "192.0.2.11/24"),
        (OURS[:1], ("192.0.2.200/32",), None),
    ],
)
def test_a_second_daemon_on_the_interface_leaves_the_addresses_of_the_first_at_its_start_and_after_each_fault(
    host: Host, of_first: tuple[str, ...], of_second: tuple[str, ...], source: str | None
) -> None:
    first = OurDaemon(host, router(10, *of_first), label="first")
    first.wait_for("MASTER")
    watch = Watch(host)
    second = OurDaemon(host, router(20, *of_second), label="second")
    second.wait_for("MASTER")
    for _ in range(2 if source else 0):
        host.ip(f"addr del {source} dev eth0")
        second.wait_for("INITIALIZE", "no_source_address")
        host.ip(f"addr add {source} dev eth0{' nodad' if ':' in str(source) else ''}")
        second.wait_for("MASTER")
    assert {*of_first, *of_second} <= on(host)
    assert not [line for line in watch.removed() if any(one.split("/")[0] in line for one in of_first)]
    assert "by another program; restored" not in first.log()
    assert first.router()["counters"]["transitions_to_master"] == 1
    assert second.stop() == 0
    assert set(of_first) <= on(host)
    assert first.stop() == 0
    assert not {*of_first, *of_second} & on(host)


def test_a_router_that_a_reload_adds_where_another_daemon_lives_leaves_its_address(host: Host) -> None:
    first = OurDaemon(host, router(10, *OURS), label="first")
    masters(first, 2)
    second = OurDaemon(host, router(20, "198.51.100.1/24", interface_name="eth1"), label="second")
    second.wait_for("MASTER")
    watch = Watch(host)
    second.config.write_text(json.dumps([router(20, *THEIRS)]))
    second.signal(signal.SIGHUP)
    second.wait_for_log("reloaded the configuration")
    masters(second, 2)
    assert {*OURS, *THEIRS} <= on(host)
    assert on(host, "eth1").isdisjoint({"198.51.100.1/24"})
    assert not [line for line in watch.removed() if any(one.split("/")[0] in line for one in OURS)]


@pytest.mark.parametrize("others", [(), THEIRS])
def test_what_a_killed_daemon_left_on_an_interface_that_the_file_names_no_more_is_removed_at_the_start(
    host: Host, others: tuple[str, ...]
) -> None:
    """`others`: the addresses of a daemon that lives on that interface."""
    if others:
        other = OurDaemon(host, router(10, *others), label="other")
        masters(other, 2)
    killed = OurDaemon(host, router(51, *OURS))
    masters(killed, 2)
    killed.kill()
    assert set(OURS) <= on(host)
    before = on(host) - set(OURS)
    daemon = OurDaemon(host, router(51, "198.51.100.1/24", interface_name="eth1"))
    daemon.wait_for("MASTER")
    assert on(host) == before
    daemon.wait_for_log(f"removed what an earlier run left on eth0: {', '.join(OURS)}")
    assert daemon.stop() == 0
    assert on(host) == before


def test_it_is_removed_from_an_interface_that_bears_another_name_by_now_and_is_down(host: Host) -> None:
    host.ip("addr add 203.0.113.7/32 dev eth1")
    killed = OurDaemon(host, router(51, "198.51.100.1/24", interface_name="eth1"))
    killed.wait_for("MASTER")
    killed.kill()
    host.ip("link set eth1 down", "link set eth1 name lan1")
    daemon = OurDaemon(host, router(51, *OURS))
    masters(daemon, 2)
    assert {one for one in on(host, "lan1") if "." in one} == {"198.51.100.11/24", "203.0.113.7/32"}
    assert daemon.stop() == 0


def test_an_address_that_was_moved_to_another_interface_by_hand_is_the_hosts_own_there(host: Host) -> None:
    daemon = OurDaemon(host, router(51, *OURS))
    masters(daemon, 2)
    host.ip("addr del 192.0.2.100/24 dev eth0", "addr add 192.0.2.100/24 dev eth1")
    daemon.wait_for_log("by another program; restored")
    daemon.kill()
    again = OurDaemon(host, router(51, *OURS))
    masters(again, 2)
    assert again.stop() == 0
    assert "192.0.2.100/24" in on(host, "eth1")
    assert not set(OURS) & on(host)


@pytest.mark.parametrize("arguments", [("teardown",), ("teardown", "file-mode")])
@pytest.mark.parametrize(
    ("own", "routers"),
    [
        ("192.0.2.11/24", [router(51, "192.0.2.11/24")]),
        ("192.0.2.11/24", [router(51, "192.0.2.11/32"), router(52, "192.0.2.12/24")]),
        ("fe80::ff:fe00:1/64", [router(51, "fe80::ff:fe00:1/64")]),
    ],
)
def test_the_hosts_only_address_typed_as_a_virtual_one_is_left_by_daemon_and_teardown_alike(
    host: Host, own: str, routers: list[dict[str, Any]], arguments: tuple[str, ...]
) -> None:
    daemon = OurDaemon(host, *routers)
    daemon.wait_for("INITIALIZE", "no_source_address")
    before = on(host)
    assert own in before
    assert daemon.stop() == 0
    assert on(host) == before
    done = failover(host, *arguments, "--config" if len(arguments) == 1 else "--filename", str(daemon.config))
    family = "IPv6" if ":" in own else "IPv4"
    assert done.stderr == f"failover: eth0: {own} left alone, because the host has no other {family} address there\n"
    assert (done.returncode, done.stdout) == (0, "nothing to remove\n")
    assert on(host) == before


def reload(daemon: OurDaemon, *routers: dict[str, Any]) -> None:
    before = daemon.log().count("reloaded the configuration")
    daemon.config.write_text(json.dumps(routers))
    daemon.signal(signal.SIGHUP)
    daemon.wait_for_log("reloaded the configuration", count=before + 1)


OWN = ("192.0.2.11/24", "2001:db8::11/64")
OWNERS_LIST = ("192.0.2.11/24", "192.0.2.12/24", "fe80::ff:fe00:1/64", "2001:db8::11/64", "2001:db8::12/64")
GIVEN = {"192.0.2.12/24", "2001:db8::12/64"}


@pytest.mark.parametrize(
    "then",
    [
        [router(51, "192.0.2.12/24", "fe80::ff:fe00:1/64", "2001:db8::12/64", priority=255)],
        [router(51, *OWNERS_LIST, priority=100)],
        [router(51, "192.0.2.12/24", "fe80::9/64", priority=100)],
        [router(52, *OWNERS_LIST, priority=100)],
        [router(51, "198.51.100.1/24", interface_name="eth1")],
    ],
)
@pytest.mark.parametrize("besides", [(), ("192.0.2.77/24", "fe80::77/64", "2001:db8::77/64")])
def test_a_reload_takes_from_an_owner_what_it_was_given_and_never_the_hosts_own(
    host: Host, then: list[dict[str, Any]], besides: tuple[str, ...]
) -> None:
    """`besides`: with other addresses of the host's own, so that its routers can go on."""
    for one in besides:
        host.ip(f"addr add {one} dev eth0{' nodad' if ':' in one else ''}")
    before = on(host)
    daemon = OurDaemon(host, router(51, *OWNERS_LIST, priority=255))
    masters(daemon, 2)
    assert on(host) == before | GIVEN
    watch = Watch(host)
    reload(daemon, *then)
    wait_until(
        lambda: "by another program; restored" not in daemon.log() and before <= on(host), "the host's own are there"
    )
    assert daemon.stop() == 0
    assert on(host) == before
    assert not [line for line in watch.removed() if any(f" {one} " in line for one in before)]


@pytest.mark.parametrize(
    ("own", "listed"),
    [
        ("192.0.2.11/24", ["192.0.2.11"]),
        ("192.0.2.11/24", ["192.0.2.11/25"]),
        ("2001:db8::11/64", ["fe80::51/64", "2001:db8::11"]),
    ],
)
def test_an_owners_own_address_is_the_hosts_whatever_prefix_length_it_is_listed_with(
    host: Host, own: str, listed: list[str]
) -> None:
    for one in ("192.0.2.77/24", "2001:db8::77/64"):
        host.ip(f"addr add {one} dev eth0{' nodad' if ':' in one else ''}")
    before = on(host)
    daemon = OurDaemon(host, router(51, *listed, priority=255))
    daemon.wait_for("MASTER")
    wait_until(lambda: "fe80::51/64" in on(host) or "." in own, "it has its other addresses")
    watch = Watch(host)
    reload(daemon, router(51, *listed))
    daemon.wait_for("MASTER")
    assert daemon.stop() == 0
    again = OurDaemon(host, router(51, *listed, priority=255), label="again")
    again.wait_for("MASTER")
    assert again.stop() == 0
    assert on(host) == before
    assert not [line for line in watch.removed() if f" {own} " in line]


def test_a_restart_as_no_owner_takes_an_own_address_for_a_virtual_one_unless_it_is_the_hosts_last(host: Host) -> None:
    host.ip("addr add 192.0.2.77/24 dev eth0", "addr add fe80::77/64 dev eth0 nodad")
    listed = ("192.0.2.11/24", "fe80::ff:fe00:1/64", "2001:db8::11/64")
    before = on(host)
    owner = OurDaemon(host, router(51, *listed, priority=255), label="owner")
    masters(owner, 2)
    assert owner.stop() == 0
    assert on(host) == before
    daemon = OurDaemon(host, router(51, *listed, priority=100))
    masters(daemon, 2)
    assert f"removed {', '.join(listed[:2])} from eth0: the configuration has them as virtual" in daemon.log()
    assert "an earlier run" not in daemon.log()
    assert daemon.stop() == 0
    assert on(host) == before - set(listed[:2])


def test_an_address_that_was_an_owners_own_and_is_removed_by_the_administrator_is_a_virtual_one_from_then_on(
    host: Host,
) -> None:
    host.ip("addr add 192.0.2.77/24 dev eth0")
    daemon = OurDaemon(host, router(51, "192.0.2.11/24", "192.0.2.12/24", priority=255))
    daemon.wait_for("MASTER")
    reload(daemon, router(51, "192.0.2.11/24", "192.0.2.12/24", priority=100))
    daemon.wait_for("MASTER")
    host.ip("addr del 192.0.2.11/24 dev eth0")
    wait_until(lambda: "192.0.2.11/24" in on(host), "it is put there as virtual")
    assert daemon.stop() == 0
    assert not {"192.0.2.11/24", "192.0.2.12/24"} & on(host)


@pytest.mark.parametrize("address", ["192.0.2.12/24", "2001:db8::12/64"])
def test_what_comes_to_an_owners_interface_after_the_start_is_the_hosts_own(host: Host, address: str) -> None:
    """By `ip address replace`, as systemd-networkd does: the daemon has it there already."""
    first = "192.0.2.11/24" if "." in address else "fe80::ff:fe00:1/64"
    daemon = OurDaemon(host, router(51, first, address, priority=255))
    daemon.wait_for("MASTER")
    wait_until(lambda: address in on(host), "the daemon has added it")
    host.ip(f"addr replace {address} dev eth0{' nodad' if ':' in address else ''}")
    assert daemon.stop() == 0
    assert {first, address} <= on(host)


@pytest.mark.parametrize("address", ["192.0.2.12/24", "2001:db8::12/64"])
@pytest.mark.parametrize("vrid", [51, 52])
def test_what_came_before_a_reload_lists_it_as_an_owners_is_the_hosts_own(host: Host, address: str, vrid: int) -> None:
    first = "192.0.2.11/24" if "." in address else "fe80::ff:fe00:1/64"
    daemon = OurDaemon(host, router(51, first, priority=255))
    daemon.wait_for("MASTER")
    host.ip(f"addr add {address} dev eth0{' nodad' if ':' in address else ''}")
    added = [router(51, first, priority=255)] if vrid == 52 else []
    listed = [address] if vrid == 52 else [first, address]
    if vrid == 52 and ":" in address:
        listed = ["fe80::52/64", address]
    reload(daemon, *added, router(vrid, *listed, priority=255))
    masters(daemon, 1 + len(added))
    assert daemon.stop() == 0
    assert {first, address} <= on(host)
    assert "fe80::52/64" not in on(host)


def test_the_last_global_ipv6_address_stays(lan: Lan) -> None:
    bare = lan.host("bare", "192.0.2.21/24", "2001:db8::21/64")
    daemon = OurDaemon(bare, router(51, "fe80::51/64", "2001:db8::21/128"))
    daemon.wait_for("MASTER")
    assert daemon.stop() == 0
    assert "2001:db8::21/64" in on(bare)
    assert not {"2001:db8::21/128", "fe80::51/64"} & on(bare)
    done = failover(bare, "teardown", "--config", str(daemon.config))
    assert done.returncode == 0
    assert "2001:db8::21/64 left alone, because the host has no other global IPv6 address there" in done.stderr
    assert "2001:db8::21/64" in on(bare)


@pytest.mark.parametrize("address", ["192.0.2.21/24", "2001:db8::21/64"])
def test_the_last_address_that_is_not_link_local_stays_whoever_has_made_the_link_local_ones(
    lan: Lan, address: str
) -> None:
    """As NetworkManager does, where the kernel makes none: nothing on the interface has a mark."""
    bare = lan.host("bare")
    bare.ip(
        "link set eth0 addrgenmode none",
        "addr flush dev eth0",
        "addr add fe80::1:1/64 dev eth0 nodad",
        "addr add 169.254.7.7/16 dev eth0 scope link",
        f"addr add {address} dev eth0{' nodad' if ':' in address else ''}",
    )
    before = on(bare)
    listed = ["fe80::51/64", address] if ":" in address else [address, "192.0.2.51/24"]
    daemon = OurDaemon(bare, router(51, *listed))
    daemon.wait_for("MASTER")
    wait_until(lambda: len(on(bare)) == len(before) + 1, "the other address is there")
    said = f"{address} stays on eth0 in every state, because it is the host's own address"
    wait_until(lambda: daemon.router()["address_conflict"] == said, "it is in the status")
    assert daemon.stop() == 0
    assert on(bare) == before
    done = failover(bare, "teardown", "--config", str(daemon.config))
    family = "IPv6" if ":" in address else "IPv4"
    assert f"{address} left alone, because the host has no other global {family} address there" in done.stderr
    assert on(bare) == before


@pytest.mark.parametrize("vrid", [51, 52])
def test_a_reload_that_lists_the_last_one_leaves_it_too(lan: Lan, vrid: int) -> None:
    """`vrid`: of the virtual router that has it then."""
    bare = lan.host("bare", "192.0.2.21/24", "2001:db8::21/64")
    bare.ip("addr add 169.254.7.7/16 dev eth0 scope link")
    before = on(bare)
    first, mine = ["192.0.2.51/24", "fe80::51/64"], ["192.0.2.21/24", "2001:db8::21/64"]
    daemon = OurDaemon(bare, router(51, *first))
    masters(daemon, 2)
    then = [router(51, *first, *mine)] if vrid == 51 else [router(51, *first), router(52, "fe80::52/64", *mine)]
    watch = Watch(bare, "lo")
    reload(daemon, *then)
    masters(daemon, 2 * len(then))
    for one in mine:
        daemon.wait_for_log(f"{one} stays on eth0 in every state, because it is the host's own address")
    assert daemon.stop() == 0
    assert on(bare) == before
    assert not [line for line in watch.removed() if any(f" {one} " in line for one in mine)]


def test_a_backup_says_from_its_start_on_that_the_last_one_stays(lan: Lan) -> None:
    listed = ("fe80::51/64", "2001:db8::21/64")
    master = OurDaemon(lan.host("two"), router(51, *listed, priority=200))
    master.wait_for("MASTER")
    bare = lan.host("bare", "2001:db8::21/64")
    daemon = OurDaemon(bare, router(51, *listed))
    daemon.wait_for("BACKUP")
    daemon.wait_for_log("2001:db8::21/64 stays on eth0 in every state, because it is the host's own address")
    assert "2001:db8::21/64" in on(bare)
    wait_until(lambda: daemon.router()["address_conflict"], "it is in the status")


@pytest.mark.parametrize("address", ["192.0.2.21/24", "2001:db8::21/64"])
def test_the_last_one_goes_when_the_host_gets_another_and_nobody_else_is_said_to_have_added_it(
    lan: Lan, address: str
) -> None:
    listed = [address] if "." in address else ["fe80::51/64", address]
    master = OurDaemon(lan.host("two", "192.0.2.12/24"), router(51, *listed, priority=200))
    master.wait_for("MASTER")
    bare = lan.host("bare", address)
    daemon = OurDaemon(bare, router(51, *listed))
    daemon.wait_for(*(("INITIALIZE", "no_source_address") if "." in address else ("BACKUP",)))
    other = address.replace("21", "77")
    bare.ip(f"addr add {other} dev eth0{' nodad' if ':' in other else ''}")
    daemon.wait_for("BACKUP")
    daemon.wait_for_log(
        f"removed {address} from eth0: the configuration has it as virtual, so only the MASTER may have it; failover"
        " had not added it"
    )
    assert other in on(bare)
    assert address not in on(bare)
    assert "by another program" not in daemon.log()
    assert "an earlier run" not in daemon.log()
    bare.ip(f"addr add {address} dev eth0{' nodad' if ':' in address else ''}")
    daemon.wait_for_log(f"{address} was added to eth0 by another program, but this host is not MASTER; removed")


def test_what_an_owner_and_the_host_that_stands_in_for_it_both_have_is_in_the_status(lan: Lan, host: Host) -> None:
    host.ip("addr add 192.0.2.77/24 dev eth0")
    owner = OurDaemon(host, router(51, "192.0.2.77/24", "192.0.2.78/24", priority=255, advert_interval=0.2))
    owner.wait_for("MASTER")
    other = OurDaemon(
        lan.host("two", "192.0.2.12/24"), router(51, "192.0.2.77/24", "192.0.2.78/24", advert_interval=0.2)
    )
    other.wait_for("BACKUP")
    assert owner.router()["address_conflict"] is None
    host.run(["nft", "add table inet t; add chain inet t o { type filter hook output priority 0; policy drop; }"])
    owner.wait_for("INITIALIZE", "cannot_send")
    other.wait_for("MASTER")
    said = "192.0.2.77/24 stays on eth0 all the same, because it is the host's own address"
    wait_until(lambda: said in (owner.router()["address_conflict"] or ""), "it is in the status")
    assert "192.0.2.78" not in owner.router()["address_conflict"]
    host.run(["nft", "delete table inet t"])
    owner.wait_for("MASTER")
    wait_until(lambda: owner.router()["address_conflict"] is None, "it is over")
    lan.cut(host)
    owner.wait_for("INITIALIZE", "no_carrier")
    assert owner.router()["address_conflict"] is None


CONTESTED = "another program, such as keepalived, keeps adding {} to eth0"


@pytest.mark.parametrize("address", ["192.0.2.100/24", "192.0.2.100/32", "2001:db8::100/64"])
def test_whoever_keeps_adding_an_address_to_a_backup_cannot_make_the_daemon_spin_and_is_named_once(
    lan: Lan, host: Host, address: str
) -> None:
    number = 1 if ":" in address else 0
    master = OurDaemon(lan.host("two", "192.0.2.12/24", "2001:db8::12/64"), router(51, *OURS, priority=200))
    masters(master, 2)
    daemon = OurDaemon(host, router(51, *OURS))
    daemon.wait_for("BACKUP", number=0)
    daemon.wait_for("BACKUP", number=1)
    removed = 0
    began = time.monotonic()
    with Addresses(host) as addresses:
        stray = ip_interface(address)
        for _ in range(60):
            removed += stray not in addresses.there()
            host.ip(f"addr replace {address} dev eth0{' nodad' if ':' in address else ''}")
            time.sleep(0.01)
        took = time.monotonic() - began
        daemon.wait_for_log(CONTESTED.format(address))
        wait_until(
            lambda: daemon.router(number)["address_conflict"] == f"{CONTESTED.format(address)}: stop that program",
            "it is in the status",
        )
        addresses.wait(lambda there: stray not in there)
    print(f"removed {removed} times in {took:.2f} s")
    assert 3 <= removed <= took / 0.1 + 2
    assert daemon.log().count("another program, such as keepalived") == 1
    assert daemon.router(1 - number)["address_conflict"] is None
    assert daemon.log().count("another program, but this host is not MASTER") == 1
    assert daemon.router(number)["state"] == "BACKUP"
    wait_until(lambda: daemon.router(number)["address_conflict"] is None, "it is over", 20)


@pytest.mark.peer
def test_a_keepalived_that_was_left_running_is_named_as_long_as_it_runs(lan: Lan, host: Host) -> None:
    elsewhere = OurDaemon(lan.host("two", "192.0.2.12/24"), router(51, priority=200))
    elsewhere.wait_for("MASTER")
    daemon = OurDaemon(host, router(51))
    daemon.wait_for("BACKUP")
    # Under another number: under the same one it would win against the MASTER, or lose.
    keepalived = Keepalived(host, RouterSpec(addresses=("192.0.2.100/24",), vrid=52, interval=0.05))
    keepalived.start()
    daemon.wait_for_log(CONTESTED.format("192.0.2.100/24"))
    wait_until(lambda: daemon.router()["address_conflict"], "it is in the status")
    keepalived.stop()
    wait_until(lambda: daemon.router()["address_conflict"] is None, "it is over", 20)
    assert daemon.log().count("another program, such as keepalived") == 1


def test_what_an_owner_that_is_one_no_more_leaves_is_said_until_the_administrator_has_removed_it(host: Host) -> None:
    host.ip("addr add 192.0.2.77/24 dev eth0")
    daemon = OurDaemon(host, router(51, "192.0.2.11/24", priority=255))
    daemon.wait_for("MASTER")
    assert daemon.router()["address_conflict"] is None
    reload(daemon, router(51, "192.0.2.11/24", priority=100))
    daemon.wait_for_log(
        "192.0.2.11/24 stays on eth0 in every state, because it is the host's own address; remove it if"
    )
    said = "192.0.2.11/24 stays on eth0 in every state, because it is the host's own address"
    wait_until(lambda: daemon.router()["address_conflict"] == said, "it is in the status")
    host.ip("addr del 192.0.2.11/24 dev eth0")
    wait_until(lambda: daemon.router()["address_conflict"] is None, "it is over")
