"""Whatever happens to the agent, the advertisements keep their beat; and what the agent must not have, it has not."""

import os
import signal
import socket
import time
from contextlib import ExitStack, suppress
from itertools import pairwise
from pathlib import Path

import pytest

from failover.lab.network.capture import Capture
from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from tests.engine.daemons import INTERVAL, OurDaemon, router
from tests.engine.test_addresses import VIRTUAL_4
from tests.engine.watching import Addresses

pytestmark = pytest.mark.root

LATE = 4 * INTERVAL
"""Seconds that an advert may be late on a busy machine; an engine that waited for its agent would be later by far."""


def largest_gap(capture: Capture, since: int) -> float:
    """Seconds between two adverts, at most."""
    times = [advert.at for advert in capture.adverts(since=since)]
    assert len(times) > 5
    return max(later - earlier for earlier, later in pairwise(times)) / 1e9


def dead(pid: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True


def sockets(pid: int) -> set[str]:
    """The sockets that a process has, by inode."""
    names = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            names.add(str(entry.readlink()))
    return {name for name in names if name.startswith("socket:")}


def kill_agent(daemon: OurDaemon) -> int:
    """SIGKILL to the agent; the process number of the next one."""
    before = daemon.agent()
    assert before is not None
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: daemon.agent() not in (None, before), "another agent")
    after = daemon.agent()
    assert after is not None
    return after


def test_the_next_agent_logs_how_the_one_before_ended(host: Host) -> None:
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    kill_agent(daemon)
    daemon.wait_for_log("died (SIGKILL)")


def test_an_agent_that_is_killed_is_replaced_and_costs_no_advert(lan: Lan, host: Host) -> None:
    capture = lan.capture()
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    since = time.time_ns()
    wait_until(lambda: len(capture.adverts(since=since)) > 20, "adverts")
    before = largest_gap(capture, since)
    since = time.time_ns()
    agent = kill_agent(daemon)
    daemon.wait_for("MASTER")
    wait_until(lambda: len(capture.adverts(since=since)) > 20, "adverts")
    during = largest_gap(capture, since)
    print(f"largest gap: {before:.4f} s before, {during:.4f} s while the agent was killed and started")
    assert during < INTERVAL + LATE
    assert daemon.router()["counters"]["transitions_to_master"] == 1
    assert daemon.stop() == 0
    assert dead(agent)


def test_an_agent_that_keeps_dying_is_started_less_and_less_often(lan: Lan, host: Host) -> None:
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    took = []
    for _ in range(3):
        began = time.monotonic()
        kill_agent(daemon)
        took.append(time.monotonic() - began)
    print("started again after", [f"{seconds:.3f} s" for seconds in took])
    assert all(seconds >= least for seconds, least in zip(took, (0.1, 0.2, 0.4), strict=True))


def test_what_happens_while_no_agent_runs_is_told_to_the_next(lan: Lan, host: Host) -> None:
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    kill_agent(daemon)  # the next one comes after 0.2 s
    agent = daemon.agent()
    assert agent is not None
    os.kill(agent, signal.SIGKILL)
    wait_until(lambda: daemon.agent() is None, "no agent runs")
    with Addresses(host) as addresses:
        addresses.remove(VIRTUAL_4)
    daemon.wait_for_log("by another program; restored")
    assert daemon.log().count("by another program; restored") == 1


def test_an_agent_that_hangs_costs_no_advert_and_hears_everything_later(lan: Lan, host: Host) -> None:
    capture = lan.capture()
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    agent = daemon.agent()
    assert agent is not None
    since = time.time_ns()
    wait_until(lambda: len(capture.adverts(since=since)) > 20, "adverts")
    before = largest_gap(capture, since)
    os.kill(agent, signal.SIGSTOP)
    since = time.time_ns()
    time.sleep(1)
    with Addresses(host) as addresses:
        addresses.remove(VIRTUAL_4)
        addresses.wait(lambda there: VIRTUAL_4 in there)
    time.sleep(1)
    during = largest_gap(capture, since)
    print(f"largest gap: {before:.4f} s before, {during:.4f} s while the agent was stopped")
    assert during < INTERVAL + LATE
    assert "by another program; restored" not in daemon.log()
    os.kill(agent, signal.SIGCONT)
    daemon.wait_for_log("by another program; restored")
    assert daemon.router()["state"] == "MASTER"
    assert daemon.agent() == agent


