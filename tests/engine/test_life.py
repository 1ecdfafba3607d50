"""The daemon from its start to its end, as a process."""

import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from failover.lab.network.lan import Lan
from failover.lab.network.waiting import wait_until
from tests.engine.daemons import ENVIRONMENT, INTERVAL, OurDaemon, router, run_to_the_end

pytestmark = pytest.mark.root

NANOSECONDS = 1_000_000_000
PTRACE_SEIZE = 0x4206
WALL = 0x40000000
"""`__WALL` of waitpid(2)."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_router_alone_becomes_master_and_resigns_when_stopped(lan: Lan, number: int) -> None:
    capture = lan.capture()
    host = lan.host("one", "192.0.2.11/24")
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    agent = daemon.agent()
    assert {str(address) for address in host.held()} >= {"192.0.2.100/24"}
    assert daemon.stop(number) == 0
    assert "192.0.2.100/24" not in {str(address) for address in host.held()}
    adverts = capture.adverts(host="one")
    assert adverts[-1].priority == 0
    assert {advert.priority for advert in adverts[:-1]} == {100}
    assert not daemon.runtime.exists()
    assert not Path(f"/proc/{agent}").exists()
    assert daemon.log().splitlines()[-1].endswith("VR_51 (ipv4): MASTER -> INITIALIZE: stopped")


def test_it_listens_for_its_master_down_interval_then_advertises_at_its_interval(lan: Lan) -> None:
    capture = lan.capture()
    daemon = OurDaemon(lan.host("one", "192.0.2.11/24"), router())
    wait_until(lambda: len(capture.adverts()) > 10, "ten adverts")
    daemon.stop()
    times = [advert.at for advert in capture.adverts() if advert.priority]
    gaps = [(later - earlier) / NANOSECONDS for earlier, later in pairwise(times)]
    print("gaps:", [f"{gap:.4f}" for gap in gaps])
    assert (times[-1] - times[0]) / NANOSECONDS == pytest.approx(len(gaps) * INTERVAL, abs=INTERVAL / 2)


def test_a_stop_in_the_middle_of_the_start_is_a_stop(lan: Lan) -> None:
    host = lan.host("one", "192.0.2.11/24")
    for pause in (0.1, 0.2, 0.3):
        daemon = OurDaemon(host, router())
        time.sleep(pause)
        # Before the signals are watched it just dies, and has done nothing yet.
        assert daemon.stop() in (0, -signal.SIGTERM)
        assert {str(address) for address in host.held() if address.version == 4} == {"192.0.2.11/24"}


def test_a_second_daemon_on_the_same_directory_is_refused_and_the_first_goes_on(lan: Lan) -> None:
    host = lan.host("one", "192.0.2.11/24")
    first = OurDaemon(host, router(), label="refused")
    first.wait_for("MASTER")
    second = run_to_the_end(host, router(52, "192.0.2.101/24"))
    assert second.returncode == 1
    assert f"process {first.pid}" in second.stderr
    assert "Traceback" not in second.stderr
    assert first.router()["state"] == "MASTER"
    assert first.stop() == 0


def test_what_keeps_it_from_starting_is_said_and_nothing_is_left(lan: Lan) -> None:
    host = lan.host("one", "192.0.2.11/24")
    occupied = host.directory / "refused"
    occupied.mkdir()
    (occupied / "control.sock").write_text("not a socket")
    done = run_to_the_end(host, router())
    assert done.returncode == 1
    assert "exists and is not a socket" in done.stderr
    assert os.listdir(occupied) == ["control.sock"]  # noqa: PTH208 - the names


def test_without_capabilities_it_says_which_it_needs(lan: Lan) -> None:
    host = lan.host("one", "192.0.2.11/24")
    script = (
        "from pathlib import Path; from failover.config import parse; from failover.engine.daemon import Settings, run;"
        f'run(parse(\'{{"vrid":51,"interface_name":"eth0","ip_addresses":["192.0.2.100/24"]}}\'),'
        f" Settings(runtime_directory=Path({str(host.directory / 'run')!r})))"
    )
    without = ["setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw"]
    output = host.directory / "without.log"
    with output.open("wb") as log:
        process = host.popen([*without, sys.executable, "-c", script], output=log, env=ENVIRONMENT)
    assert process.wait(10) == 1
    assert "PermissionError: [Errno 1] needs CAP_NET_RAW" in output.read_text()
    assert not (host.directory / "run").exists()


def test_an_error_that_nobody_expected_ends_it_without_its_addresses(lan: Lan) -> None:
    """Two hosts would answer for them: the peers elect another MASTER when the advertisements stop."""
    capture = lan.capture()
    host = lan.host("one", "192.0.2.11/24")
    script = f"""
from pathlib import Path
from failover.config import parse
from failover.engine.fleet import network
from failover.engine import daemon
def broken(self):
    if any(instance.is_master for instance in self._registry.instances):
        raise RuntimeError("unexpected")
    self._interfaces.read()
network.Network._changed = broken
text = '{{"vrid":51,"interface_name":"eth0","ip_addresses":["192.0.2.100/24"],"advert_interval":0.05}}'
daemon.run(parse(text), daemon.Settings(runtime_directory=Path({str(host.directory / "run")!r})))
"""
    output = host.directory / "broken.log"
    with output.open("wb") as log:
        process = host.popen([sys.executable, "-c", script], output=log, env=ENVIRONMENT)
    assert process.wait(10) == 1
    assert "RuntimeError: unexpected" in output.read_text()
    adverts = capture.adverts(host="one")
    assert adverts[0].priority == 100, "it was MASTER"
    assert adverts[-1].priority == 0
    assert "192.0.2.100/24" not in {str(address) for address in host.held()}
    assert not (host.directory / "run").exists()


@contextmanager
def kept_from_its_grave(pid: int) -> Iterator[None]:
    """Whatever kills this process, its parent waits for its end until this one has let go (ptrace(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(ctypes.c_long(PTRACE_SEIZE), ctypes.c_long(pid), None, None):
        raise OSError(ctypes.get_errno(), "ptrace")
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        while not os.WIFSIGNALED(os.waitpid(pid, WALL)[1]):
            pass


def readers(daemon: OurDaemon) -> list[int]:
    """The processes that read its configuration, once they are what they are to be."""
    children = Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read_text().split()
    return [int(pid) for pid in children if b"reload.reader" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.mark.parametrize("of", ["reader", "agent"])
def test_a_process_that_does_not_end_when_it_is_killed_keeps_neither_addresses_nor_the_daemon(
    lan: Lan, of: str
) -> None:
    """As one does that waits for a disk which does not answer."""
    capture = lan.capture()
    host = lan.host("one", "192.0.2.11/24")
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    agent = daemon.agent()
    assert agent is not None
    held_up = agent
    if of == "reader":
        many = [
            router(n % 200 + 1, f"10.{n // 200}.{n % 200}.1/32", interface_name=f"x{n // 200}") for n in range(4000)
        ]
        daemon.config.write_text(json.dumps(many))  # takes it a second
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: readers(daemon), "the reader")
        (held_up,) = readers(daemon)
    os.kill(held_up, signal.SIGSTOP)
    with kept_from_its_grave(held_up):
        assert daemon.stop() == 0
    assert capture.adverts(host="one")[-1].priority == 0
    assert "192.0.2.100/24" not in {str(address) for address in host.held()}
    assert not daemon.runtime.exists()
