"""The lab proved with peers alone: what keepalived and FRR do on it is what they do elsewhere."""

import subprocess
import time
from pathlib import Path

import pytest

from failover.lab.measure import takeovers
from failover.lab.network.client import Client
from failover.lab.network.lan import Lan
from tests.lab.frr import Frr
from tests.lab.keepalived import Keepalived
from tests.lab.scenarios import (
    KINDS,
    LATE,
    Arena,
    Driver,
    Kind,
    Scenario,
    crash,
    election,
    in_time,
    killed,
    play,
    stopped,
)

pytestmark = [pytest.mark.root, pytest.mark.peer]

V3_IPV4 = KINDS[1]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("scenario", [election, killed, stopped], ids=lambda scenario: scenario.__name__)
def test_keepalived_and_keepalived(lan: Lan, scenario: Scenario, kind: Kind) -> None:
    play(lan, scenario, kind, Keepalived, Keepalived)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    ("one", "two"), [(Keepalived, Frr), (Frr, Keepalived)], ids=["keepalived-frr", "frr-keepalived"]
)
def test_the_higher_priority_wins_whoever_wrote_it(lan: Lan, kind: Kind, one: Driver, two: Driver) -> None:
    play(lan, election, kind, one, two)


def test_a_client_sees_an_outage_from_the_crash_to_the_takeover(lan: Lan) -> None:
    arena = Arena(lan, V3_IPV4)
    one, two = arena.pair(Keepalived, Keepalived)
    arena.expect_master(one)
    address = str(one.specs[0].virtual_addresses[0].ip)
    with Client(arena.judge, address, interval=0.005) as client:
        client.wait_for_answer()
        last = crash(arena, one)
        gone = time.time_ns()
        arena.expect_master(two)
        client.wait_for_answer()
        outage = client.longest_outage(last)
    assert outage is not None
    theory = two.specs[0].master_down_interval
    takeover = takeovers(arena.adverts(since=last))[0]
    assert in_time(takeover.gap, theory)
    assert takeover.first.at - gone <= outage.duration <= theory + LATE


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("driver", [Keepalived, Frr], ids=lambda driver: driver.program)
def test_the_capture_reads_advertisements_as_tshark_does(lan: Lan, tmp_path: Path, kind: Kind, driver: Driver) -> None:
    arena = Arena(lan, kind)
    router = arena.router(driver, "one", kind.spec(200, count=3))
    router.start()
    arena.expect_master(router)
    router.stop()
    arena.capture.close()
    arena.capture.write_pcap(tmp_path / "lan.pcap")
    source = "ip.src" if kind.family == 4 else "ipv6.src"
    addresses = "vrrp.ip_addr" if kind.family == 4 else "vrrp.ipv6_addr"
    names = ["vrrp.version", source, "vrrp.virt_rtr_id", "vrrp.prio", "vrrp.addr_count", addresses]
    options = [word for name in names for word in ("-e", name)]
    said = subprocess.run(
        ["tshark", "-r", str(tmp_path / "lan.pcap"), "-Y", "vrrp", "-T", "fields", *options],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    ours = [
        (a.version, a.source, a.vrid, a.priority, a.count, ",".join(map(str, a.addresses))) for a in arena.adverts()
    ]
    assert len(ours) > 1
    assert ours[-1][3] == 0
    assert said == ["\t".join(map(str, one)) for one in ours]


def test_a_killed_daemon_says_nothing_more_and_leaves_its_address(lan: Lan) -> None:
    arena = Arena(lan, V3_IPV4)
    router = arena.router(Keepalived, "one", V3_IPV4.spec(200))
    router.start()
    arena.expect_master(router)
    router.kill()
    assert not router.host.pids()
    assert arena.adverts(router)[-1].priority == 200
    assert router.is_master(router.specs[0])
