"""What another host is heard to do wrong: the status says it as long as it lasts, with who and since when."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from tests.engine.daemons import ENVIRONMENT, OurDaemon, router
from tests.engine.flooding import flooding
from tests.engine.garbage import PEER, V3, plain, with_hop_limit
from tests.engine.test_reload import reload

pytestmark = pytest.mark.root

DEAF = (
    "add table inet t; add chain inet t i { type filter hook input priority 0; }; "
    "add rule inet t i meta l4proto 112 drop"
)
VIRTUAL = "192.0.2.100/24"
OTHER = "192.0.2.101/24"


def problems(daemon: OurDaemon, number: int = 0) -> dict[str, dict[str, Any]]:
    """By what they are."""
    return {problem["what"]: problem for problem in daemon.router(number).get("problems", [])}


def there(daemon: OurDaemon, what: str) -> bool:
    return what in problems(daemon)


def health(daemon: OurDaemon) -> tuple[int, str]:
    """Exit status and line of `failover health`."""
    command = [sys.executable, "-m", "failover", "health", "--runtime-dir", str(daemon.runtime)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.fixture
def hosts(lan: Lan) -> tuple[Host, Host]:
    return lan.host("one", "192.0.2.11/24"), lan.host("two", "192.0.2.12/24")


VERSION_2 = {"version": 2, "advert_interval": 1}
CASES = [
    pytest.param({}, {"version": 2, "advert_interval": 1}, "version", "version", "critical", id="another version"),
    pytest.param(
        VERSION_2, {**VERSION_2, "advert_interval": 2}, "interval", "interval", "critical", id="intervals of version 2"
    ),
    pytest.param({}, {"advert_interval": 0.1}, None, "interval_mismatch", "warning", id="intervals of version 3"),
    pytest.param({}, {"ip_addresses": [OTHER]}, None, "address_list_mismatch", "critical", id="a VRID that is taken"),
    pytest.param({}, {"ip_addresses": [VIRTUAL, OTHER]}, None, "address_list_mismatch", "warning", id="another list"),
]


@pytest.mark.parametrize(("ours", "theirs", "seen_by_them", "seen", "severity"), CASES)
def test_what_does_not_fit_is_a_problem_until_it_fits(
    hosts: tuple[Host, Host],
    ours: dict[str, Any],
    theirs: dict[str, Any],
    seen_by_them: str | None,
    seen: str,
    severity: str,
) -> None:
    here = OurDaemon(hosts[0], router(51, VIRTUAL, **ours))
    other = OurDaemon(hosts[1], router(51, VIRTUAL, **{"priority": 200, **theirs}))
    before = datetime.now(UTC) - timedelta(seconds=10)
    wait_until(partial(there, here, seen), seen, 30)
    problem = problems(here)[seen]
    assert (problem["source"], problem["severity"]) == ("192.0.2.12", severity)
    assert "192.0.2.12" in problem["text"]
    assert before < datetime.fromisoformat(problem["since"]) <= datetime.fromisoformat(problem["last_heard"])
    if seen_by_them:
        wait_until(partial(there, other, seen_by_them), seen_by_them, 30)
    since = problem["since"]
    wait_until(lambda: problems(here)[seen]["count"] > problem["count"], "it goes on")
    assert problems(here)[seen]["since"] == since
    code, said = health(here)
    assert code == (2 if severity == "critical" else 1)
    assert problem["text"] in said
    other.config.write_text(json.dumps([router(51, VIRTUAL, priority=200, **ours)]))
    assert other.stop() == 0
    other = OurDaemon(hosts[1], router(51, VIRTUAL, priority=200, **ours))
    wait_until(lambda: not problems(here), "it fits", 20)
    here.wait_for("BACKUP")
    assert here.router()["master_priority"] == 200


def test_two_masters_are_a_problem_where_the_other_one_is_heard(hosts: tuple[Host, Host]) -> None:
    hosts[0].run(["nft", DEAF])
    deaf = OurDaemon(hosts[0], router(51, VIRTUAL))
    hearing = OurDaemon(hosts[1], router(51, VIRTUAL, priority=200))
    for daemon in (deaf, hearing):
        daemon.wait_for("MASTER")
    wait_until(partial(there, hearing, "rival_master"), "two MASTERs")
    problem = problems(hearing)["rival_master"]
    assert (problem["source"], problem["severity"]) == ("192.0.2.11", "critical")
    hosts[0].run(["nft", "delete table inet t"])
    deaf.wait_for("BACKUP")
    wait_until(lambda: not problems(hearing), "one MASTER", 20)
    change = deaf.router()["last_change"]
    assert (change["previous"], change["cause"]) == ("MASTER", "better_priority")
    assert change["text"] == "192.0.2.12 had the higher priority (200)"


def test_the_same_priority_is_a_problem_to_the_backup(hosts: tuple[Host, Host]) -> None:
    OurDaemon(hosts[0], router(51, VIRTUAL)).wait_for("MASTER")
    here = OurDaemon(hosts[1], router(51, VIRTUAL))
    wait_until(partial(there, here, "equal_priority"), "the same priority")
    problem = problems(here)["equal_priority"]
    assert (problem["source"], problem["severity"]) == ("192.0.2.11", "warning")
    assert health(here)[0] == 1


def test_two_owners_are_one_where_one_has_given_in(hosts: tuple[Host, Host]) -> None:
    here = OurDaemon(hosts[0], router(51, VIRTUAL, priority=255))
    here.wait_for("MASTER")
    OurDaemon(hosts[1], router(51, VIRTUAL, priority=255)).wait_for("MASTER")
    here.wait_for("BACKUP")
    wait_until(partial(there, here, "several_owners"), "two owners")
    assert problems(here)["several_owners"]["severity"] == "critical"
    assert health(here)[0] == 2


def test_a_reload_that_mends_it_ends_it_at_once(hosts: tuple[Host, Host]) -> None:
    here = OurDaemon(hosts[0], router(51, VIRTUAL, advert_interval=5))
    OurDaemon(hosts[1], router(51, VIRTUAL, advert_interval=1, priority=200)).wait_for("MASTER")
    wait_until(partial(there, here, "interval_mismatch"), "interval_mismatch", 30)
    reload(here, router(51, VIRTUAL, advert_interval=1))
    assert problems(here) == {}
    assert health(here)[0] == 0


DAMAGED = [
    pytest.param(with_hop_limit(plain(V3, PEER), 64), "hop_limit", "warning", id="through a router"),
    pytest.param(plain(V3, PEER)[:-1] + b"\0", "checksum", "warning", id="damaged"),
]


@pytest.mark.parametrize(("datagram", "what", "severity"), DAMAGED)
def test_what_is_no_advertisement_is_a_problem(
    hosts: tuple[Host, Host], datagram: bytes, what: str, severity: str
) -> None:
    here = OurDaemon(hosts[0], router(51, VIRTUAL, advert_interval=1))
    here.wait_for("MASTER")
    with flooding(hosts[1]) as flood:
        flood.send(datagram, 5, 1)
    assert (problems(here)[what]["severity"], problems(here)[what]["source"]) == (severity, "192.0.2.12")
    assert health(here)[0] == 1
    wait_until(lambda: not problems(here), "it is over", 20)


@pytest.mark.timeout(200)
@pytest.mark.parametrize(("own", "virtual"), [("192.0.2", VIRTUAL), ("fe80::", "fe80::51:1/64")], ids=["ipv4", "ipv6"])
def test_a_master_that_hears_nothing_says_that_its_host_drops_what_another_one_sends(
    hosts: tuple[Host, Host], own: str, virtual: str
) -> None:
    hosts[0].run(["nft", DEAF])
    deaf = OurDaemon(hosts[0], router(51, virtual), router(52, OTHER))
    hearing = OurDaemon(hosts[1], router(51, virtual, priority=200))
    for daemon in (deaf, hearing):
        daemon.wait_for("MASTER")
    wait_until(partial(there, deaf, "unheard_master"), "it is told", 75)
    problem = problems(deaf)["unheard_master"]
    assert problem["severity"] == "critical"
    assert problem["source"].startswith(own)
    assert problem["text"] == (
        f"{problem['source']} advertises with priority 200 as well, and this host does not hear it: most likely a"
        " firewall on this host drops VRRP (IP protocol 112)"
    )
    deaf.wait_for_log(problem["text"])
    assert not there(hearing, "unheard_master"), "it hears the other one"
    assert problems(deaf, 1) == {}, "nobody else runs the second one"
    assert hearing.stop() == 0
    wait_until(lambda: not there(deaf, "unheard_master"), "it is over", 75)
    deaf.wait_for_log(f"{problem['source']} is heard again, or no longer advertises")


def test_a_handover_is_none(hosts: tuple[Host, Host]) -> None:
    worse = OurDaemon(hosts[0], router(51, VIRTUAL))
    worse.wait_for("MASTER")
    better = OurDaemon(hosts[1], router(51, VIRTUAL, priority=200))
    better.wait_for("MASTER")
    worse.wait_for("BACKUP")
    assert problems(worse) == problems(better) == {}
    assert better.router()["last_change"]["cause"] == "preempted"
    assert (worse.router()["master"], worse.router()["master_priority"]) == ("192.0.2.12", 200)


def test_a_learned_form_of_checksum_is_told_and_one_that_does_not_fit(hosts: tuple[Host, Host]) -> None:
    other = OurDaemon(hosts[1], router(51, VIRTUAL, priority=200, checksum="pseudo_header"))
    other.wait_for("MASTER")
    here = OurDaemon(hosts[0], router(51, VIRTUAL))
    here.wait_for("BACKUP")
    wait_until(lambda: here.router()["checksum"]["is_learned"], "it is learned")
    assert here.router()["checksum"] == {"sent": "pseudo_header", "is_learned": True, "master": "pseudo_header"}
    assert other.router()["checksum"] == {"sent": "pseudo_header", "is_learned": False, "master": None}
    assert here.stop() == 0
    here = OurDaemon(hosts[0], router(51, VIRTUAL, checksum="rfc9568"))
    here.wait_for("BACKUP")
    wait_until(lambda: here.router()["checksum"]["master"], "the MASTER is heard")
    assert here.router()["checksum"] == {"sent": "rfc9568", "is_learned": False, "master": "pseudo_header"}
