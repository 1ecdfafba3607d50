"""The other screen, on a real pseudo-terminal: what was there before comes back, whatever ends the watch."""

import re
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from failover.lab.network.waiting import wait_until
from tests.cli.commands import command
from tests.cli.pseudo_terminal import Daemon, Terminal, router

ENTER, LEAVE = "\033[?1049h\033[?25l", "\033[?25h\033[?1049l"


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with closing(Daemon(tmp_path / "control.sock")) as one:
        yield one


@contextmanager
def watching(daemon: Daemon, **options: Any) -> Iterator[Terminal]:
    with closing(Terminal(command("status", "--watch", "--socket", str(daemon.path)), **options)) as terminal:
        terminal.read_until(lambda written: "process 17" in written)
        yield terminal


def state_of(pid: int) -> str:
    """As the kernel tells it: T for a process that is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def is_restored(written: str) -> bool:
    """The other screen was entered and left once, and nothing was written to the one before, nor cleared there."""
    inside = written.removeprefix(ENTER).partition(LEAVE)
    return written.startswith(ENTER) and inside[1] == LEAVE and ENTER not in inside[0] and "\033[3J" not in written


def test_ctrl_c_brings_the_screen_back(daemon: Daemon) -> None:
    with watching(daemon) as terminal:
        terminal.type(b"\x03")
        written = terminal.rest()
        assert terminal.process.returncode == 0
        assert is_restored(written)
        assert written.endswith(LEAVE)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_that_ends_it_brings_the_screen_back(daemon: Daemon, number: int) -> None:
    with watching(daemon) as terminal:
        terminal.process.send_signal(number)
        written = terminal.rest()
        assert terminal.process.returncode == -number
        assert is_restored(written)
        assert written.endswith(LEAVE)


def test_an_error_brings_the_screen_back_before_it_is_told(daemon: Daemon) -> None:
    with watching(daemon) as terminal:
        daemon.answer = b"{}"
        written = terminal.rest()
        assert terminal.process.returncode != 0
        assert is_restored(written)
        assert "Error" in written.partition(LEAVE)[2]


def test_ctrl_z_shows_the_screen_from_before_until_it_goes_on(daemon: Daemon) -> None:
    with watching(daemon, has_session=False) as terminal:
        terminal.process.send_signal(signal.SIGTSTP)
        wait_until(lambda: state_of(terminal.process.pid) == "T", "it is stopped")
        assert terminal.read_until(lambda written: written.endswith(LEAVE)).startswith(ENTER)
        terminal.process.send_signal(signal.SIGCONT)
        terminal.read_until(lambda written: written.count(ENTER) == 2)
        terminal.draws(lambda page: page[0].startswith("NAME"))
        terminal.process.terminate()
        assert terminal.rest().endswith(LEAVE)
        assert terminal.written.count(LEAVE) == 2


def test_a_daemon_that_is_away_is_said_on_the_screen_and_one_that_is_back_is_shown(daemon: Daemon) -> None:
    with watching(daemon) as terminal:
        daemon.close()
        daemon.path.unlink()
        (first, *_) = terminal.draws(lambda page: "no daemon runs" in page[0])
        assert first.startswith("failover: ")
        with closing(Daemon(daemon.path)) as again:
            again.routers(router(state="BACKUP"))
            terminal.draws(lambda page: "BACKUP" in "".join(page))
        terminal.process.terminate()
        assert is_restored(terminal.rest())


def test_a_table_higher_than_the_terminal_shows_what_fits_and_another_size_is_noticed(daemon: Daemon) -> None:
    daemon.routers(*(router(number, name=f"router-{number}") for number in range(1, 51)))
    with watching(daemon, lines=10) as terminal:
        page = terminal.pages()[0]
        assert len(page) == 10
        assert page[8:] == ["... and 43 more virtual routers", "failover 9, process 17, up 1 min 2 s"]
        terminal.resize(120, 60)
        page = terminal.draws(lambda page: len(page) == 52)
        assert "INTERFACE" in page[0]
        terminal.resize(40, 12)
        page = terminal.draws(lambda page: len(page) == 12)
        assert max(map(len, page)) <= 40


def test_a_terminal_without_another_screen_gets_lines(daemon: Daemon) -> None:
    with watching(daemon, variables={"TERM": "dumb"}) as terminal:
        terminal.read_until(lambda written: written.count("process 17") > 1)
        terminal.type(b"\x03")
        assert "\033" not in terminal.rest()
        assert terminal.process.returncode == 0


LONG = router(name="n" * 63, family="ipv6", addresses=["2001:db8:1111:2222:3333:4444:5555:6666/128", "fe80::1/64"])
FAR = router(
    family="ipv6", state="BACKUP", master="fe80:1111:2222:3333:4444:5555:6666:7777", addresses=LONG["addresses"]
)


@pytest.mark.parametrize("columns", [80, 100, 132, 200])
def test_on_a_terminal_no_address_and_no_name_is_broken(daemon: Daemon, columns: int) -> None:
    daemon.routers(*(router(n, name=f"router-{n}") for n in range(1, 49)), FAR, LONG)
    with closing(Terminal(command("status", "--socket", str(daemon.path)), columns=columns)) as terminal:
        lines = re.sub("\033\\[[0-9;]*m", "", terminal.rest()).splitlines()
    assert len(lines) == 1 + 50 + 1
    assert max(map(len, lines)) <= columns
    assert lines[50].split()[:3] == ["n" * 63, lines[50].split()[1], "MASTER"]


def test_at_80_columns_an_ordinary_table_has_every_column(daemon: Daemon) -> None:
    daemon.routers(
        router(state="INITIALIZE", master=None), router(2), router(3, state="BACKUP", master="192.168.100.1")
    )
    with closing(Terminal(command("status", "--socket", str(daemon.path)))) as terminal:
        lines = re.sub("\033\\[[0-9;]*m", "", terminal.rest()).splitlines()
    heads = ["NAME", "FAMILY", "STATE", "FOR", "MASTER", "PRIO", "IFACE", "VRID", "ADDRESSES"]
    assert lines[0].replace(" IP ", " FAMILY ").split() == heads
    assert max(map(len, lines)) <= 80


def test_at_80_columns_the_longest_address_is_whole(daemon: Daemon) -> None:
    daemon.routers(FAR)
    with closing(Terminal(command("status", "--socket", str(daemon.path)))) as terminal:
        lines = re.sub("\033\\[[0-9;]*m", "", terminal.rest()).splitlines()
    assert f"{FAR['addresses'][0]} +1" in lines[1]
