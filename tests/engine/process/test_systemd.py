"""sd_notify, with a real socket in the place of systemd's."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from failover.engine.process.systemd import Notifier, watchdog_interval
from failover.vrrp import seconds


class Manager:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.setblocking(False)

    def heard(self) -> list[list[str]]:
        """The lines of each message."""
        found: list[list[str]] = []
        try:
            while True:
                found.append(self.socket.recv(4096).decode().split("\n"))
        except BlockingIOError:
            return found


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(str(tmp_path / "notify"))
    yield made
    made.socket.close()


@pytest.fixture
def notifier(manager: Manager, tmp_path: Path) -> Iterator[Notifier]:
    with closing(Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})) as made:
        yield made


def test_ready_comes_with_the_status_and_the_process(manager: Manager, notifier: Notifier) -> None:
    notifier.ready("1 MASTER")
    assert manager.heard() == [["READY=1", f"MAINPID={os.getpid()}", "STATUS=1 MASTER"]]


def test_the_status_is_sent_when_it_changes(manager: Manager, notifier: Notifier) -> None:
    notifier.ready("1 BACKUP")
    notifier.status("1 BACKUP")
    notifier.status("1 MASTER")
    notifier.status("1 MASTER")
    assert [message[-1] for message in manager.heard()] == ["STATUS=1 BACKUP", "STATUS=1 MASTER"]


def test_watchdog_and_stopping(manager: Manager, notifier: Notifier) -> None:
    notifier.watchdog()
    notifier.stopping()
    assert manager.heard() == [["WATCHDOG=1"], ["STOPPING=1", "STATUS=Stopping"]]


def test_a_reload_begins_and_ends_with_being_ready(manager: Manager, notifier: Notifier) -> None:
    notifier.ready("1 MASTER")
    before = time.monotonic_ns() // 1000
    notifier.reloading()
    _, (tag, at) = manager.heard()
    assert tag == "RELOADING=1"
    assert before <= int(at.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000
    notifier.ready("1 MASTER")
    assert manager.heard() == [["READY=1", f"MAINPID={os.getpid()}", "STATUS=1 MASTER"]]


@pytest.mark.parametrize("reason", ["", "needs CAP_NET_RAW", "two\nREADY=1"])
def test_the_reason_of_a_failed_start_is_one_line_of_status(manager: Manager, notifier: Notifier, reason: str) -> None:
    notifier.failed(reason)
    assert manager.heard() == [[f"STATUS={reason.replace(chr(10), ' ')}"]]


def test_an_abstract_socket_is_reached_too() -> None:
    name = f"failover-test-{os.getpid()}"
    manager = Manager(f"\0{name}")
    with closing(manager.socket), closing(Notifier({"NOTIFY_SOCKET": f"@{name}"})) as notifier:
        notifier.watchdog()
        assert manager.heard() == [["WATCHDOG=1"]]


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}])
def test_without_a_socket_nothing_is_sent_and_nothing_fails(environ: dict[str, str]) -> None:
    with closing(Notifier(environ)) as notifier:
        notifier.ready("1 MASTER")
        notifier.watchdog()
        notifier.stopping()


def test_a_manager_that_is_gone_does_no_harm(manager: Manager, notifier: Notifier) -> None:
    manager.socket.close()
    notifier.ready("1 MASTER")
    notifier.watchdog()


def test_ready_that_a_full_socket_refused_goes_with_the_next_status(manager: Manager, notifier: Notifier) -> None:
    for _ in range(10_000):
        notifier.watchdog()  # until its queue is full; more does not block
    notifier.ready("1 MASTER")
    assert all(message == ["WATCHDOG=1"] for message in manager.heard())
    notifier.status("1 MASTER")
    assert manager.heard() == [["READY=1", f"MAINPID={os.getpid()}", "STATUS=1 MASTER"]]
    notifier.status("1 MASTER")
    assert manager.heard() == []


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({"WATCHDOG_USEC": "3000000"}, 1.0, id="a-third"),
        pytest.param({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}, 1.0, id="for-us"),
        pytest.param({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, None, id="for-another-process"),
        pytest.param({"WATCHDOG_USEC": "0"}, None, id="zero"),
        pytest.param({"WATCHDOG_USEC": "-5"}, None, id="negative"),
        pytest.param({"WATCHDOG_USEC": "often"}, None, id="no-number"),
        pytest.param({"WATCHDOG_USEC": "²"}, None, id="a-digit-that-is-no-number"),
        pytest.param({"WATCHDOG_USEC": ""}, None, id="empty"),
        pytest.param({}, None, id="absent"),
    ],
)
def test_the_watchdog_is_fed_three_times_as_often_as_asked(environ: dict[str, str], expected: float | None) -> None:
    assert watchdog_interval(environ) == (None if expected is None else seconds(expected))
