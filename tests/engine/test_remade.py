"""An interface, or one family's part of it, that is made anew under the same name and index: all that lived with the
old one is there again, whoever made it anew, however quickly, and whether or not the daemon ran meanwhile."""

import signal
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from itertools import takewhile
from typing import Final

import pytest

from failover.lab.network.lan import Host, Lan
from failover.lab.network.namespaces import CommandError, Namespace
from failover.lab.network.waiting import wait_until
from tests.engine import daemons
from tests.engine.daemons import OurDaemon
from tests.engine.test_addresses import lose_secondaries

pytestmark = pytest.mark.root

INTERVAL: Final = 0.1
"""Seconds. Nothing here takes as long as a master-down interval, but for the machine's being busy."""
NAME, INDEX, OWN = "lan0", 77, "192.0.2.21/24"
"""The interface, which is on the LAN as a macvlan of the host's own."""
VIRTUAL_4, VIRTUAL_6 = "192.0.2.100", "fe80::51:1"

GROUP: Final = "120000E0"
"""224.0.0.18, as /proc/net/igmp has it."""

CONFIGURE: Final = (f"link set {NAME} up", f"addr add {OWN} dev {NAME}")
MAKE: Final = (
    f"link add link eth0 name {NAME} index {INDEX} address 02:00:00:00:01:77 type macvlan mode bridge",
    *CONFIGURE,
)


def remade_by_mtu(host: Host, _: Namespace) -> None:
    """IPv6 alone."""
    host.ip(f"link set {NAME} mtu 1270", f"link set {NAME} mtu 1500")


def deleted_and_made(host: Host, _: Namespace) -> None:
    host.ip(f"link del {NAME}", *MAKE)


def away_and_back(host: Host, elsewhere: Namespace) -> None:
    host.ip(f"link set {NAME} netns {elsewhere.name}")
    elsewhere.ip(f"link set {NAME} netns {host.name}")
    host.ip(*CONFIGURE)


def renamed_and_back(host: Host, _: Namespace) -> None:
    host.ip(
        f"link set {NAME} down", f"link set {NAME} name other", f"link set other name {NAME}", f"link set {NAME} up"
    )


def renamed_alive(host: Host, _: Namespace) -> None:
    host.ip(f"link set {NAME} name other", f"link set other name {NAME}")


def switched_off_and_on(host: Host, _: Namespace) -> None:
    """IPv6 alone."""
    for value in ("1", "0"):
        host.sysctl(f"ipv6/conf/{NAME}/disable_ipv6", value)


def down_and_up(host: Host, _: Namespace) -> None:
    host.ip(f"link set {NAME} down", f"link set {NAME} up")


def into_a_bridge_and_out(host: Host, _: Namespace) -> None:
    host.ip(f"link set {NAME} master br9", f"link set {NAME} nomaster")


def into_a_vrf_and_out(host: Host, _: Namespace) -> None:
    if "vrf9" not in host.run(["ip", "link", "show"]).stdout:
        try:
            host.ip("link add vrf9 type vrf table 9", "link set vrf9 up")
        except CommandError:
            pytest.skip("no VRF in this kernel")
    host.ip(f"link set {NAME} master vrf9", f"link set {NAME} nomaster")


Change = Callable[[Host, Namespace], None]
CHANGES: Final = (
    remade_by_mtu,
    deleted_and_made,
    away_and_back,
    renamed_and_back,
    renamed_alive,
    switched_off_and_on,
    down_and_up,
    into_a_bridge_and_out,
    into_a_vrf_and_out,
)
by_each_change = pytest.mark.parametrize("change", CHANGES)
stopped_or_not = pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])


@pytest.fixture
def elsewhere(lan: Lan, host: Host) -> Namespace:
    """Another namespace; and `host` has the interface, a bridge and a VRF."""
    host.ip(*MAKE, "link add br9 type bridge", "link set br9 up")
    return lan.host("elsewhere")


def router(priority: int = 100, interface_name: str = NAME, vrid: int = 51) -> dict[str, object]:
    return daemons.router(
        vrid,
        f"{VIRTUAL_4}/24",
        f"{VIRTUAL_6}/64",
        priority=priority,
        interface_name=interface_name,
        advert_interval=INTERVAL,
    )


def a_peer(lan: Lan, priority: int, label: str = "two") -> OurDaemon:
    return OurDaemon(lan.host(label, "192.0.2.12/24"), router(priority, "eth0"))


def both(daemon: OurDaemon, state: str) -> None:
    for number in (0, 1):
        daemon.wait_for(state, number=number)


def counted(daemon: OurDaemon, counter: str) -> list[int]:
    """By both families' routers."""
    status = daemon.status()
    return [one["counters"][counter] for one in status["virtual_routers"]] if status else [0, 0]


def wait_for_more(daemon: OurDaemon, counter: str, by: int = 2) -> None:
    before = counted(daemon, counter)
    wait_until(
        lambda: all(now >= then + by for now, then in zip(counted(daemon, counter), before, strict=True)),
        f"more {counter} than {before}, in both families",
    )


def carry_out(change: Change, host: Host, elsewhere: Namespace, stopped: Sequence[OurDaemon]) -> None:
    for daemon in stopped:
        daemon.signal(signal.SIGSTOP)
    change(host, elsewhere)
    for daemon in stopped:
        daemon.signal(signal.SIGCONT)


def held(host: Host) -> set[str]:
    return {str(one.ip) for one in host.held()}


