"""Signals that come while a daemon starts: from its first moment they end it in good order."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from failover.cli import signals
from failover.engine.process.signals import USES, Use
from failover.lab.network.waiting import wait_until
from failover.linux.process.signals import CANNOT_BE_HELD, EVERY, in_words
from tests.cli.commands import command, environment
from tests.cli.host import CLI, OWN, VIRTUAL, Host, ended, host

__all__ = ["host"]


HELD = signal.valid_signals() - CANNOT_BE_HELD
"""What a daemon blocks while it starts."""
ENDS = [number for number, use in USES.items() if use is Use.STOP and number <= signal.SIGRTMIN]
"""Those that end it, and one that stands for all real-time signals."""


def masks(pid: int) -> dict[str, set[int]]:
    """The signals that a process blocks and ignores, as the kernel tells it."""
    lines = (line.split(":") for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    found = {key: int(value, 16) for key, value in lines if key in {"SigBlk", "SigIgn"}}
    return {key: {number for number in range(1, 65) if bits >> number - 1 & 1} for key, bits in found.items()}


def caught_starting(process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """The daemon as soon as it holds signals back."""
    deadline = time.monotonic() + 10
    while not masks(process.pid)["SigBlk"] >= HELD:
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
        *(
            (["cli-mode", *CLI, "--priority", "255"], number)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGALRM)
        ),
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
@pytest.mark.parametrize("number", [*ENDS, signal.SIGRTMAX], ids=in_words)
def test_a_signal_that_means_nothing_better_ends_it_in_good_order(host: Host, number: int) -> None:
    process = host.start_file()
    wait_until(lambda: "-> MASTER" in host.log.read_text(), "the agent runs")
    assert ended(process, number) == 0
    assert host.is_clean()
    told = f"{in_words(number)}: the daemon shuts down cleanly" in host.log.read_text()
    assert told == (number not in {signal.SIGTERM, signal.SIGINT})


@pytest.mark.root
def test_signals_without_a_pause_until_it_is_gone_change_nothing_about_its_end(host: Host) -> None:
    hail = (signal.SIGUSR1, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGXCPU, signal.SIGTSTP)
    for _ in range(5):
        process = host.start_file()
        process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 20
        while process.poll() is None:
            assert time.monotonic() < deadline
            for number in hail:
                process.send_signal(number)
        assert process.returncode == 0
        assert host.is_clean()


@pytest.mark.root
def test_any_other_signal_leaves_it_what_it_was_whoever_is_sent_it_and_however_often(host: Host) -> None:
    process = host.start_file()
    wait_until(lambda: "-> MASTER" in host.log.read_text(), "the agent runs")
    before = set(host.namespace.pids())
    (agent,) = before - {process.pid}
    kept = [number for number in EVERY if USES[number] in {Use.REFUSE, Use.IGNORE, Use.NONE}]
    for _ in range(3):
        for number in kept:
            os.kill(process.pid, number)
        for number in set(EVERY) - CANNOT_BE_HELD:
            os.kill(agent, number)
    refused = [in_words(number) for number in kept if USES[number] is Use.REFUSE]
    wait_until(lambda: all(f"{one}: ignored" in host.log.read_text() for one in refused), "they are told of")
    assert host.failover("status").returncode == 0
    assert set(host.namespace.pids()) == before
    assert host.addresses() == [OWN, VIRTUAL]
    assert ended(process, signal.SIGTERM) == 0
    text = host.log.read_text()
    assert [text.count(f"{in_words(n)}: ignored") for n in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTSTP)] == [
        1,
        1,
        1,
    ]
    assert "died" not in text
    assert "MASTER -> BACKUP" not in text


@pytest.mark.root
@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE])
def test_a_fault_of_the_program_itself_ends_it_although_the_signal_alone_does_not(number: signal.Signals) -> None:
    faults = {
        signal.SIGSEGV: "ctypes.string_at(0)",
        signal.SIGBUS: "f = open('x', 'w+b', 0); f.write(b'x'); m = mmap.mmap(f.fileno(), 1); f.truncate(0); m[0]",
        signal.SIGABRT: "os.abort()",
        signal.SIGFPE: "ctypes.CDLL(None).div(1, 0)",
    }
    script = (
        "import ctypes, mmap, os, signal, sys\n"
        "from failover.engine.process.signals import Signals\n"
        f"heard = Signals(lambda *_: None); os.kill(os.getpid(), {int(number)})\n"
        f"print('lives', flush=True); {faults[number]}"
    )
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-c", script]
        done = subprocess.run(
            command, env=environment(), cwd=directory, capture_output=True, text=True, timeout=30, check=False
        )
    assert (done.stdout, done.returncode) == ("lives\n", -number)


def test_every_signal_has_its_use() -> None:
    assert set(USES) == set(range(1, 65))
    assert {number for number, use in USES.items() if use is Use.NOT_OURS} == {signal.SIGKILL, signal.SIGSTOP}
    assert {USES[number] for number in (32, 33)} == {Use.IGNORE}
    assert all(USES[number] is Use.STOP for number in range(34, 65))


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
