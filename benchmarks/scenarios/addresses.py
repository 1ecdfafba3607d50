"""How long a takeover of many takes: 250 or 500 addresses of one virtual router, or 100 virtual routers at once.

The MASTER is a script that resigns, so that its own work does not count. Times run from the new MASTER's first
advertisement. Other virtual routers of the same daemon are MASTER meanwhile, and must not be late.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, ip_interface
from typing import Final

from benchmarks.address_watch import AddressWatch
from benchmarks.arena import Arena, arena
from benchmarks.machine import Rest
from benchmarks.plan import Plan, hasty
from benchmarks.programs import BOTH, Driver
from benchmarks.quantiles import spacings
from benchmarks.registry import Scenario
from benchmarks.results import Measurement, Target
from benchmarks.rounds import Round
from benchmarks.speaker import Speaker
from failover.lab.network.capture import Capture
from failover.lab.network.decode import Claim
from failover.lab.network.lan import Host
from failover.lab.network.waiting import wait_until
from failover.lab.router import RouterSpec

INTERVAL: Final = 0.1
OTHERS: Final = tuple(
    RouterSpec(addresses=(f"10.0.1.{vrid}/16",), vrid=vrid, interval=0.01) for vrid in range(251, 256)
)
BURST_GAP: Final = 500_000_000
"""Nanoseconds without a gratuitous ARP that end the first burst."""
MILLI: Final = 1e6
PATIENCE_SECONDS: Final = 20
ROUNDS: Final = 25
"""One takeover in three takes a third longer than the others, whoever takes over."""


@dataclass(frozen=True)
class Case:
    """So many virtual routers with so many addresses each."""

    routers: int
    addresses: int

    @property
    def name(self) -> str:
        """For the command line."""
        return f"{self.routers}x{self.addresses}"

    @property
    def title(self) -> str:
        """For the table."""
        return f"{self.addresses} addresses" if self.routers == 1 else f"{self.routers} routers at once"

    @property
    def specs(self) -> list[RouterSpec]:
        """The virtual routers; one address of each is advertised, the others are held."""
        return [
            RouterSpec(addresses=(first,), excluded=tuple(rest), vrid=vrid, interval=INTERVAL)
            for vrid in range(1, self.routers + 1)
            for first, *rest in [[f"{address}/16" for address in self._addresses(vrid)]]
        ]

    @property
    def all_addresses(self) -> frozenset[IPv4Address]:
        """Of all of them."""
        return frozenset(address for vrid in range(1, self.routers + 1) for address in self._addresses(vrid))

    @property
    def last(self) -> IPv4Address | None:
        """Which one comes last, where that is known: both programs go by the order of the configuration."""
        return self._addresses(1)[-1] if self.routers == 1 else None

    def _addresses(self, vrid: int) -> list[IPv4Address]:
        first = IPv4Address("10.0.8.0") + self.addresses * (vrid - 1)
        return [first + number for number in range(self.addresses)]


CASES: Final = (Case(1, 250), Case(1, 500), Case(100, 1))
WHAT: Final = {
    "adverts": "first to last advert",
    "configured": "first advert to the last address configured",
    "announced": "first advert to the last address announced once",
    "burst": "first advert to the last gratuitous ARP of the first burst",
    "late": "worst lateness of other routers' adverts meanwhile, at 0.01 s",
}


def _takeover(made: Arena, driver: Driver, case: Case) -> tuple[dict[str, float], float]:
    """One takeover: milliseconds, and how busy the rest of the machine was."""
    router = driver(made.two, *case.specs, *OTHERS)
    with Speaker(made.one, case.specs) as master, AddressWatch(made.two, case.last) as watch:
        router.start()
        made.settle(made.two, len(OTHERS) / OTHERS[0].interval, hasty(INTERVAL))
        capture = made.capture(only=made.two)
        with Rest() as rest:
            resigned = time.time_ns()
            master.resign()
            watched = {case.last} if case.last else case.all_addresses
            wait_until(lambda: watched <= watch.appeared().keys(), "every address is there", PATIENCE_SECONDS)
            _listen(capture, case)
        appeared = watch.appeared()
    _see_that_it_was_the_last(made.two, case)
    return _milliseconds(capture, case, resigned, max(appeared[one] for one in watched)), rest.cpus


def _see_that_it_was_the_last(host: Host, case: Case) -> None:
    """The kernel lists addresses of a subnet in the order in which they were added."""
    listed = host.run(["ip", "-o", "-4", "addr", "show", "dev", host.interface]).stdout.splitlines()
    there = [address for line in listed if (address := ip_interface(line.split()[3]).ip) in case.all_addresses]
    if set(there) != case.all_addresses or case.last not in {None, there[-1]}:
        raise RuntimeError(f"{len(there)} addresses are there, the last is {there[-1]} and not {case.last}")


def _listen(capture: Capture, case: Case) -> None:
    """Until every address has been announced and a burst is over; asking seldom, because to ask takes time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        time.sleep(1.0)
        claims = _claims(capture)
        if case.all_addresses <= {claim.address for claim in claims} and time.time_ns() - claims[-1].at > BURST_GAP:
            return
    raise TimeoutError("not every address was announced")


