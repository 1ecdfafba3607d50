"""Namespaces: made, entered, left, and removed with everything in them."""

import os
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from failover.lab.network.namespaces import CommandError, Namespace, run

pytestmark = pytest.mark.root


def own() -> tuple[int, int]:
    found = Path(f"/proc/self/task/{threading.get_native_id()}/ns/net").stat()
    return found.st_dev, found.st_ino


def test_a_socket_opened_inside_sees_only_the_loopback_and_the_thread_comes_back() -> None:
    before = own()
    with Namespace("t") as namespace:
        with namespace.enter():
            assert own() != before
            assert [name for _, name in socket.if_nameindex()] == ["lo"]
        assert own() == before


def test_the_thread_comes_back_from_an_exception_and_from_nesting() -> None:
    before = own()
    with Namespace("t") as one, Namespace("u") as two:
        with pytest.raises(ZeroDivisionError), one.enter(), two.enter():
            _ = 1 / 0
        assert own() == before


def test_a_thread_starts_where_its_creator_is() -> None:
    seen: list[tuple[int, int]] = []
    before = own()
    with Namespace("t") as namespace, namespace.enter():
        thread = threading.Thread(target=lambda: seen.append(own()))
        thread.start()
        thread.join()
        inside = own()
    assert seen == [inside]
    assert inside != before


def test_the_loopback_is_up_and_the_settings_are_quiet() -> None:
    with Namespace("t") as namespace:
        assert "UP" in namespace.run(["ip", "-br", "link", "show", "lo"]).stdout
        settings = namespace.run(["cat", "/proc/sys/net/ipv6/conf/default/dad_transmits"]).stdout
        assert settings.strip() == "0"


def test_processes_inside_are_killed_even_where_they_ignore_signals_and_leave_their_parent() -> None:
    with Namespace("t") as namespace:
        script = "trap '' TERM INT HUP; (trap '' TERM; while :; do sleep 1; done) & while :; do sleep 1; done"
        process = namespace.popen(["sh", "-c", script])
        deadline = time.monotonic() + 5
        while len(pids := namespace.pids()) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert process.pid in pids
        assert os.getpid() not in pids
    assert process.returncode == -9
    assert not [pid for pid in pids if _alive(pid)]


def _alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def test_closing_twice_or_before_opening_does_nothing() -> None:
    namespace = Namespace("t")
    namespace.close()
    namespace.open()
    assert namespace.path.exists()
    namespace.close()
    namespace.close()
    assert not namespace.path.exists()


def test_an_interrupt_while_it_is_being_made_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(self: Namespace, *lines: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Namespace, "ip", interrupt)
    namespace = Namespace("t")
    with pytest.raises(KeyboardInterrupt):
        namespace.__enter__()
    assert not namespace.path.exists()


def test_a_failed_command_says_what_it_was_and_what_it_said() -> None:
    with Namespace("t") as namespace, pytest.raises(CommandError, match=r"ip -n .* exit status 1: .*nowhere"):
        namespace.ip("link set nowhere up")


def test_the_hosts_links_and_namespaces_are_as_they_were() -> None:
    links = run(["ip", "-o", "link"]).stdout
    with Namespace("t") as namespace:
        namespace.ip("link add v0 type veth peer name v1", "link set v0 up")
        assert namespace.name in run(["ip", "netns"]).stdout
        assert run(["ip", "-o", "link"]).stdout == links
    assert namespace.name not in run(["ip", "netns"]).stdout
    assert run(["ip", "-o", "link"]).stdout == links


def test_output_of_a_started_command_goes_where_it_is_told(tmp_path: Path) -> None:
    with Namespace("t") as namespace, (tmp_path / "log").open("wb") as log:
        process: subprocess.Popen[bytes] = namespace.popen(["sh", "-c", "echo out; echo err >&2"], output=log)
        assert process.wait(5) == 0
    assert (tmp_path / "log").read_text() == "out\nerr\n"