@by_each_change
@stopped_or_not
def test_a_backup_hears_its_master_afterwards(
    lan: Lan, host: Host, elsewhere: Namespace, change: Change, *, stopped: bool
) -> None:
    capture = lan.capture()
    peer = a_peer(lan, 200)
    both(peer, "MASTER")
    daemon = OurDaemon(host, router())
    both(daemon, "BACKUP")
    for _ in range(3):
        wait_for_more(daemon, "advertisements_received")
        carry_out(change, host, elsewhere, [daemon] * stopped)
        both(daemon, "BACKUP")
        wait_for_more(daemon, "advertisements_received", 5)
    assert counted(daemon, "transitions_to_master") == [0, 0]
    assert not capture.adverts(host="one")


@by_each_change
@stopped_or_not
def test_a_master_has_its_addresses_announces_them_and_hears_a_better_one_afterwards(
    lan: Lan, host: Host, elsewhere: Namespace, change: Change, *, stopped: bool
) -> None:
    capture = lan.capture()
    daemon = OurDaemon(host, router())
    both(daemon, "MASTER")
    for _ in range(2):
        since = time.time_ns()
        carry_out(change, host, elsewhere, [daemon] * stopped)
        both(daemon, "MASTER")
        wait_until(lambda: {VIRTUAL_4, VIRTUAL_6} <= held(host), "the addresses are there")
        wait_for_more(daemon, "advertisements_sent")
        for address in (VIRTUAL_4, VIRTUAL_6) if change in (deleted_and_made, away_and_back) else (VIRTUAL_6,):
            wait_until(
                lambda address=address, since=since: (
                    any(  # type: ignore[misc]
                        claim.address == ip_address(address) and claim.is_gratuitous
                        for claim in capture.claims(since=since)
                    )
                    or change in (renamed_alive, into_a_bridge_and_out)
                ),
                f"{address} is announced",
            )
    peer = a_peer(lan, 200)
    both(peer, "MASTER")
    both(daemon, "BACKUP")
    wait_until(lambda: not {VIRTUAL_4, VIRTUAL_6} & held(host), "the addresses are gone")
    assert daemon.stop() == 0


@pytest.mark.parametrize("change", [deleted_and_made, away_and_back])
@stopped_or_not
def test_an_address_of_the_administrators_outlives_a_virtual_one_there_too(
    lan: Lan, host: Host, elsewhere: Namespace, change: Change, *, stopped: bool
) -> None:
    lose_secondaries(host, NAME)
    daemon = OurDaemon(host, daemons.router(51, "198.51.100.100/24", interface_name=NAME))
    daemon.wait_for("MASTER")
    carry_out(change, host, elsewhere, [daemon] * stopped)
    wait_until(lambda: "198.51.100.100" in held(host), "the virtual address is there")
    host.ip(f"addr add 198.51.100.7/24 dev {NAME}")
    assert daemon.stop() == 0
    assert "198.51.100.7" in held(host)
    assert "198.51.100.100" not in held(host)


def test_an_mtu_too_small_for_a_moment_is_never_missed(lan: Lan, host: Host, elsewhere: Namespace) -> None:
    capture = lan.capture()
    peer = a_peer(lan, 200)
    both(peer, "MASTER")
    daemon = OurDaemon(host, router())
    both(daemon, "BACKUP")
    for _ in range(40):
        remade_by_mtu(host, elsewhere)
        wait_for_more(daemon, "advertisements_received")
    assert not capture.adverts(host="one")
    assert peer.router(1)["counters"]["transitions_to_master"] == 1


def test_an_mtu_too_small_for_ipv4_takes_membership_and_setting_which_are_there_again(lan: Lan, host: Host) -> None:
    host.ip("link add ifb0 type ifb", "link set ifb0 up", "addr add 203.0.113.1/24 dev ifb0")
    lose_secondaries(host, "ifb0")
    daemon = OurDaemon(host, daemons.router(51, "198.51.100.100/24", interface_name="ifb0"))
    daemon.wait_for("MASTER")
    for _ in range(3):
        daemon.signal(signal.SIGSTOP)
        host.ip("link set ifb0 mtu 67", "link set ifb0 mtu 1500", "addr add 203.0.113.1/24 dev ifb0")
        assert members(host, "ifb0") == 0
        daemon.signal(signal.SIGCONT)
        wait_until(lambda: members(host, "ifb0") == 1, "it is a member again")
        wait_until(lambda: "198.51.100.100" in held(host), "the address is there")
    host.ip("addr add 198.51.100.7/24 dev ifb0")
    assert daemon.stop() == 0
    assert "198.51.100.7" in held(host)


def members(host: Host, interface: str) -> int:
    """How many sockets are members of the IPv4 group there."""
    lines = host.run(["cat", "/proc/self/net/igmp"]).stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if f"{interface} " in line)
    found = [
        line.split()[1] for line in takewhile(lambda line: line.startswith("\t"), lines[at + 1 :]) if GROUP in line
    ]
    return int(found[0]) if found else 0


@pytest.mark.parametrize("change", [deleted_and_made, away_and_back])
def test_two_daemons_on_an_interface_do_not_end_each_others_membership(
    host: Host, elsewhere: Namespace, change: Change
) -> None:
    first, second = (
        OurDaemon(host, daemons.router(vrid, f"192.0.2.{vrid}/24", interface_name=NAME), label=f"daemon{vrid}")
        for vrid in (51, 52)
    )
    for daemon in (first, second):
        daemon.wait_for("MASTER")
    assert members(host, NAME) == 2
    for late, vrid in ((second, 52), (first, 51)):
        late.signal(signal.SIGSTOP)
        change(host, elsewhere)
        wait_until(lambda: members(host, NAME) == 1, "the other one is a member")
        late.signal(signal.SIGCONT)
        wait_until(lambda vrid=vrid: f"192.0.2.{vrid}" in held(host), "its address is there")  # type: ignore[misc]
        late.wait_for("MASTER")
        assert members(host, NAME) == 2
    assert second.stop() == 0
    assert members(host, NAME) == 1
