"""A BACKUP whose MASTER only repeats itself sleeps; whatever is new wakes it up at once."""

from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from time import monotonic, sleep, time_ns

import pytest

from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from failover.lab.router import RouterSpec
from failover.vrrp import ChecksumForm, Family, seconds
from tests.engine.daemons import OurDaemon, router
from tests.engine.flooding import flooding
from tests.engine.garbage import V3, plain
from tests.lab.keepalived import Keepalived

pytestmark = pytest.mark.root

INTERVAL = 0.2
"""Seconds: also a busy machine finds the time to advertise three times in a master-down interval."""
SLEEPY = 0.7
"""Wake-ups for each advertisement, beyond which nobody can be said to sleep through them; three share one."""
MASTER = ip_address("192.0.2.11")
REPEATED = replace(V3, priority=200, interval=seconds(INTERVAL))
"""What the MASTER of a pair says, in one of the two forms."""
ADDRESSES = {Family.IPV4: "192.0.2.100/24", Family.IPV6: "fe80::54:1/64"}


@dataclass
class Pair:
    master: OurDaemon
    backup: OurDaemon

    def received(self) -> int:
        return int(self.backup.router()["counters"]["advertisements_received"])


def woken(daemon: OurDaemon) -> int:
    """How often the engine went to sleep."""
    status = Path(f"/proc/{daemon.pid}/status").read_text()
    return int(status.partition("voluntary_ctxt_switches:")[2].split()[0])


def wake_ups_for_each(daemon: OurDaemon, advertisements: int) -> float:
    before = woken(daemon)
    sleep(advertisements * INTERVAL)
    return (woken(daemon) - before) / advertisements


def wait_until_asleep(daemon: OurDaemon) -> None:
    wait_until(lambda: wake_ups_for_each(daemon, 6) < SLEEPY, "it sleeps through what is known")


@pytest.fixture
def hosts(lan: Lan) -> tuple[Host, Host, Host]:
    return lan.host("one", "192.0.2.11/24"), lan.host("two", "192.0.2.12/24"), lan.host("three", "192.0.2.13/24")


def pair(hosts: tuple[Host, Host, Host], family: Family = Family.IPV4) -> Pair:
    master, backup = (
        router(51, ADDRESSES[family], advert_interval=INTERVAL, priority=priority) for priority in (200, 100)
    )
    first = OurDaemon(hosts[0], master)
    first.wait_for("MASTER")  # on a busy machine the other could otherwise be MASTER before it, and count that
    made = Pair(first, OurDaemon(hosts[1], backup))
    made.backup.wait_for("BACKUP")
    wait_until_asleep(made.backup)
    return made


@pytest.mark.parametrize("family", list(Family))
def test_it_sleeps_and_still_knows_what_it_heard(hosts: tuple[Host, Host, Host], family: Family) -> None:
    both = pair(hosts, family)
    began, before = monotonic(), both.received()
    wait_until(lambda: both.received() >= before + 20, "it counts what it reads")
    assert (monotonic() - began) / INTERVAL > 18, "not more than there were"


def test_it_sleeps_beside_keepalived(hosts: tuple[Host, Host, Host]) -> None:
    keepalived = Keepalived(
        hosts[0], RouterSpec(addresses=("192.0.2.100/24",), vrid=51, interval=INTERVAL, priority=200)
    )
    keepalived.start()
    ours = OurDaemon(hosts[1], router(advert_interval=INTERVAL))
    ours.wait_for("BACKUP")
    wait_until_asleep(ours)
    keepalived.kill()
    ours.wait_for("MASTER")


def test_a_resignation_wakes_it(lan: Lan, hosts: tuple[Host, Host, Host]) -> None:
    capture = lan.capture()
    both = pair(hosts)
    assert both.master.stop() == 0
    both.backup.wait_for("MASTER")
    wait_until(lambda: capture.adverts(host="two"), "it advertises")
    resigned = next(advert.at for advert in capture.adverts(host="one") if advert.priority == 0)
    took = (capture.adverts(host="two")[0].at - resigned) / 1e9
    print(f"{took * 1000:.2f} ms after the resignation")
    assert took < 2 * INTERVAL, "its skew time, and not what is left of the master-down interval"


def test_a_master_that_returns_as_it_was_is_heard_at_once(lan: Lan, hosts: tuple[Host, Host, Host]) -> None:
    """What it overlooked as BACKUP matters to a MASTER."""
    capture = lan.capture()
    both = pair(hosts)
    both.master.kill()
    both.backup.wait_for("MASTER")
    since = time_ns()
    returned = OurDaemon(hosts[0], router(51, advert_interval=INTERVAL, priority=200), label="again")
    returned.wait_for("MASTER")
    both.backup.wait_for("BACKUP")
    first = capture.adverts(host="one", since=since)[0].at
    late = [advert for advert in capture.adverts(host="two") if advert.at > first + seconds(INTERVAL)]
    assert late == []


def test_copies_of_what_it_knows_do_not_deafen_it(hosts: tuple[Host, Host, Host]) -> None:
    """A storm of the MASTER's own advertisements, and of forgeries that look like them at a glance."""
    both = pair(hosts)
    copies = [plain(replace(REPEATED, checksum=form), MASTER) for form in ChecksumForm]
    forgeries = [copy[:-1] + bytes((copy[-1] ^ 1,)) for copy in copies]
    for packet in (*copies, *forgeries):
        with flooding(hosts[2]) as flood:
            flood.send(packet, 50_000, 1.2)
        status = both.backup.router()
        assert status["state"] == "BACKUP"
        assert status["counters"]["transitions_to_master"] == 0
        wait_until_asleep(both.backup)
    both.master.kill()
    both.backup.wait_for("MASTER")
