"""Completion, in a real bash where that counts: files, directories, and the virtual routers of a running daemon."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.commands import command, environment
from tests.cli.pseudo_terminal import Daemon, Terminal, router

PROMPT = "ready> "
SHELLS = ("bash", "zsh", "fish")


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with closing(Daemon(tmp_path / "control.sock")) as one:
        one.routers(router(name="web-one"), router(name="web-two"), router(name="my lan"), router(name="web-one"))
        yield one


def asked(shell: str, *words: str, **variables: str) -> list[str]:
    """What completes the last word, as click's script asks for it."""
    current = words[-1] if shell == "fish" else str(len(words))
    question = {"COMP_WORDS": "\n".join(("failover", *words)), "COMP_CWORD": current}
    done = subprocess.run(
        command(),
        env=environment(_FAILOVER_COMPLETE=f"{shell}_complete", **question, **variables),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stderr == ""
    lines = done.stdout.strip().splitlines()
    if shell == "zsh":
        return [f"{kind},{value}" for kind, value in zip(lines[::3], lines[1::3], strict=True)]
    return [line.partition("\t")[0] for line in lines]


@pytest.mark.parametrize("shell", SHELLS)
def test_status_completes_the_names_of_the_virtual_routers_that_run(daemon: Daemon, shell: str) -> None:
    socket_path = str(daemon.path)
    assert asked(shell, "status", "web", FAILOVER_SOCKET=socket_path) == ["plain,web-one", "plain,web-two"]
    assert asked(shell, "status", "--socket", socket_path, "web-t") == ["plain,web-two"]
    assert asked(shell, "status", "--runtime-dir", str(daemon.path.parent), "web-o") == ["plain,web-one"]
    assert asked(shell, "status", "x", FAILOVER_SOCKET=socket_path) == []


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["check", "/e"], "file"),
        (["run", "--config", "/e"], "file"),
        (["run", "--config=/e"], "file"),
        (["teardown", "--config", "/e"], "file"),
        (["status", "--socket", "/e"], "file"),
        (["reload", "--runtime-dir", "/e"], "dir"),
        (["file-mode", "--filename", "/e"], "file"),
        (["run", "file-mode", "--filename", "/e"], "file"),
        (["cli-mode", "--log-file-path", "/e"], "file"),
    ],
)
def test_what_is_a_path_is_left_to_the_shell(shell: str, words: list[str], kind: str) -> None:
    assert asked(shell, *words) == [f"{kind},/e"]


def nobody(_: Path) -> None:
    """There is no socket."""


def stranger(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def not_json(path: Path) -> None:
    Daemon(path).answer = b"<html>"


def other_json(path: Path) -> None:
    Daemon(path).answer = b'{"virtual_routers": [1]}'


@pytest.mark.parametrize("there", [nobody, stranger, not_json, other_json])
def test_a_daemon_that_tells_no_names_is_passed_over_in_silence(tmp_path: Path, there: Callable[[Path], None]) -> None:
    there(tmp_path / "s")
    assert asked("bash", "status", "w", FAILOVER_SOCKET=str(tmp_path / "s")) == []


def test_a_daemon_that_does_not_answer_keeps_nobody_waiting(tmp_path: Path) -> None:
    def took(path: str) -> float:
        start = time.monotonic()
        assert asked("bash", "status", "w", FAILOVER_SOCKET=path) == []
        return time.monotonic() - start

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        assert took(str(tmp_path / "s")) < 15  # half a second, and the start of the program on a busy machine


@pytest.fixture
def bash(daemon: Daemon, tmp_path: Path) -> Iterator[Terminal]:
    """An interactive bash that has read the script as the documentation says."""
    launcher = tmp_path / "bin" / "failover"
    launcher.parent.mkdir()
    launcher.write_text(f'#!/bin/sh\nexec {sys.executable} -m failover "$@"\n')
    launcher.chmod(0o755)
    variables = {
        "PATH": f"{launcher.parent}:{os.environ['PATH']}",
        "FAILOVER_SOCKET": str(daemon.path),
        "PS1": PROMPT,
        "INPUTRC": "/dev/null",
        "TERM": "dumb",
        "HOME": str(tmp_path),
        "LC_ALL": "C.UTF-8",
    }
    program = ["bash", "--norc", "--noprofile", "-i"]
    with closing(Terminal(program, columns=200, variables=variables)) as terminal:
        terminal.read_until(lambda written: PROMPT in written)
        terminal.type(b'eval "$(_FAILOVER_COMPLETE=bash_source failover)"; complete -p failover\n')
        terminal.read_until(lambda written: "-F _failover_completion failover\n" in written)
        yield terminal


def typed(terminal: Terminal, keys: str, line: str) -> None:
    """Type keys, and see the line that they become."""
    start = len(terminal.written)
    terminal.type(keys.encode())
    terminal.read_until(lambda written: line in written[start:])
    terminal.type(b"\x15")


def test_bash_completes_commands_names_options_and_files(bash: Terminal, tmp_path: Path) -> None:
    (tmp_path / "vrrp-config.json").write_text("{}")
    (tmp_path / "vrrp-config.d").mkdir()
    typed(bash, "failover stat\t", "failover status ")
    typed(bash, "failover status web-t\t", "failover status web-two ")
    typed(bash, "failover status my\t", "failover status my\\ lan ")
    typed(bash, "failover status --wa\t", "failover status --watch ")
    typed(bash, f"failover check {tmp_path}/vrrp-config.j\t", f"{tmp_path}/vrrp-config.json ")
    typed(bash, f"failover run --config {tmp_path}/vrrp-config.j\t", f"{tmp_path}/vrrp-config.json ")
    typed(bash, f"failover status --runtime-dir {tmp_path}/vrrp\t", f"{tmp_path}/vrrp-config.d/")
