"""The addresses of a MASTER: kept against others, removed at the end, and nobody else's ever touched."""

import sys
import time
from ipaddress import ip_interface
from itertools import pairwise

import pytest

from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from tests.engine.daemons import ENVIRONMENT, INTERVAL, OurDaemon, router
from tests.engine.watching import Addresses

pytestmark = pytest.mark.root

VIRTUAL_4, VIRTUAL_6 = ip_interface("192.0.2.100/24"), ip_interface("fe80::51:1/64")
OTHER_6 = ip_interface("2001:db8::100/64")


@pytest.fixture
def host(lan: Lan) -> Host:
    return lan.host("one", "192.0.2.11/24", "2001:db8::11/64")


def holds(host: Host, *addresses: str) -> bool:
    return {str(one) for one in host.held()}.issuperset(addresses)


def test_addresses_that_somebody_removes_are_back_at_once_and_announced(lan: Lan, host: Host) -> None:
    capture = lan.capture()
    daemon = OurDaemon(host, router(51, str(VIRTUAL_4), str(VIRTUAL_6), str(OTHER_6)))
    daemon.wait_for("MASTER", number=0)
    daemon.wait_for("MASTER", number=1)
    for address in (VIRTUAL_4, VIRTUAL_6, OTHER_6):
        with Addresses(host) as addresses:
            since = time.time_ns()
            addresses.remove(address)
            took = addresses.wait(lambda there, address=address: address in there)  # type: ignore[misc]
        print(f"{address} was back after {took * 1000:.2f} ms")
        assert took < 1, "nothing else would bring it back at all"
        wait_until(
            lambda address=address, since=since: any(  # type: ignore[misc]
                claim.address == address.ip and claim.is_gratuitous for claim in capture.claims(since=since)
            ),
            f"{address} is announced again",
        )
    daemon.wait_for_log("removed from eth0 by another program; restored", count=2)
    assert daemon.router()["counters"]["transitions_to_master"] == 1


def test_a_gratuitous_arp_on_the_wire_names_its_mac_address_as_sender_and_as_target(lan: Lan, host: Host) -> None:
    neighbour = lan.host("two", "192.0.2.12/24")
    neighbour.ip("neigh add 192.0.2.100 lladdr 02:00:00:00:00:99 nud stale dev eth0")
    capture = lan.capture()
    OurDaemon(host, router()).wait_for("MASTER")
    wait_until(lambda: any(claim.is_gratuitous for claim in capture.claims(host="one")), "it is announced")
    mac = bytes.fromhex(host.mac.replace(":", ""))
    arp = [frame.data for frame in capture.frames() if frame.host == "one" and frame.data[12:14] == b"\x08\x06"]
    gratuitous = [data for data in arp if data[28:32] == data[38:42] == VIRTUAL_4.ip.packed]
    assert {(data[6:12], data[22:28], data[32:38]) for data in gratuitous} == {(mac, mac, mac)}
    wait_until(lambda: host.mac in neighbour.run(["ip", "neigh"]).stdout, "the neighbour's cache is corrected")


def test_whoever_keeps_removing_an_address_cannot_make_the_daemon_spin(lan: Lan, host: Host) -> None:
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    put_back = 0
    began = time.monotonic()
    with Addresses(host) as addresses:
        for _ in range(50):
            put_back += VIRTUAL_4 in addresses.there()
            addresses.remove(VIRTUAL_4)
            time.sleep(0.01)
        took = time.monotonic() - began
        addresses.wait(lambda there: VIRTUAL_4 in there)
    print(f"removed 50 times in {took:.2f} s, put back {put_back} times meanwhile")
    assert 2 <= put_back <= took / 0.1 + 2
    assert daemon.router()["state"] == "MASTER"
    assert daemon.log().count("by another program; restored") == 1, "said once a minute"


def test_a_virtual_address_that_somebody_puts_on_a_backup_does_not_stay(lan: Lan, host: Host) -> None:
    master = OurDaemon(lan.host("two", "192.0.2.12/24", "2001:db8::12/64"), router(51, str(VIRTUAL_4), priority=200))
    master.wait_for("MASTER")
    daemon = OurDaemon(host, router(51, str(VIRTUAL_4)))
    daemon.wait_for("BACKUP")
    for address in (str(VIRTUAL_4), f"{VIRTUAL_4.ip}/32"):
        host.ip(f"addr add {address} dev eth0")
        wait_until(lambda address=address: not holds(host, address), f"{address} is gone")  # type: ignore[misc]
    daemon.wait_for_log("192.0.2.100/24 was added to eth0 by another program, but this host is not MASTER; removed")
    assert daemon.log().count("another program, but this host is not MASTER") == 1, "said once a minute"
    assert daemon.router()["state"] == "BACKUP"


