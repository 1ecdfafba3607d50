"""A reload that failed is shown wherever an operator looks, until one succeeds."""

import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from tests.engine.daemons import ENVIRONMENT, OurDaemon, ask, router
from tests.engine.test_service_manager import Manager, manager

__all__ = ["manager"]

pytestmark = pytest.mark.root

FAILED = "the last reload failed"


def shown(daemon: OurDaemon) -> str:
    """What `failover status` prints."""
    command = [sys.executable, "-m", "failover", "status", "--socket", str(daemon.control)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=30, check=True)
    return done.stdout


def last(daemon: OurDaemon) -> dict[str, Any] | None:
    status = daemon.status()
    assert status is not None
    found: dict[str, Any] | None = status["daemon"]["last_reload"]
    return found


def status_line(manager: Manager, wanted: str) -> str:
    """The first line for `systemctl status` that begins with this; each is told once."""
    while True:
        line = manager.listen_for_status()
        if line.startswith(wanted):
            return line


def test_a_bad_file_is_shown_until_a_good_one_is_reloaded(lan: Lan, host: Host, manager: Manager) -> None:
    daemon = OurDaemon(host, router(51), NOTIFY_SOCKET=manager.path)
    daemon.wait_for("MASTER")
    status_line(manager, "1 MASTER")
    assert last(daemon) is None
    assert FAILED not in shown(daemon)

    daemon.config.write_text(json.dumps([router(51, priority=300)]))
    assert ask(daemon.control, "/reload", "POST")[0] == 422
    problem = f"{daemon.config}: 1 problem: $[0].priority: 300 is out of range"
    told = last(daemon)
    assert told is not None
    assert (told["outcome"], told["file_is_bad"]) == ("failed", True)
    assert told["error"].startswith(f"{daemon.config}: 1 problem\n  $[0].priority: 300 is out of range")
    (line,) = (one for one in shown(daemon).splitlines() if FAILED in one)
    assert "s ago; a restart with that file would fail: " + problem in line
    assert f"1 MASTER; {FAILED}; a restart with that file would fail: {problem}" in status_line(manager, "1 MASTER; ")

    # An agent that has died is followed by one that knows it as well.
    agent = daemon.agent()
    assert agent is not None
    os.kill(agent, signal.SIGKILL)
    wait_until(lambda: daemon.agent() not in (None, agent), "another agent")
    wait_until(lambda: daemon.status() is not None, "it answers")
    assert last(daemon) == told

    daemon.config.write_text(json.dumps([router(51, priority=30)]))
    (line,) = (one for one in shown(daemon).splitlines() if FAILED in one)
    assert line.endswith("s ago; the file is good now: run failover reload")
    daemon.signal(signal.SIGHUP)
    wait_until(lambda: (last(daemon) or {}).get("outcome") == "reloaded", "the mended file is reloaded")
    assert (last(daemon) or {})["error"] is None
    assert FAILED not in shown(daemon)
    assert status_line(manager, "1 ") == "1 MASTER"


def test_a_bad_file_that_was_never_reloaded_is_shown_by_who_may_read_it(lan: Lan, host: Host) -> None:
    daemon = OurDaemon(host, router(51))
    daemon.wait_for("MASTER")
    status = daemon.status()
    assert status is not None
    assert status["daemon"]["configuration_file"] == str(daemon.config)
    assert "restart" not in shown(daemon)
    daemon.config.write_text(json.dumps([router(51, priority=300)]))
    (line,) = (one for one in shown(daemon).splitlines() if "restart" in one)
    assert line.startswith(
        "the configuration was changed and not reloaded, and a restart would fail:"
        f" {daemon.config}: 1 problem: $[0].priority: 300 is out of range"
    )
    daemon.config.write_text(json.dumps([router(51, priority=30)]))
    assert "restart" not in shown(daemon)
    waits = "the configuration was changed and not reloaded (VR_51: priority 100 -> 30): run failover reload"
    assert waits in shown(daemon)
    daemon.config.write_text(json.dumps([router(51)], indent=2))  # as it was, only written in another way
    assert "reload" not in shown(daemon)
    daemon.config.write_text(json.dumps([router(51, priority=30)]))
    assert ask(daemon.control, "/reload", "POST")[0] == 200
    assert "reload" not in shown(daemon)


def test_where_the_file_is_good_a_restart_is_not_spoken_of(lan: Lan, host: Host) -> None:
    daemon = OurDaemon(host, router(51))
    other = OurDaemon(host, router(52, "192.0.2.101/24"), label="other")
    for one in (daemon, other):
        one.wait_for("MASTER")
    daemon.config.write_text(json.dumps([router(51), router(52, "192.0.2.109/24")]))
    assert ask(daemon.control, "/reload", "POST")[0] == 409
    told = last(daemon)
    assert told is not None
    assert (told["outcome"], told["file_is_bad"]) == ("failed", False)
    (line,) = (one for one in shown(daemon).splitlines() if FAILED in one)
    assert f"process {other.pid}, already runs virtual router 52" in line
    assert "restart" not in line
