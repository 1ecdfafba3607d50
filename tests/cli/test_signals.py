"""Signals that come while a daemon starts: from its first moment they end it in good order."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from failover.cli import signals
from failover.lab.network.waiting import wait_until
from tests.cli.commands import command, environment
from tests.cli.host import CLI, OWN, VIRTUAL, Host, ended, host

__all__ = ["host"]


def masks(pid: int) -> dict[str, set[int]]:
    """The signals that a process blocks and ignores, as the kernel tells it."""
    lines = (line.split(":") for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    found = {key: int(value, 16) for key, value in lines if key in {"SigBlk", "SigIgn"}}
    return {key: {number for number in range(1, 65) if bits >> number - 1 & 1} for key, bits in found.items()}


def caught_starting(process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """The daemon as soon as it holds signals back."""
    deadline = time.monotonic() + 10
    while not set(signals.HELD) <= masks(process.pid)["SigBlk"]:
        assert time.monotonic() < deadline
    return process


def start(host: Host, *arguments: str) -> subprocess.Popen[bytes]:
    with host.log.open("ab") as log:
        return host.namespace.popen(command(*arguments), output=log, env=environment(RUNTIME_DIRECTORY=str(host.run)))


@pytest.mark.root
@pytest.mark.parametrize(
    ("arguments", "number"),
    [
        (["run", "--config", "CONFIG"], signal.SIGTERM),
        (["run", "--config", "CONFIG"], signal.SIGINT),
        *((["cli-mode", *CLI, "--priority", "255"], number) for number in signals.HELD),
    ],
)
def test_a_signal_in_the_first_moment_ends_it_with_0_and_it_has_done_nothing(
    host: Host, arguments: list[str], number: signal.Signals
) -> None:
    process = caught_starting(start(host, *(str(host.config) if one == "CONFIG" else one for one in arguments)))
    assert ended(process, number) == 0
    assert host.is_clean()
    assert host.log.read_text() == ""


@pytest.mark.root
def test_a_reload_that_is_asked_for_in_the_first_moment_comes_after_the_start(host: Host) -> None:
    process = caught_starting(start(host, "run", "--config", str(host.config)))
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: "reloaded the configuration: 0 added" in host.log.read_text(), "the reload")
    assert ended(process, signal.SIGTERM) == 0


@pytest.mark.root
def test_an_ignored_signal_in_the_first_moment_stays_ignored(host: Host) -> None:
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = start(host, "run", "--config", str(host.config))
    finally:
        signal.signal(signal.SIGHUP, previous)
    caught_starting(process).send_signal(signal.SIGHUP)
    wait_until(lambda: VIRTUAL in host.addresses(), "MASTER nevertheless")
    assert ended(process, signal.SIGTERM) == 0


@pytest.mark.root
def test_neither_the_running_daemon_nor_its_agent_blocks_a_signal(host: Host) -> None:
    process = host.start_file()
    wait_until(lambda: "-> MASTER" in host.log.read_text(), "the agent runs")
    for pid in host.namespace.pids():
        assert masks(pid)["SigBlk"] == set()
    assert len(host.namespace.pids()) == 2
    assert ended(process, signal.SIGTERM) == 0
    assert host.addresses() == [OWN]


def test_next_to_nothing_is_imported_before_signals_are_held_back() -> None:
    script = f"import sys; sys.path += {sys.path!r}; before = set(sys.modules); import failover.cli"
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"{script}; print(*(set(sys.modules) - before))"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert {name for name in done.stdout.split() if name.startswith("failover")} == {
        "failover",
        "failover.version",
        "failover.cli",
        "failover.cli.signals",
    }
    assert {"typing", "re", "pathlib", "msgspec", "click"}.isdisjoint(done.stdout.split())


@pytest.mark.parametrize("arguments", [["status"], ["teardown", "cli-mode"], ["check"], []])
def test_other_commands_hold_nothing_back(arguments: list[str]) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    signals.hold(arguments)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