def test_a_virtual_address_with_another_prefix_length_gives_way(lan: Lan, host: Host) -> None:
    host.ip("addr add 2001:db8::100/128 dev eth0 nodad")
    daemon = OurDaemon(host, router(51, "fe80::51:1/64", "2001:db8::100/64"))
    daemon.wait_for("MASTER")
    assert holds(host, "2001:db8::100/64")
    assert not holds(host, "2001:db8::100/128")
    assert daemon.stop() == 0
    assert not holds(host, "2001:db8::100/64")
    assert not holds(host, "2001:db8::100/128")


def test_a_backup_does_not_bring_addresses_back(lan: Lan, host: Host) -> None:
    master = OurDaemon(lan.host("two", "192.0.2.12/24"), router(priority=200))
    master.wait_for("MASTER")
    daemon = OurDaemon(host, router())
    daemon.wait_for("BACKUP")
    host.ip("addr add 203.0.113.1/24 dev eth0", "addr del 203.0.113.1/24 dev eth0")
    heard = daemon.router()["counters"]["advertisements_received"]
    wait_until(lambda: daemon.router()["counters"]["advertisements_received"] > heard, "it goes on")
    assert not holds(host, str(VIRTUAL_4))


def test_what_a_killed_daemon_left_is_removed_by_the_next_and_nothing_else(lan: Lan, host: Host) -> None:
    host.ip("addr add 203.0.113.5/24 dev eth0", "addr add 192.0.2.13/24 dev eth0")
    killed = OurDaemon(host, router(51, "192.0.2.100/24", "192.0.2.101/24"))
    killed.wait_for("MASTER")
    killed.kill()
    assert holds(host, "192.0.2.100/24", "192.0.2.101/24")
    peer = OurDaemon(lan.host("two", "192.0.2.12/24"), router(51, "192.0.2.101/24", priority=200))
    peer.wait_for("MASTER")
    daemon = OurDaemon(host, router(51, "192.0.2.101/24"))
    daemon.wait_for("BACKUP")
    assert {str(one) for one in host.held() if one.version == 4} == {
        "192.0.2.11/24",
        "192.0.2.13/24",
        "203.0.113.5/24",
    }
    daemon.wait_for_log("removed what an earlier run left on eth0: ")


@pytest.mark.parametrize("user", [0, 65534])
def test_where_no_daemon_runs_the_commands_tell_what_a_killed_one_has_left(lan: Lan, host: Host, user: int) -> None:
    def said(command: str) -> str:
        python = ["setpriv", f"--reuid={user}", sys.executable]
        words = [*python, "-m", "failover", command, "--socket", "/nowhere/control.sock"]
        with (host.directory / command).open("wb") as output:
            host.popen(words, output=output, env=ENVIRONMENT).wait(30)
        return (host.directory / command).read_text()

    living = OurDaemon(host, router(52, "192.0.2.102/24"), label="living")
    killed = OurDaemon(host, router(51, "192.0.2.100/24"))
    for daemon in (living, killed):
        daemon.wait_for("MASTER")
    killed.kill()
    left = "192.0.2.100/24 on eth0 was left by a daemon that was killed: start the daemon, or run failover teardown"
    for command in ("status", "health"):
        assert left in said(command)
        assert "192.0.2.102" not in said(command)
    host.ip("addr del 192.0.2.100/24 dev eth0")
    for command in ("status", "health"):
        assert "no daemon runs on" in said(command)
        assert "left by" not in said(command)


def test_a_daemon_starts_right_after_one_was_killed(lan: Lan, host: Host) -> None:
    """Its agent still listens on the control socket then."""
    killed = OurDaemon(host, router())
    killed.wait_for("MASTER")
    killed.kill()
    daemon = OurDaemon(host, router())
    wait_until(
        lambda: (daemon.status() or {"daemon": {"pid": 0}})["daemon"]["pid"] == daemon.pid,
        "the new one answers: for a moment the old agent still does",
    )
    daemon.wait_for("MASTER")
    assert daemon.stop() == 0


