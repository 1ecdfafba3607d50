"""A daemon that did not run for a while: it listens before it believes that it is still what it was."""

import signal
import time
from typing import Any

import pytest

from failover.lab.judge import who_has
from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from tests.engine import daemons
from tests.engine.daemons import OurDaemon
from tests.engine.test_addresses import VIRTUAL_4
from tests.engine.watching import Addresses

pytestmark = pytest.mark.root

INTERVAL = 0.1
"""Seconds: two routers, each of which a busy machine may delay."""
PAUSE = 8 * INTERVAL
"""Seconds; the master-down interval is less than 4."""


def router(advert_interval: float = INTERVAL, **settings: Any) -> dict[str, Any]:
    return daemons.router(advert_interval=advert_interval, **settings)


@pytest.fixture
def hosts(lan: Lan) -> tuple[Host, Host, Host]:
    return lan.host("one", "192.0.2.11/24"), lan.host("two", "192.0.2.12/24"), lan.host("judge", "192.0.2.3/24")


def test_a_master_that_was_stopped_withdraws_before_it_does_anything_else(
    lan: Lan, hosts: tuple[Host, Host, Host]
) -> None:
    capture = lan.capture()
    one, two, judge = hosts
    master = OurDaemon(one, router(priority=200, preempt_mode=False))
    master.wait_for("MASTER")
    backup = OurDaemon(two, router())
    backup.wait_for("BACKUP")
    master.signal(signal.SIGSTOP)
    backup.wait_for("MASTER")
    time.sleep(PAUSE)
    assert who_has(judge, "192.0.2.100") == {one.mac, two.mac}, "the kernel of the stopped one still answers"
    with Addresses(one) as addresses:
        resumed = time.time_ns()
        master.signal(signal.SIGCONT)
        took = addresses.wait(lambda there: VIRTUAL_4 not in there)
    print(f"withdrawn {took * 1000:.2f} ms after it ran again")
    for _ in range(5):
        assert who_has(judge, "192.0.2.100", 0.05) == {two.mac}
    master.wait_for("BACKUP")
    assert not capture.adverts(host="one", since=resumed)
    assert "MASTER -> BACKUP: the daemon did not run for " in master.log()
    assert backup.router()["counters"]["transitions_to_master"] == 1


def test_a_master_that_was_stopped_and_finds_nobody_is_elected_again(lan: Lan, hosts: tuple[Host, Host, Host]) -> None:
    capture = lan.capture()
    master = OurDaemon(hosts[0], router())
    master.wait_for("MASTER")
    master.signal(signal.SIGSTOP)
    time.sleep(PAUSE)
    resumed = time.time_ns()
    master.signal(signal.SIGCONT)
    wait_until(lambda: capture.adverts(since=resumed), "it is MASTER again")
    assert (capture.adverts(since=resumed)[0].at - resumed) / 1e9 > 3 * INTERVAL, "it listened first"
    master.wait_for_log("MASTER -> BACKUP: the daemon did not run for ")
    master.wait_for_log("BACKUP -> MASTER", count=2)


def test_a_short_stop_changes_nothing(lan: Lan, hosts: tuple[Host, Host, Host]) -> None:
    master = OurDaemon(hosts[0], router(advert_interval=0.5))
    master.wait_for("MASTER")
    master.signal(signal.SIGSTOP)
    time.sleep(0.6)
    master.signal(signal.SIGCONT)
    sent = master.router()["counters"]["advertisements_sent"]
    wait_until(lambda: master.router()["counters"]["advertisements_sent"] > sent + 1, "it goes on")
    assert master.router()["counters"]["transitions_to_master"] == 1


def test_a_backup_that_was_stopped_hears_the_master_that_was_there_all_the_time(
    lan: Lan, hosts: tuple[Host, Host, Host]
) -> None:
    capture = lan.capture()
    one, two, _ = hosts
    master = OurDaemon(one, router(priority=200))
    master.wait_for("MASTER")
    backup = OurDaemon(two, router())
    backup.wait_for("BACKUP")
    for _ in range(2):
        backup.signal(signal.SIGSTOP)
        time.sleep(PAUSE)
        heard = backup.router()["counters"]["advertisements_received"]
        backup.signal(signal.SIGCONT)
        wait_until(lambda heard=heard: backup.router()["counters"]["advertisements_received"] > heard + 15, "it hears")  # type: ignore[misc]
    assert not capture.adverts(host="two")
    assert backup.router()["counters"]["transitions_to_master"] == 0
    assert backup.router()["state"] == "BACKUP"


def test_a_backup_that_was_stopped_while_the_master_died_listens_once_more(
    lan: Lan, hosts: tuple[Host, Host, Host]
) -> None:
    capture = lan.capture()
    one, two, _ = hosts
    master = OurDaemon(one, router(priority=200))
    master.wait_for("MASTER")
    backup = OurDaemon(two, router())
    backup.wait_for("BACKUP")
    # Its socket is empty when it is stopped: what waits there would count as heard just now.
    one.kill()
    backup.signal(signal.SIGSTOP)
    time.sleep(PAUSE)
    resumed = time.time_ns()
    backup.signal(signal.SIGCONT)
    wait_until(lambda: capture.adverts(host="two"), "it takes over")
    assert (capture.adverts(host="two")[0].at - resumed) / 1e9 > 3 * INTERVAL
    backup.wait_for_log("still BACKUP: the daemon did not run for ")
    backup.wait_for("MASTER")
