"""A daemon whose engine or agent stands still: what `status`, `health` and the probes say, and that it passes."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from failover.lab.network.waiting import wait_until
from tests.cli.commands import command, environment
from tests.cli.host import Host, ended, host
from tests.cli.test_daemon import agent_of
from tests.engine.daemons import ask

__all__ = ["host"]

pytestmark = pytest.mark.root

SILENT = "the engine does not answer; it was last heard from "


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def outcome(done: subprocess.CompletedProcess[str]) -> tuple[int, str]:
    return done.returncode, done.stdout


def assert_all_is_well(host: Host) -> None:
    done = host.failover("status", "--json")
    engine = json.loads(done.stdout)["daemon"]["engine"]
    assert (done.returncode, done.stderr, engine["answers"], engine["silent_since"]) == (0, "", True, None)
    assert outcome(host.failover("health", "--live")) == (0, "OK: engine and agent answer\n")
    # What this host did not grant to the daemon is a warning, and may be.
    code, said = outcome(host.failover("health"))
    assert (code, said.partition(":")[0]) in {(0, "OK"), (1, "WARNING")}
    assert [ask(host.run / "control.sock", probe)[0] for probe in ("/healthz", "/readyz")] == [200, 200]


@pytest.mark.parametrize("is_known", [True, False], ids=["asked before", "never asked"])
def test_a_frozen_engine_is_said_by_all_that_asks_until_it_runs_again(host: Host, *, is_known: bool) -> None:
    daemon = host.start_file()
    if is_known:
        assert_all_is_well(host)
    control = host.run / "control.sock"
    wait_until(lambda: "BACKUP -> MASTER" in host.log.read_text(), "the agent knows it")
    frozen_at = time.time()
    with stopped(daemon.pid):
        time.sleep(1.1)  # an answer counts for a second
        done = host.failover("status")
        first, second, third, header, row, *_ = done.stdout.splitlines()
        assert (done.returncode, done.stderr) == (1, "")
        assert first.startswith(SILENT)
        assert second.endswith("this one may still have the addresses: systemctl restart failover.")
        assert third == "What follows is what the engine said last."
        assert header.startswith("NAME ")
        assert "MASTER" in row
        began = time.monotonic()
        code, document = ask(control)
        assert time.monotonic() - began < 1.5, "the silence is known, and not waited for again"
        engine = document["daemon"]["engine"]
        assert (code, engine["answers"]) == (200, False)
        assert (engine["answered_at"] is not None) == is_known
        done = host.failover("status", "--json")
        assert (done.returncode, json.loads(done.stdout)["daemon"]["engine"]) == (1, engine)
        assert done.stderr.startswith(f"failover: {SILENT}")
        assert outcome(host.failover("health", "--live")) == (2, "CRITICAL: the engine does not answer\n")
        done = host.failover("health")
        assert done.returncode == 2
        assert done.stdout.startswith(f"CRITICAL: {SILENT}")
        done = host.failover("health", "--json")
        found = json.loads(done.stdout)
        assert (done.returncode, found["status"], found["findings"][0]["severity"]) == (2, "critical", "critical")
        for probe in ("/healthz", "/readyz"):
            assert ask(control, probe) == (503, {"error": "the engine does not answer", "engine": engine})
        while time.time() < frozen_at + 5:
            time.sleep(0.1)
        seconds = int(host.failover("status").stdout.split("last heard from ")[1].split(" s ago")[0])
        assert seconds >= 4, "since it was last heard from, not since somebody asked"
    wait_until(lambda: ask(control, "/healthz")[0] == 200, "it answers again")
    assert_all_is_well(host)
    assert ended(daemon, signal.SIGTERM) == 0


def test_a_watch_goes_on_through_a_frozen_engine(host: Host) -> None:
    daemon = host.start_file()
    with stopped(daemon.pid):
        out = host.directory / "watched"
        with out.open("wb") as log:
            given = environment(RUNTIME_DIRECTORY=str(host.run))
            watch = host.namespace.popen(command("status", "--watch"), output=log, env=given)
        wait_until(lambda: out.read_text().count(SILENT) >= 2, "it says so, twice")
    wait_until(lambda: out.read_text().rpartition(SILENT)[2].count("NAME ") >= 2, "and goes on without a word of it")
    assert ended(watch, signal.SIGINT) == 0
    assert ended(daemon, signal.SIGTERM) == 0


def test_a_frozen_agent_leaves_it_unknown_and_is_not_alive(host: Host) -> None:
    daemon = host.start_file()
    assert_all_is_well(host)
    control = host.run / "control.sock"
    with stopped(agent_of(daemon)):
        silence = (
            f"{control}: the agent (status and log) does not answer; the virtual routers"
            " may still run; restart the daemon (systemctl restart failover)"
        )
        for arguments in (["status"], ["status", "--json"]):
            done = host.failover(*arguments)
            assert (done.returncode, done.stdout, done.stderr) == (1, "", f"failover: {silence}\n")
        assert outcome(host.failover("health")) == (3, f"UNKNOWN: {silence}\n")
        assert outcome(host.failover("health", "--live")) == (2, f"CRITICAL: {silence}\n")
    assert_all_is_well(host)
    assert ended(daemon, signal.SIGTERM) == 0
    assert host.failover("health").returncode == 2
    assert host.failover("health", "--live").returncode == 2


def test_a_router_that_cannot_run_is_critical_and_alive(host: Host) -> None:
    daemon = host.start_file()
    host.namespace.ip("link set v1 down")
    wait_until(lambda: "no carrier" in host.log.read_text(), "the fault")
    done = host.failover("health")
    assert done.returncode == 2
    assert done.stdout.startswith("CRITICAL: VR_1 (ipv4) cannot run: v0 has no carrier")
    assert host.failover("health", "--live").returncode == 0
    host.namespace.ip("link set v1 up")
    wait_until(lambda: host.failover("health").returncode < 2, "and well again")
    assert ended(daemon, signal.SIGTERM) == 0


def test_who_may_not_use_the_socket_does_not_know(host: Host) -> None:
    daemon = host.start_file()
    for directory in (host.directory, *host.directory.parents):
        if directory.stat().st_uid == os.geteuid() and directory.name.startswith(("pytest", "test")):
            directory.chmod(0o755)
    nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
    done = host.failover("health", before=nobody)
    assert outcome(done) == (
        3,
        f"UNKNOWN: {host.run}/control.sock: Permission denied; use sudo, or join the group of the socket\n",
    ), done.stderr
    assert host.failover("health", "--live", before=nobody).returncode == 2
    assert ended(daemon, signal.SIGTERM) == 0
