"""A reload that nobody waits for any more, whatever was stopped or killed meanwhile, is not made."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from failover.lab.network.lan import Lan
from failover.lab.network.waiting import wait_until
from tests.engine.daemons import ENVIRONMENT, OurDaemon, ask, router
from tests.engine.test_agent_life import dead
from tests.engine.test_reload import SECOND, settled, states, write

pytestmark = pytest.mark.root


def running(lan: Lan) -> tuple[OurDaemon, int]:
    """A daemon whose file has another configuration by now, and its agent."""
    daemon = OurDaemon(lan.host("one", "192.0.2.11/24"), router(51))
    daemon.wait_for("MASTER")
    write(daemon, router(51), router(52, SECOND))
    agent = daemon.agent()
    assert agent is not None
    return daemon, agent


def asking(daemon: OurDaemon) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "failover", "reload", "--runtime-dir", str(daemon.runtime)]
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_the_command(daemon: OurDaemon) -> None:
    """Wait until the agent has sent it to the engine, which is stopped."""

    def waits() -> bool:
        lines = [line.split() for line in daemon.host.run(["ss", "-xnH"]).stdout.splitlines()]
        return any(line[0] == "u_seq" and int(line[2]) for line in lines)

    wait_until(waits, "a command in the channel")


def changes_only_now(daemon: OurDaemon) -> None:
    """A reload that somebody wants, which comes after any other one, is the first that changes anything."""
    assert ask(daemon.control, "/reload", "POST")[1]["added"] == {"count": 1, "first": ["VR_52"]}
    daemon.wait_for_log("reloaded the configuration: 1 added")


def stopped_without_an_agent(lan: Lan) -> tuple[OurDaemon, subprocess.Popen[str]]:
    """A stopped engine whose agent was killed when a client had asked it for a reload."""
    daemon, agent = running(lan)
    daemon.signal(signal.SIGSTOP)
    client = asking(daemon)
    wait_for_the_command(daemon)
    os.kill(agent, signal.SIGKILL)
    wait_until(lambda: dead(agent), "it is dead")
    return daemon, client


def test_the_agent_is_killed_and_the_client_leaves_while_the_engine_is_stopped(lan: Lan) -> None:
    daemon, client = stopped_without_an_agent(lan)
    client.send_signal(signal.SIGINT)
    client.communicate(timeout=10)
    daemon.signal(signal.SIGCONT)
    daemon.wait_for_log("died (SIGKILL)")
    changes_only_now(daemon)


def test_a_client_that_still_waits_when_the_agent_has_died_asks_the_next_one(lan: Lan) -> None:
    daemon, client = stopped_without_an_agent(lan)
    daemon.signal(signal.SIGCONT)
    said, complaints = client.communicate(timeout=30)
    assert (client.returncode, said, complaints) == (0, "added: VR_52\nunchanged: 1 virtual router\n", "")
    settled(daemon, {"VR_51": "MASTER", "VR_52": "MASTER"})


def test_the_client_leaves_while_the_agent_is_stopped(lan: Lan) -> None:
    daemon, agent = running(lan)
    os.kill(agent, signal.SIGSTOP)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(daemon.control))
        client.sendall(b"POST /reload HTTP/1.0\r\nHost: x\r\n\r\n")
    os.kill(agent, signal.SIGCONT)
    wait_until(lambda: states(daemon), "the agent goes on")
    assert states(daemon).keys() == {"VR_51"}
    changes_only_now(daemon)
    assert daemon.log().count("reloaded") == 1, "the agent has passed nothing on"