def test_an_address_owner_is_master_at_once_and_keeps_its_address_at_the_end(lan: Lan) -> None:
    capture = lan.capture()
    host = lan.host("owner", "192.0.2.100/24")
    daemon = OurDaemon(host, router(51, "192.0.2.100/24", "192.0.2.101/24", priority=255))
    daemon.wait_for("MASTER")
    assert "INITIALIZE -> MASTER: started" in daemon.log()
    assert {advert.priority for advert in capture.adverts()} == {255}
    assert {str(one) for one in host.held() if one.version == 4} == {"192.0.2.100/24", "192.0.2.101/24"}
    assert daemon.stop() == 0
    assert capture.adverts()[-1].priority == 0
    assert {str(one) for one in host.held() if one.version == 4} == {"192.0.2.100/24"}


def test_an_owners_own_address_is_the_administrators_to_remove(lan: Lan) -> None:
    host = lan.host("owner", "198.51.100.1/24", "192.0.2.100/24")
    daemon = OurDaemon(host, router(51, "192.0.2.100/24", priority=255))
    daemon.wait_for("MASTER")
    host.ip("addr del 192.0.2.100/24 dev eth0", "addr add 203.0.113.1/24 dev eth0")
    sent = daemon.router()["counters"]["advertisements_sent"]
    wait_until(lambda: daemon.router()["counters"]["advertisements_sent"] > sent + 5, "it goes on")
    assert not holds(host, "192.0.2.100/24")
    assert "by another program; restored" not in daemon.log()


def test_three_hundred_addresses(lan: Lan, host: Host) -> None:
    capture = lan.capture()
    advertised = [f"10.1.{n // 100}.{n % 100 + 1}/16" for n in range(250)]
    excluded = [f"2001:db8:1::{n:x}/64" for n in range(1, 26)]
    excluded += [f"10.2.0.{n}/32" for n in range(1, 26)]
    daemon = OurDaemon(host, router(51, *advertised, "fe80::51:1/64", excluded_ip_addresses=excluded, name="many"))
    daemon.wait_for("MASTER", number=0)
    daemon.wait_for("MASTER", number=1)
    assert holds(host, *advertised, *excluded, "fe80::51:1/64")
    assert capture.adverts(host="one")[-1].count in (250, 1)
    since = time.time_ns()
    wait_until(lambda: len(capture.adverts(since=since)) > 40, "twenty adverts of each")
    times = [advert.at for advert in capture.adverts(since=since) if advert.source.version == 4]
    gap = max(later - earlier for earlier, later in pairwise(times)) / 1e9
    print(f"largest gap between adverts with 300 addresses: {gap:.4f} s")
    assert gap < 5 * INTERVAL, "a busy machine's due; one by one the addresses would cost more"
    assert len(daemon.router(0)["addresses"]) == 275
    began = time.monotonic()
    assert daemon.stop() == 0
    print(f"stopped in {time.monotonic() - began:.3f} s")
    assert {str(one) for one in host.held() if one.version == 4} == {"192.0.2.11/24"}
    assert not holds(host, "2001:db8:1::1/64")


def test_many_routers_with_many_addresses_are_all_in_the_status(lan: Lan, host: Host) -> None:
    """More than one message holds."""
    routers = [
        router(
            vrid,
            *(f"10.{vrid}.{n // 200}.{n % 200 + 1}/32" for n in range(255)),
            excluded_ip_addresses=[f"10.{vrid}.8.{n}/32" for n in range(1, 100)],
            advert_interval=1,
        )
        for vrid in range(1, 21)
    ]
    daemon = OurDaemon(host, *routers)
    wait_until(lambda: len((daemon.status() or {"virtual_routers": []})["virtual_routers"]) == 20, "all of them")
    assert "lost" not in daemon.log()


