"""The reload of the configuration: what changes, what goes on undisturbed, and what leaves everything as it was."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from tests.engine.daemons import ENVIRONMENT, INTERVAL, OurDaemon, ask, router

pytestmark = pytest.mark.root

NANOSECONDS = 1_000_000_000
FIRST, SECOND, THIRD = (f"192.0.2.{number}/24" for number in (100, 101, 102))


def held(host: Host) -> set[str]:
    """The virtual addresses on a host: all but those that it has by itself."""
    return {str(one) for one in host.held() - set(host.addresses) if one.ip != host.link_local}


def write(daemon: OurDaemon, *routers: dict[str, Any]) -> None:
    """Another configuration, in the way of whoever is careful."""
    new = daemon.config.with_suffix(".new")
    new.write_text(json.dumps(routers))
    new.rename(daemon.config)


def reload(daemon: OurDaemon, *routers: dict[str, Any]) -> dict[str, Any]:
    write(daemon, *routers)
    code, document = ask(daemon.control, "/reload", "POST")
    assert code == 200, document
    return dict(document)


def states(daemon: OurDaemon) -> dict[str, str]:
    status = daemon.status()
    return {one["name"]: one["state"] for one in status["virtual_routers"]} if status else {}


def settled(daemon: OurDaemon, expected: dict[str, str]) -> None:
    wait_until(lambda: states(daemon) == expected, f"states {expected}")


def spacing(times: Sequence[int]) -> list[float]:
    return [(later - earlier) / NANOSECONDS for earlier, later in pairwise(times)]


def test_a_router_is_added_and_the_one_there_keeps_its_beat_and_its_addresses(lan: Lan) -> None:
    capture = lan.capture()
    host = lan.host("one", "192.0.2.11/24")
    daemon = OurDaemon(host, router(51))
    daemon.wait_for("MASTER")
    since = daemon.router()["since"]
    outcome = reload(daemon, router(52, SECOND), router(51))
    assert outcome == {
        "added": {"count": 1, "first": ["VR_52"]},
        "removed": {"count": 0, "first": []},
        "changed": {"count": 0, "first": []},
        "unchanged": 1,
        "needs_restart": [],
    }
    settled(daemon, {"VR_52": "MASTER", "VR_51": "MASTER"})
    assert held(host) == {FIRST, SECOND}
    wait_until(lambda: len([a for a in capture.adverts() if a.vrid == 52]) > 5, "adverts of the new router")
    assert daemon.router(1)["since"] == since
    times = [advert.at for advert in capture.adverts() if advert.vrid == 51]
    print("spacing:", [f"{gap:.4f}" for gap in spacing(times)])
    assert max(spacing(times)) < 1.5 * INTERVAL
    assert min(spacing(times)) > 0.5 * INTERVAL
    assert daemon.log().count("reloaded the configuration: 1 added, 0 removed, 0 changed, 1 unchanged") == 1
    assert daemon.stop() == 0
    assert held(host) == set()


def test_a_router_that_is_removed_resigns_and_its_address_goes(lan: Lan) -> None:
    capture = lan.capture()
    host = lan.host("one", "192.0.2.11/24")
    daemon = OurDaemon(host, router(51), router(52, SECOND))
    settled(daemon, {"VR_51": "MASTER", "VR_52": "MASTER"})
    outcome = reload(daemon, router(51))
    assert outcome["removed"] == {"count": 1, "first": ["VR_52"]}
    assert held(host) == {FIRST}
    assert states(daemon) == {"VR_51": "MASTER"}
    wait_until(lambda: any(a.vrid == 52 and a.priority == 0 for a in capture.adverts()), "the resignation")
    after = next(a.at for a in capture.adverts() if a.vrid == 52 and a.priority == 0)
    time.sleep(3 * INTERVAL)
    assert not [a for a in capture.adverts() if a.vrid == 52 and a.at > after]
    daemon.wait_for_log("VR_52 (ipv4): MASTER -> INITIALIZE: stopped")


def test_a_master_gets_another_priority_interval_and_other_addresses_without_an_election(lan: Lan) -> None:
    capture = lan.capture()
    host = lan.host("one", "192.0.2.11/24")
    daemon = OurDaemon(host, router(51, FIRST, SECOND))
    daemon.wait_for("MASTER")
    since = daemon.router()["since"]
    outcome = reload(daemon, router(51, SECOND, THIRD, priority=150, advert_interval=0.1, name="GW"))
    assert outcome["changed"] == {"count": 1, "first": ["GW"]}
    assert held(host) == {SECOND, THIRD}
    status = daemon.router()
    assert (status["name"], status["state"], status["since"]) == ("GW", "MASTER", since)
    assert (status["priority"]["configured"], status["advertisement_interval_seconds"]) == (150, 0.1)
    assert status["addresses"] == [SECOND, THIRD]
    wait_until(lambda: len([a for a in capture.adverts() if a.priority == 150]) > 6, "adverts")
    changed = [a for a in capture.adverts() if a.priority == 150]
    assert {tuple(map(str, a.addresses)) for a in changed} == {("192.0.2.101", "192.0.2.102")}
    assert max(spacing([a.at for a in changed][1:])) < 0.15
    assert not [a for a in capture.adverts() if a.priority == 0]


def test_an_address_moves_between_two_masters_and_two_are_exchanged(lan: Lan) -> None:
    host = lan.host("one", "192.0.2.11/24")
    daemon = OurDaemon(host, router(51, FIRST, SECOND), router(52, THIRD))
    settled(daemon, {"VR_51": "MASTER", "VR_52": "MASTER"})
    changes = host.directory / "changes.log"
    with changes.open("wb") as output:
        host.popen(["ip", "monitor", "address"], output=output)

    def listens() -> bool:
        host.ip("address replace 198.51.100.1/32 dev eth0")  # a change before it has begun to listen is not told
        return "198.51.100.1/32" in changes.read_text()

    wait_until(listens, "changes are watched")
    for of_one, of_other in ([[FIRST], [THIRD, SECOND]], [[THIRD, SECOND], [FIRST]], [[FIRST, THIRD], [SECOND]]):
        assert reload(daemon, router(51, *of_one), router(52, *of_other))["changed"]["count"] == 2
        time.sleep(0.3)  # longer than it takes to put back what is missing
        assert held(host) == {FIRST, SECOND, THIRD, "198.51.100.1/32"}
    assert "Deleted" not in changes.read_text()
    assert "by another program; restored" not in daemon.log()
    host.ip("address del 198.51.100.1/32 dev eth0")
    assert reload(daemon, router(52, SECOND, THIRD))["removed"]["count"] == 1  # 51, which had THIRD
    time.sleep(0.3)
    assert held(host) == {SECOND, THIRD}
    assert changes.read_text().count("Deleted") == 2
    assert reload(daemon, router(53, THIRD), router(52, SECOND))["added"]["count"] == 1
    settled(daemon, {"VR_53": "MASTER", "VR_52": "MASTER"})
    assert held(host) == {SECOND, THIRD}


def test_a_backup_with_the_higher_priority_takes_over_after_a_reload(lan: Lan) -> None:
    one, two = lan.host("one", "192.0.2.11/24"), lan.host("two", "192.0.2.12/24")
    first = OurDaemon(one, router(51, priority=100))
    first.wait_for("MASTER")
    second = OurDaemon(two, router(51, priority=90))
    second.wait_for("BACKUP")
    reload(second, router(51, priority=110))
    second.wait_for("MASTER")
    first.wait_for("BACKUP")
    assert (held(one), held(two)) == (set(), {FIRST})
    reload(second, router(51, priority=80))
    first.wait_for("MASTER")
    second.wait_for("BACKUP")


def test_routers_on_an_interface_that_comes_later_and_of_another_family(lan: Lan) -> None:
    host = lan.host("one", "192.0.2.11/24")
    daemon = OurDaemon(host, router(51))
    daemon.wait_for("MASTER")
    later = router(52, "198.51.100.100/24", interface_name="eth1")
    six = router(51, FIRST, "fe80::100/64")
    outcome = reload(daemon, six, later)
    assert (outcome["added"]["first"], outcome["changed"]["first"]) == (["VR_52"], ["VR_51"])
    for number, state, fault in ((0, "MASTER", None), (1, "MASTER", None), (2, "INITIALIZE", "interface_missing")):
        daemon.wait_for(state, fault, number)
    assert held(host) >= {FIRST, "fe80::100/64"}
    outcome = reload(daemon, router(51))
    assert (outcome["removed"]["first"], outcome["changed"]["first"]) == (["VR_52"], ["VR_51"])
    assert "fe80::100/64" not in held(host)
    assert daemon.router()["state"] == "MASTER"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"vrid": 300, "interface_name": "eth0", "ip_addresses": ["192.0.2.100/24"]}', "300 is out of range"),
        ("[", "line 1"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_used_leaves_everything_as_it_was(lan: Lan, text: str | None, said: str) -> None:
    host = lan.host("one", "192.0.2.11/24")
    daemon = OurDaemon(host, router(51))
    daemon.wait_for("MASTER")
    before = daemon.router()
    if text is None:
        daemon.config.unlink()
    else:
        daemon.config.write_text(text)
    code, document = ask(daemon.control, "/reload", "POST")
    assert code == 422
    assert said in document["error"]
    assert {**daemon.router(), "counters": None} == {**before, "counters": None}
    daemon.wait_for_log("the configuration was not reloaded, nothing was changed: ")
    # and the next good one is taken
    assert reload(daemon, router(51))["unchanged"] == 1


def test_a_router_that_another_process_runs_leaves_everything_as_it_was(lan: Lan) -> None:
    host = lan.host("one", "192.0.2.11/24")
    daemon = OurDaemon(host, router(51))
    other = OurDaemon(host, router(52, SECOND), label="other")
    settled(daemon, {"VR_51": "MASTER"})
    settled(other, {"VR_52": "MASTER"})
    write(daemon, router(51, priority=7), router(53, THIRD), router(52, "192.0.2.109/24"))
    code, document = ask(daemon.control, "/reload", "POST")
    assert code == 409
    assert f"process {other.pid}, already runs virtual router 52 (ipv4) on eth0" in document["error"]
    assert states(daemon) == {"VR_51": "MASTER"}
    assert daemon.router()["priority"]["configured"] == 100
    # What was claimed on the way was given back, and what is removed is given back.
    assert reload(other, router(53, THIRD))["added"]["first"] == ["VR_53"]
    assert reload(daemon, router(52, SECOND))["added"]["first"] == ["VR_52"]


def test_hup_reloads_and_status_and_log_say_so(lan: Lan) -> None:
    host = lan.host("one", "192.0.2.11/24")
    daemon = OurDaemon(host, router(51))
    daemon.wait_for("MASTER")
    write(daemon, router(51), router(52, SECOND))
    status = daemon.status()
    assert status is not None
    os.kill(status["daemon"]["pid"], signal.SIGHUP)
    settled(daemon, {"VR_51": "MASTER", "VR_52": "MASTER"})
    daemon.wait_for_log("reloaded the configuration: 1 added")


IN_A_TERMINAL = """
import os, pty, sys
process, terminal = pty.fork()
if not process:
    os.execv(sys.argv[1], sys.argv[1:])
