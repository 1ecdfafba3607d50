"""Start and stop, from exec and from SIGTERM, of an address owner, which does not wait for an election."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Final

from benchmarks.arena import Arena, arena
from benchmarks.machine import Rest
from benchmarks.plan import Plan
from benchmarks.programs import BOTH, Driver, Ours
from benchmarks.registry import Scenario
from benchmarks.results import OURS, Measurement, Target
from benchmarks.rounds import Round
from failover.lab.network.capture import Capture
from failover.lab.network.waiting import wait_until
from failover.lab.router import RouterSpec

OWNER: Final = RouterSpec(addresses=("10.0.1.1/16",), priority=255)
MILLI: Final = 1e6
WHAT: Final = {
    "advert": ("exec to an owner's first advert", Target(value=120.0)),
    "resigned": ("SIGTERM to priority 0 on the wire", Target(value=5.0)),
    "exited": ("SIGTERM to exit", Target(ratio=0.1)),
    "ready": ("exec to READY=1; other: an interpreter that does nothing", None),
}


class _Notifying(Ours):
    """Told where to say READY=1, as a service manager does."""

    def environment(self) -> dict[str, str]:
        """With the manager's socket."""
        return {**super().environment(), "NOTIFY_SOCKET": str(self.host.directory / "notify")}


def _ready(made: Arena) -> float:
    address = made.one.directory / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.settimeout(10)
        daemon = _Notifying(made.one, OWNER)
        began = time.monotonic_ns()
        daemon.start()
        while b"READY=1" not in manager.recv(4096):
            pass
        took = time.monotonic_ns() - began
        daemon.stop()
    address.unlink()
    return took / MILLI


def _interpreter() -> float:
    began = time.monotonic_ns()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return (time.monotonic_ns() - began) / MILLI


def _life(made: Arena, driver: Driver) -> dict[str, float]:
    with made.capture(only=made.one) as capture:
        router = driver(made.one, OWNER)
        started = time.time_ns()
        router.start()
        first = _first(capture, OWNER.priority)
        wait_until(lambda: len(capture.adverts()) > 1, "another advertisement", 10)
        stopped = time.time_ns()
        router.processes[0].send_signal(signal.SIGTERM)
        router.processes[0].wait(30)
        exited = time.time_ns()
        resigned = _first(capture, 0)
    return {
        "advert": (first - started) / MILLI,
        "resigned": (resigned - stopped) / MILLI,
        "exited": (exited - stopped) / MILLI,
    }


def _first(capture: Capture, priority: int) -> int:
    def found() -> list[int]:
        return [advert.at for advert in capture.adverts() if advert.priority == priority]

    wait_until(found, f"an advertisement of priority {priority}", 30)
    return found()[0]


def _round() -> Round:
    values: dict[str, dict[str, float]] = {what: {} for what in WHAT}
    with arena() as made, Rest() as rest:
        values["ready"] = {OURS: _ready(made), "interpreter": _interpreter()}
        made.reboot(made.one)
        for driver in BOTH:
            for what, value in _life(made, driver).items():
                values[what][driver.program] = value
            made.reboot(made.one)
    return Round(values, rest.cpus)


def _run(plan: Plan) -> Iterator[Measurement]:
    rounds = plan.collect(_round, full=7, quick=3)
    for key, (what, target) in WHAT.items():
        yield Measurement(
            scenario="lifetime",
            what=what,
            unit="ms",
            samples=rounds.samples(key),
            target=target,
            labels={"key": key},
            rest=rounds.rest,
            dropped=rounds.dropped,
        )


SCENARIOS: Final = (Scenario("lifetime", _run),)
