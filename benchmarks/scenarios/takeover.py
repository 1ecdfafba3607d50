"""One life of a pair of routers: graceful stop, return of the higher priority, crash. All times are the switch's.

Both routers are the same program. A client asks the virtual address for an echo every millisecond, at 0.01 s four
times, so its times are exact to that. It shares two CPUs with the routers, so it waits while ours computes. FRR
rounds its skew time down to whole centiseconds, and so is faster than theory.
"""

import signal
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from benchmarks.arena import Arena, arena, specs
from benchmarks.echoes import first_reply
from benchmarks.machine import Rest
from benchmarks.plan import Plan
from benchmarks.programs import ALL, Driver
from benchmarks.registry import Scenario
from benchmarks.results import Measurement, Target
from benchmarks.rounds import Round
from failover.lab.measure import takeovers
from failover.lab.network.capture import Capture
from failover.lab.network.client import Client
from failover.lab.network.waiting import wait_until
from failover.lab.router import Router

INTERVALS: Final = (1.0, 0.1, 0.01)
MILLI: Final = 1e6
PROBES: Final = 40
"""At least, in an interval."""
WHAT: Final = {
    "excess": ("crash: last advert to first advert, beyond the master-down interval", Target(ratio=1.5, value=0.3)),
    "announced": ("crash: first advert to first gratuitous ARP", None),
    "answered": ("crash: first advert to first answer to the client", None),
    "stop": ("graceful stop: SIGTERM to the client being served by the other", Target(ratio=1.05)),
    "return": ("return of the higher priority: its first advert to its first answer to the client", None),
    "return outage": ("return of the higher priority: longest time without an answer", None),
}


class Life:
    """Two routers of one program and a client, from the election to the crash."""

    def __init__(self, made: Arena, driver: Driver, interval: float) -> None:
        self._arena = made
        self._interval = interval
        self._probe = min(0.001, interval / PROBES)
        self._capture = made.capture()
        self._one: Router = driver(made.one, *specs(1, interval, 200))
        self._two: Router = driver(made.two, *specs(1, interval, 100))
        self.found: dict[str, float] = {}
        self.rest = 0.0

    def live(self) -> None:
        """All of it."""
        self._two.start()
        self._one.start()
        self._in_office("one", 0)
        address = str(self._one.specs[0].virtual_addresses[0].ip)
        with Client(self._arena.client, address, interval=self._probe) as client:
            client.wait_for_answer()
            self._stop()
            self._return(client)
            client.wait_for_answer()
            self._crash()

    def _stop(self) -> None:
        with Rest() as rest:
            began = time.time_ns()
            self._one.processes[-1].send_signal(signal.SIGTERM)
            served = self._served("two", began)
            self._in_office("two", began)
        self._one.stop()
        self.found["stop"] = (served - began) / MILLI
        self.rest = max(self.rest, rest.cpus)

    def _return(self, client: Client) -> None:
        began = time.time_ns()
        self._one.start()
        self._in_office("one", began)
        first = self._capture.adverts(host="one", since=began)[0].at
        served = self._served("one", first)
        # an answer waits for the next probe at most, so three of them are no outage
        outage = client.longest_outage(first - 2 * round(self._probe * 1e9))
        self.found["return"] = (served - first) / MILLI
        self.found["return outage"] = outage.duration / MILLI if outage else 0.0

    def _crash(self) -> None:
        self._one.kill()
        self._arena.cut(self._one.host)
        killed = time.time_ns()
        with Rest() as rest:
            self._in_office("two", killed)
        change = takeovers(self._capture.adverts())[-1]
        first = change.first.at
        claims = [claim.at for claim in self._capture.claims(host="two", since=change.last.at) if claim.is_gratuitous]
        self.found["excess"] = (change.gap - self._two.specs[0].master_down_interval) / MILLI
        self.found["announced"] = (claims[0] - first) / MILLI
        self.found["answered"] = (self._served("two", first) - first) / MILLI
        self.rest = max(self.rest, rest.cpus)

    def _in_office(self, label: str, since: int) -> None:
        """It has advertised for long enough for the other to have heard it, and to have settled."""
        enough = 2 + round(0.3 / self._interval)
        what = f"{label} is in office"
        wait_until(lambda: len(_adverts(self._capture, label, since)) > enough, what, 30)

    def _served(self, label: str, since: int) -> int:
        wait_until(lambda: first_reply(self._capture, label, since), f"the client is served by {label}", 30)
        served = first_reply(self._capture, label, since)
        if served is None:
            raise LookupError(label)
        return served


def _adverts(capture: Capture, label: str, since: int) -> list[int]:
    return [advert.at for advert in capture.adverts(host=label, since=since) if advert.priority]


def lives(interval: float, drivers: Sequence[Driver]) -> Round:
    """One of each program."""
    values: dict[str, dict[str, float]] = {what: {} for what in WHAT}
    rest = 0.0
    for driver in drivers:
        with arena() as made:
            life = Life(made, driver, interval)
            life.live()
        for what, value in life.found.items():
            values[what][driver.program] = value
        rest = max(rest, life.rest)
    return Round(values, rest)


def _run(interval: float, plan: Plan) -> Iterator[Measurement]:
    rounds = plan.collect(lambda: lives(interval, ALL), full=7, quick=3)
    for key, (what, target) in WHAT.items():
        yield Measurement(
            scenario=f"failover/{interval:g}s",
            what=f"{what}, {interval:g} s",
            unit="ms",
            samples=rounds.samples(key),
            target=target,
            labels={"key": key, "interval": interval},
            rest=rounds.rest,
            dropped=rounds.dropped,
        )


SCENARIOS: Final = tuple(
    Scenario(f"failover/{interval:g}s", partial(_run, interval), is_smoked=interval == 0.01) for interval in INTERVALS
)
