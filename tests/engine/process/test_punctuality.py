"""A daemon that is punctual as far as it may be; its agent, which is ordinary; and the words for what is missing."""

import errno
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from failover.config import DaemonSettings
from failover.engine.process.punctuality import Punctuality
from failover.lab.network.lan import Host
from failover.lab.network.waiting import wait_until
from failover.linux.process import capabilities, realtime
from tests.engine.daemons import OurDaemon, router


class Kernel:
    """Grants everything, remembers it, and refuses what a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cpus = frozenset({0, 1})
        self.slack = 50_000
        self.slice = 3_000_000
        self.limit = -1
        self.priority = 0
        self.refusals: dict[str, int] = {}
        self.capabilities = set(capabilities.OPTIONAL.values())
        for name, ask in (
            ("set_affinity", self.set_affinity),
            ("set_timer_slack", self.set_timer_slack),
            ("set_time_slice", self.set_time_slice),
            ("limit_running", self.limit_running),
            ("schedule", self.schedule),
            ("lock_memory", lambda: None),
        ):
            monkeypatch.setattr(realtime, name, self.granting(name, ask))
        monkeypatch.setattr(realtime, "affinity", lambda: self.cpus)
        monkeypatch.setattr(realtime, "timer_slack", lambda: self.slack)
        monkeypatch.setattr(realtime, "time_slice", lambda: self.slice)
        monkeypatch.setattr(realtime, "running_limit", lambda: self.limit)
        monkeypatch.setattr(realtime, "schedule_ordinarily", lambda: self.schedule(0))
        monkeypatch.setattr(capabilities, "has", self.capabilities.__contains__)

    def granting(self, name: str, ask: Callable[..., None]) -> Callable[..., None]:
        def asked(*given: object) -> None:
            if number := self.refusals.get(name):
                raise OSError(number, os.strerror(number))
            ask(*given)

        return asked

    def set_affinity(self, cpus: frozenset[int]) -> None:
        self.cpus = frozenset(cpus) & {0, 1}

    def set_timer_slack(self, nanoseconds: int) -> None:
        self.slack = nanoseconds

    def set_time_slice(self, nanoseconds: int) -> None:
        self.slice = nanoseconds

    def limit_running(self, microseconds: int) -> None:
        self.limit = microseconds

    def schedule(self, priority: int) -> None:
        self.priority = priority


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    return Kernel(monkeypatch)


def entered(**settings: object) -> Punctuality:
    made = Punctuality(DaemonSettings(**settings))  # type: ignore[arg-type]
    made.enter()
    return made


def test_all_that_is_granted_is_in_force_without_a_word(kernel: Kernel) -> None:
    made = entered(cpu_affinity=[1])
    assert made.warnings == []
    assert (kernel.priority, kernel.slack, kernel.cpus) == (49, 1, frozenset({1}))
    assert made.status().memory_locked
    assert made.status().time_slice_ns == 100_000
    assert made.status().cpu_affinity == [1]


def test_what_is_switched_off_is_not_asked_for(kernel: Kernel) -> None:
    kernel.refusals = dict.fromkeys(("schedule", "lock_memory", "set_affinity", "limit_running"), errno.EPERM)
    made = entered(realtime_priority=0, lock_memory=False)
    assert made.warnings == []
    assert not made.status().memory_locked
    assert made.status().cpu_affinity is None


@pytest.mark.parametrize(
    ("refused", "number", "capability", "warning"),
    [
        ("schedule", errno.EPERM, "CAP_SYS_NICE", "no real-time scheduling: needs CAP_SYS_NICE"),
        ("schedule", errno.EPERM, None, "no real-time scheduling: Operation not permitted"),
        ("lock_memory", errno.EPERM, "CAP_IPC_LOCK", "memory is not locked: needs CAP_IPC_LOCK"),
        ("lock_memory", errno.ENOMEM, None, "memory is not locked: Cannot allocate memory"),
        ("set_affinity", errno.EINVAL, None, "CPU affinity is not set: Invalid argument"),
        ("set_timer_slack", errno.EPERM, None, "timers are not exact: Operation not permitted"),
        ("set_time_slice", errno.ENOSYS, None, "no short time slices: Function not implemented"),
    ],
)
def test_each_refusal_is_one_warning_and_the_rest_is_in_force(
    kernel: Kernel, refused: str, number: int, capability: str | None, warning: str
) -> None:
    kernel.refusals = {refused: number}
    if capability:
        kernel.capabilities.remove(capabilities.OPTIONAL[capability])
    made = entered(cpu_affinity=[0])
    assert made.warnings == [warning]
    assert made.status().memory_locked is (refused != "lock_memory")
    assert (kernel.priority == 49) is (refused != "schedule")


def test_a_cpu_that_is_not_there_beside_one_that_is_gets_a_warning(kernel: Kernel) -> None:
    assert entered(cpu_affinity=[1, 7]).warnings == ["CPU affinity is not as configured: this host has no CPU 7"]
    assert kernel.cpus == {1}


def test_another_program_is_started_with_what_there_was_before(kernel: Kernel) -> None:
    made = entered(cpu_affinity=[1])
    with made.aside():
        assert (kernel.cpus, kernel.limit) == (frozenset({0, 1}), -1)
    assert (kernel.cpus, kernel.limit) == (frozenset({1}), 5_000_000)


def test_a_cpu_that_is_taken_away_meanwhile_keeps_no_program_from_starting(kernel: Kernel) -> None:
    made = entered(cpu_affinity=[1])
    with made.aside():
        kernel.refusals = {"set_affinity": errno.EINVAL}
    assert kernel.limit == 5_000_000


def test_beats_are_met_awake_by_a_real_time_process_that_has_the_time(kernel: Kernel) -> None:
    assert entered().beat_lead(8) == 150_000
    assert entered().beat_lead(9) == 0
    assert entered(realtime_priority=0).beat_lead(1) == 0
    kernel.refusals = {"schedule": errno.EPERM}
    assert entered().beat_lead(1) == 0


def test_who_never_sleeps_gives_up_its_priority_and_says_so(kernel: Kernel) -> None:
    made = entered()
    for _ in range(3):
        made.give_up(signal.SIGXCPU, None)
    assert kernel.priority == 0
    assert made.beat_lead(1) == 0
    assert made.warnings == ["real-time scheduling was given up: 5 s of computing without a pause"]


def field(pid: int, name: str) -> int:
    """A number of /proc/PID/status."""
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith(f"{name}:")]
    return int(line.split()[1])


@pytest.mark.root
def test_the_engine_is_punctual_and_the_agent_inherits_nothing_of_it(host: Host) -> None:
    cpu = max(os.sched_getaffinity(0))
    daemon = OurDaemon(host, router(), settings={"cpu_affinity": [cpu], "realtime_priority": 3})
    daemon.wait_for("MASTER")
    status = daemon.status()
    assert status is not None
    assert status["daemon"]["warnings"] == []
    assert status["daemon"]["realtime"].pop("timer_slack_ns") in {0, 1}
    assert status["daemon"]["realtime"] == {
        "scheduler": "SCHED_RR",
        "priority": 3,
        "memory_locked": True,
        "time_slice_ns": 0,
        "cpu_affinity": [cpu],
    }
    assert os.sched_getscheduler(daemon.pid) & ~os.SCHED_RESET_ON_FORK == os.SCHED_RR
    assert field(daemon.pid, "VmLck") > 4 << 10
    first = daemon.agent()
    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: daemon.agent() not in {None, first}, "there is another agent")
    agent = daemon.agent()
    assert agent is not None
    assert os.sched_getscheduler(agent) == os.SCHED_OTHER
    assert os.sched_getaffinity(agent) == os.sched_getaffinity(0)
    slack = Path(f"/proc/{agent}/timerslack_ns")
    wait_until(lambda: slack.read_text() == Path("/proc/self/timerslack_ns").read_text(), "its timers are ordinary")
    assert field(agent, "VmLck") == 0
    assert daemon.stop() == 0
    assert "needs" not in daemon.log()


@pytest.mark.root
def test_without_privileges_it_runs_says_so_once_and_shows_it(host: Host) -> None:
    dropped = "-sys_nice,-ipc_lock"
    prefix = ["prlimit", "--memlock=65536", "--rtprio=0", "setpriv", "--bounding-set", dropped, "--inh-caps", dropped]
    daemon = OurDaemon(host, router(), prefix=prefix)
    daemon.wait_for("MASTER")
    status = daemon.status()
    assert status is not None
    warnings = ["memory is not locked: needs CAP_IPC_LOCK", "no real-time scheduling: needs CAP_SYS_NICE"]
    assert status["daemon"]["warnings"] == warnings
    assert status["daemon"]["realtime"]["scheduler"] == "SCHED_OTHER"
    assert not status["daemon"]["realtime"]["memory_locked"]
    assert daemon.stop() == 0
    assert [daemon.log().count(warning) for warning in warnings] == [1, 1]


@pytest.mark.root
def test_an_engine_that_is_told_that_it_never_sleeps_goes_on_as_an_ordinary_process(host: Host) -> None:
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    daemon.signal(signal.SIGXCPU)
    daemon.wait_for_log("real-time scheduling was given up")
    wait_until(lambda: (daemon.status() or {})["daemon"]["realtime"]["scheduler"] == "SCHED_OTHER", "status shows it")
    assert daemon.router()["state"] == "MASTER"
    assert daemon.stop() == 0


@pytest.mark.root
def test_an_engine_that_has_no_priority_to_give_up_ends_in_good_order_at_that_signal(host: Host) -> None:
    daemon = OurDaemon(host, router(), settings={"realtime_priority": 0})
    daemon.wait_for("MASTER")
    assert daemon.stop(signal.SIGXCPU) == 0
    assert "SIGXCPU: the daemon shuts down cleanly" in daemon.log()
    assert daemon.log().count("given up") == 0


@pytest.mark.root
def test_a_pause_shows_in_the_lateness(host: Host) -> None:
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    daemon.signal(signal.SIGSTOP)
    wait_until(lambda: ") T " in Path(f"/proc/{daemon.pid}/stat").read_text(), "it is stopped")
    late = 0.3
    time.sleep(late)
    daemon.signal(signal.SIGCONT)
    daemon.wait_for_log("late, more than a quarter of the shortest master down interval")
    wait_until(lambda: lag(daemon)["max"] >= late / 2, "status shows it")
    assert lag(daemon)["last_minute"]["max"] == lag(daemon)["max"]
    assert sum(bucket["count"] for bucket in lag(daemon)["histogram"]) > 0
    assert daemon.stop() == 0


def lag(daemon: OurDaemon) -> dict[str, Any]:
    status = daemon.status()
    assert status is not None
    told: dict[str, Any] = status["daemon"]["engine_lag_seconds"]
    return told