while True:
    try:
        os.read(terminal, 4096)
    except OSError:
        break
os.waitpid(process, 0)
"""


def test_a_daemon_whose_terminal_is_closed_stops(lan: Lan) -> None:
    host = lan.host("one", "192.0.2.11/24")
    daemon = OurDaemon(host, router(51), prefix=(sys.executable, "-c", IN_A_TERMINAL))
    daemon.wait_for("MASTER")
    daemon.process.kill()  # which has the other end
    wait_until(lambda: held(host) == set() and not daemon.runtime.exists(), "it has stopped")


def test_reloads_that_are_asked_for_at_once_are_done_one_after_the_other(lan: Lan) -> None:
    host = lan.host("one", "192.0.2.11/24")
    daemon = OurDaemon(host, router(51))
    daemon.wait_for("MASTER")
    write(daemon, router(51), router(52, SECOND))
    command = [sys.executable, "-m", "failover", "reload", "--runtime-dir", str(daemon.runtime)]
    asking = [subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    answers = sorted(one.communicate(timeout=30)[0] for one in asking)
    assert {one.returncode for one in asking} == {0}
    assert sum(answer.startswith("added: VR_52\n") for answer in answers) == 1
    assert sum(answer == "nothing has changed: 2 virtual routers\n" for answer in answers) == 3


def test_an_agent_that_does_not_run_keeps_nobody_from_reloading(lan: Lan) -> None:
    host = lan.host("one", "192.0.2.11/24")
    daemon = OurDaemon(host, router(51))
    daemon.wait_for("MASTER")
    agent = daemon.agent()
    assert agent is not None
    os.kill(agent, signal.SIGSTOP)
    write(daemon, router(51), router(52, SECOND))
    daemon.signal(signal.SIGHUP)
    wait_until(lambda: held(host) == {FIRST, SECOND}, "both addresses")
    os.kill(agent, signal.SIGCONT)
    settled(daemon, {"VR_51": "MASTER", "VR_52": "MASTER"})


def test_a_reload_whose_client_has_gone_while_the_engine_was_stopped_is_not_made(lan: Lan) -> None:
    host = lan.host("one", "192.0.2.11/24")
    daemon = OurDaemon(host, router(51))
    daemon.wait_for("MASTER")
    daemon.signal(signal.SIGSTOP)
    write(daemon, router(51), router(52, SECOND))
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(daemon.control))
        client.sendall(b"POST /reload HTTP/1.0\r\nHost: x\r\n\r\n")
        time.sleep(0.5)
    daemon.signal(signal.SIGCONT)
    daemon.wait_for_log("not reloaded, nothing was changed: the client that asked for it has given up")
    assert states(daemon).keys() == {"VR_51"}
    assert "VR_52" not in daemon.log()
    assert ask(daemon.control, "/reload", "POST")[0] == 200
    settled(daemon, {"VR_51": "MASTER", "VR_52": "MASTER"})
    assert daemon.stop() == 0


def test_settings_of_the_daemon_wait_for_a_restart(lan: Lan) -> None:
    host = lan.host("one", "192.0.2.11/24")
    daemon = OurDaemon(host, router(51), settings={"realtime_priority": 0})
    daemon.wait_for("MASTER")
    document = {"virtual_routers": [router(51)], "daemon": {"realtime_priority": 7}}
    daemon.config.write_text(json.dumps(document))
    code, outcome = ask(daemon.control, "/reload", "POST")
    assert (code, outcome["needs_restart"]) == (200, ["realtime_priority"])
    daemon.wait_for_log("1 unchanged; needs a restart: realtime_priority")


def test_many_routers_come_and_go_while_others_keep_their_beat(lan: Lan) -> None:
    capture = lan.capture()
    host = lan.host("one", "192.0.2.11/24")
    steady = [router(vrid, f"192.0.2.{vrid}/32", advert_interval=0.02) for vrid in (51, 52)]
    many = [router(vrid, f"198.51.100.{vrid}/32", advert_interval=0.1) for vrid in range(60, 200)]
    daemon = OurDaemon(host, *steady)
    settled(daemon, {"VR_51": "MASTER", "VR_52": "MASTER"})
    since = time.time_ns()
    for routers in ([*steady, *many], steady, [*many, *steady]):
        reload(daemon, *routers)
        settled(daemon, {f"VR_{one['vrid']}": "MASTER" for one in routers})
    assert len(held(host)) == 142
    for vrid in (51, 52):
        gaps = spacing([a.at for a in capture.adverts(vrid=vrid, since=since)])
        print(f"{vrid}: {len(gaps)} gaps, {min(gaps):.4f} to {max(gaps):.4f}")
        assert max(gaps) < 0.06  # the peers' master down interval is as long
    assert daemon.stop() == 0
    assert held(host) == set()