def test_a_hanging_agent_does_not_keep_the_daemon_from_stopping(lan: Lan, host: Host) -> None:
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    agent = daemon.agent()
    assert agent is not None
    os.kill(agent, signal.SIGSTOP)
    began = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - began < 2
    assert dead(agent)
    assert not {str(address) for address in host.held()} & {"192.0.2.100/24"}


def test_an_agent_ends_by_itself_when_the_engine_is_killed(lan: Lan, host: Host) -> None:
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    agent = daemon.agent()
    assert agent is not None
    daemon.kill()
    wait_until(lambda: dead(agent), "the agent has ended", 5)


def test_signals_for_the_whole_group_leave_the_agent_to_tell_the_end(lan: Lan, host: Host) -> None:
    """Ctrl-C, and a service manager that signals every process."""
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    agent = daemon.agent()
    assert agent is not None
    os.kill(agent, signal.SIGTERM)
    os.kill(agent, signal.SIGINT)
    os.kill(agent, signal.SIGHUP)
    assert daemon.stop() == 0
    assert daemon.log().splitlines()[-1].endswith("MASTER -> INITIALIZE: stopped")


def test_the_agent_has_no_capability_and_none_of_the_engines_sockets(lan: Lan, host: Host) -> None:
    daemon = OurDaemon(host, router(51, "192.0.2.100/24", "fe80::51:1/64"))
    daemon.wait_for("MASTER")
    agent = daemon.agent()
    assert agent is not None
    status = Path(f"/proc/{agent}/status").read_text().splitlines()
    sets = {line.split(":")[0]: int(line.split()[1], 16) for line in status if line.startswith("Cap")}
    assert set(sets.values()) == {0}
    with host.enter():
        listening = [line.split()[6] for line in Path("/proc/net/unix").read_text().splitlines() if "control" in line]
    shared = sockets(agent) & sockets(daemon.pid)
    assert shared == {f"socket:[{inode}]" for inode in set(listening)}
    assert len(sockets(daemon.pid)) > 6, "the engine has raw sockets, netlink and the channel"


@pytest.mark.parametrize("count", [4, 5, 6, 7])
def test_descriptors_that_the_daemon_inherited_do_not_confuse_the_agent(lan: Lan, host: Host, count: int) -> None:
    """Whatever numbers channel and control socket have in the engine, the agent finds them where it looks."""
    opened = " ".join(f"{number}</dev/null" for number in range(3, 3 + count))
    daemon = OurDaemon(host, router(), prefix=("sh", "-c", f'exec {opened}; exec "$@"', "sh"))
    daemon.wait_for("MASTER")
    assert daemon.stop() == 0


@pytest.mark.parametrize("limit", [256, 48])
def test_idle_clients_by_the_hundred_and_few_descriptors_keep_nobody_from_the_status(
    lan: Lan, host: Host, limit: int
) -> None:
    daemon = OurDaemon(host, router(), prefix=["prlimit", f"--nofile={limit}:{limit}"])
    daemon.wait_for("MASTER")
    agent = daemon.agent()
    with ExitStack() as stack:
        for _ in range(500):
            idle = stack.enter_context(socket.socket(socket.AF_UNIX))
            idle.connect(str(daemon.control))  # waits for its turn in the backlog
        wait_until(daemon.status, "the status", 30)
        assert daemon.router()["state"] == "MASTER"
    daemon.wait_for("MASTER")
    assert daemon.agent() == agent
    assert daemon.stop() == 0
    lines = daemon.log().splitlines()
    assert len(lines) < 10, lines
    assert "Traceback" not in daemon.log()


def test_the_memory_of_the_engine(lan: Lan, host: Host) -> None:
    daemon = OurDaemon(host, router(51, "192.0.2.100/24", "fe80::51:1/64"))
    daemon.wait_for("MASTER")
    lines = Path(f"/proc/{daemon.pid}/smaps_rollup").read_text().splitlines()
    memory = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines[1:]}
    print(f"engine: PSS {memory['Pss']:.1f} MB, RSS {memory['Rss']:.1f} MB, private {memory['Private_Dirty']:.1f} MB")
    assert memory["Pss"] < 25


def test_the_agent_does_without_openssl(lan: Lan, host: Host) -> None:
    """It takes 4 MB, and asyncio would load it for a process that speaks over Unix sockets alone."""
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    assert daemon.router()["state"] == "MASTER"
    loaded = Path(f"/proc/{daemon.agent()}/maps").read_text()
    assert "msgspec" in loaded
    assert "libssl" not in loaded
    assert "libcrypto" not in loaded
