"""The demonstration: it tells the story, and fails where the story does not come true."""

import io
import os
import signal
import subprocess
import sys

import pytest

from failover.lab.demo import demonstrate
from failover.lab.network.namespaces import DIRECTORY
from failover.lab.network.waiting import wait_until
from failover.lab.router import Router
from tests.lab.keepalived import Keepalived


class Refusing(Router):
    """A router that ends at once."""

    program = "refusing"

    def start(self) -> None:
        with self.output() as log:
            self.processes = [self.host.popen(["sh", "-c", "echo I would rather not"], output=log)]


class Abrupt(Keepalived):
    """A router that does not resign."""

    program = "abrupt"

    def stop(self) -> None:
        self.kill()


@pytest.mark.root
@pytest.mark.peer
def test_the_story_comes_true_and_is_told_with_measured_times() -> None:
    out = io.StringIO()
    assert demonstrate(0.1, out, Keepalived) == 0, out.getvalue()
    told = out.getvalue()
    for part in ("alpha crashes", "beta is MASTER", "alpha is asked to stop", "0.3609 s", "0.0609 s", "both stopped"):
        assert part in told
    assert told.endswith("The address survived.\n")


@pytest.mark.root
def test_routers_that_do_nothing_fail_it_and_their_words_are_shown() -> None:
    out = io.StringIO()
    assert demonstrate(0.01, out, Refusing) == 1
    assert "FAILED" in out.getvalue()
    assert "alpha advertises" in out.getvalue()
    assert "I would rather not" in out.getvalue()


@pytest.mark.root
@pytest.mark.peer
def test_a_master_that_does_not_resign_fails_it() -> None:
    out = io.StringIO()
    assert demonstrate(0.1, out, Abrupt) == 1
    assert "beta alone answers" in out.getvalue()


def test_without_root_it_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    out = io.StringIO()
    assert demonstrate(out=out) == 1
    assert "needs root" in out.getvalue()


@pytest.mark.root
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_demonstration_removes_everything(number: signal.Signals) -> None:
    command = [sys.executable, "-c", "import sys; from failover.lab.demo import demonstrate; sys.exit(demonstrate())"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        pattern = f"fo-{process.pid}-*"
        wait_until(lambda: len([*DIRECTORY.glob(pattern)]) == 4, "the LAN is there")
        process.send_signal(number)
        told, _ = process.communicate(timeout=10)
    assert process.returncode == 130
    assert told.endswith("Interrupted; everything is removed.\n")
    assert not [*DIRECTORY.glob(pattern)]


@pytest.mark.root
def test_our_own_daemon_makes_the_story_come_true() -> None:
    out = io.StringIO()
    assert demonstrate(0.1, out) == 0, out.getvalue()
    assert out.getvalue().endswith("The address survived.\n")