def test_several_families_vrids_and_interfaces_live_side_by_side(lan: Lan, host: Host) -> None:
    capture = lan.capture()
    host.ip(
        "link add eth1 type veth peer name eth1peer",
        "link set eth1peer up",
        "link set eth1 up",
        "addr add 198.51.100.11/24 dev eth1",
    )
    daemon = OurDaemon(
        host,
        router(51, "192.0.2.100/24", "fe80::51:1/64", name="both"),
        router(52, "192.0.2.101/24", name="second", version=2, advert_interval=1),
        router(51, "198.51.100.100/24", interface_name="eth1", name="elsewhere"),
    )
    for number in range(4):
        daemon.wait_for("MASTER", number=number)
    found = daemon.status()
    assert found is not None
    assert [(one["name"], one["family"], one["interface"], one["version"]) for one in found["virtual_routers"]] == [
        ("both", "ipv4", "eth0", 3),
        ("both", "ipv6", "eth0", 3),
        ("second", "ipv4", "eth0", 2),
        ("elsewhere", "ipv4", "eth1", 3),
    ]
    lan.cut(host)
    for number in range(3):
        daemon.wait_for("INITIALIZE", "no_carrier", number)
    daemon.wait_for("MASTER", number=3)
    assert holds(host, "198.51.100.100/24")
    assert not holds(host, "192.0.2.100/24")
    lan.restore(host)
    for number in range(4):
        daemon.wait_for("MASTER", number=number)
    assert daemon.stop() == 0
    resigned = {(a.vrid, a.source.version) for a in capture.adverts(host="one") if a.priority == 0}
    assert resigned == {(51, 4), (51, 6), (52, 4)}


PROMOTE = "ipv4/conf/{}/promote_secondaries"
LATER, FIRST = "198.51.100.7/24", "198.51.100.100/24"
"""An address of the host's own in a subnet where the virtual one came first, and that one."""


def lose_secondaries(host: Host, interface: str = "eth0") -> None:
    """The kernel's own default, whatever this host has made of it."""
    for scope in ("all", "default", interface):
        host.sysctl(PROMOTE.format(scope), "0")


def test_an_address_added_beside_a_virtual_one_stays_when_that_goes(lan: Lan, host: Host) -> None:
    lose_secondaries(host)
    daemon = OurDaemon(host, router(51, FIRST))
    daemon.wait_for("MASTER")
    host.ip(f"address add {LATER} dev eth0")
    assert daemon.stop() == 0
    assert holds(host, LATER)
    assert not holds(host, FIRST)
    assert "198.51.100.7" in host.run(["ip", "route", "show", "198.51.100.0/24"]).stdout


def test_it_stays_on_an_interface_that_came_later_too(lan: Lan, host: Host) -> None:
    lose_secondaries(host)
    daemon = OurDaemon(host, router(51, FIRST, interface_name="late0"))
    daemon.wait_for("INITIALIZE", "interface_missing")
    host.ip("link add late0 type veth peer name late1")
    host.ip("address add 203.0.113.1/24 dev late0", "link set late1 up", "link set late0 up")
    daemon.wait_for("MASTER")
    host.ip(f"address add {LATER} dev late0")
    assert daemon.stop() == 0
    addresses = host.run(["ip", "-4", "address", "show", "dev", "late0"]).stdout
    assert LATER in addresses
    assert FIRST not in addresses


def test_where_it_is_set_already_nothing_is_changed(lan: Lan, host: Host) -> None:
    lose_secondaries(host)
    host.sysctl(PROMOTE.format("all"), "1")
    daemon = OurDaemon(host, router(51, FIRST))
    daemon.wait_for("MASTER")
    assert host.run(["cat", "/proc/sys/net/ipv4/conf/eth0/promote_secondaries"]).stdout == "0\n"
    assert daemon.stop() == 0


def test_nobody_is_blamed_for_addresses_that_come_and_go_in_portions(lan: Lan, host: Host) -> None:
    many = [f"10.9.{n // 200}.{n % 200 + 1}/16" for n in range(500)]
    daemon = OurDaemon(host, router(51, str(VIRTUAL_4), excluded_ip_addresses=many), router(52, "192.0.2.101/24"))
    for _ in range(2):
        daemon.wait_for("MASTER", number=0)
        daemon.wait_for("MASTER", number=1)
        wait_until(lambda: holds(host, str(VIRTUAL_4), *many), "all addresses are there")
        host.ip("link set eth0 down")
        daemon.wait_for("INITIALIZE", "interface_down", number=0)
        wait_until(lambda: not holds(host, many[-1]) and not holds(host, str(VIRTUAL_4)), "none is there")
        host.ip("link set eth0 up")
    daemon.wait_for("MASTER", number=0)
    with Addresses(host) as addresses:
        addresses.wait(lambda there: ip_interface(many[-1]) in there)
        addresses.remove(ip_interface(many[0]))
        addresses.wait(lambda there: ip_interface(many[0]) in there)
    daemon.wait_for_log("by another program; restored")
    assert daemon.stop() == 0
    assert daemon.log().count("by another program; restored") == 1, (
        "what somebody did remove is still told, and only that"
    )
    assert "but this host is not MASTER" not in daemon.log()