def _claims(capture: Capture) -> list[Claim]:
    return [claim for claim in capture.claims(host="two") if claim.is_gratuitous]


def _milliseconds(capture: Capture, case: Case, resigned: int, configured: int) -> dict[str, float]:
    vrids = {spec.vrid for spec in case.specs}
    adverts = capture.adverts(host="two")
    firsts: dict[int, int] = {}
    for advert in adverts:
        if advert.vrid in vrids and advert.at >= resigned:
            firsts.setdefault(advert.vrid, advert.at)
    began = min(firsts.values())
    claims = [claim for claim in _claims(capture) if claim.address in case.all_addresses]
    announced = {claim.address: claim.at for claim in reversed(claims)}
    others = [[one.at for one in adverts if one.vrid == spec.vrid] for spec in OTHERS]
    late = max(spacing for times in others for spacing in spacings(times)) - OTHERS[0].interval * 1e9
    return {
        "adverts": (max(firsts.values()) - began) / MILLI,
        "configured": (configured - began) / MILLI,
        "announced": (max(announced.values()) - began) / MILLI,
        "burst": (first_burst_end([claim.at for claim in claims]) - began) / MILLI,
        "late": late / MILLI,
    }


def first_burst_end(times: Sequence[int]) -> int:
    """The last of the times before a gap of `BURST_GAP`."""
    for index, spacing in enumerate(spacings(times)):
        if spacing > BURST_GAP:
            return times[index]
    return times[-1]


def takeovers(case: Case, drivers: Sequence[Driver]) -> Round:
    """One by each program."""
    values: dict[str, dict[str, float]] = {what: {} for what in WHAT}
    busiest = 0.0
    for driver in drivers:
        with arena() as made:
            found, rest = _takeover(made, driver, case)
        for what, value in found.items():
            values[what][driver.program] = value
        busiest = max(busiest, rest)
    return Round(values, busiest)


def _target(case: Case, key: str) -> Target | None:
    if key == "late":
        return Target(value=2.0)
    return Target(ratio=0.6) if key in {"configured", "announced"} and case.addresses == 500 else None


def _run(case: Case, plan: Plan) -> Iterator[Measurement]:
    rounds = plan.collect(lambda: takeovers(case, BOTH), full=ROUNDS)
    for key, what in WHAT.items():
        if key == "adverts" and case.routers == 1:
            continue
        yield Measurement(
            scenario=f"addresses/{case.name}",
            what=f"{what}, {case.title}",
            unit="ms",
            samples=rounds.samples(key),
            target=_target(case, key),
            labels={"key": key, "routers": case.routers, "addresses": case.addresses},
            rest=rounds.rest,
            dropped=rounds.dropped,
        )


SCENARIOS: Final = tuple(
    Scenario(f"addresses/{case.name}", partial(_run, case), is_smoked=case.addresses == 500) for case in CASES
)
