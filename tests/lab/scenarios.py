"""What two routers must do together, whoever wrote them; judged by a third host and by the switch.

Each scenario takes an `Arena` and the two routers' classes. Times are compared with what was on the wire.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest

from failover.lab.judge import who_has
from failover.lab.measure import takeovers
from failover.lab.network.decode import Advert
from failover.lab.network.lan import Lan
from failover.lab.network.waiting import wait_until
from failover.lab.router import Router, RouterSpec
from failover.vrrp.protocol import PROTOCOL_NUMBER, Family

EARLY: Final = 15_000_000
"""Nanoseconds: FRR rounds its skew time down to whole centiseconds, and 5 ms for the clocks."""
LATE: Final = 400_000_000
"""Nanoseconds that a busy machine may cost; a wrong timer is out by an interval or by seconds."""
PATIENCE: Final = 20
"""Seconds in which a daemon starts and does what it is waited for, also beside many others. How soon it did, the wire
says."""

Driver = type[Router]


@dataclass(frozen=True)
class Kind:
    """A version and a family, at an interval that is short for it."""

    name: str
    version: int
    family: Family
    interval: float

    def spec(self, priority: int = 100, *, count: int = 1, vrid: int = 51, preempt: bool = True) -> RouterSpec:
        """A virtual router with `count` addresses of its own."""
        if self.family is Family.IPV4:
            addresses = [f"192.0.2.{vrid + 50 + n}/24" for n in range(count)]
        else:
            addresses = [f"fe80::{vrid}:1/64", *(f"2001:db8::{vrid}:{n + 1}/64" for n in range(count - 1 or 1))]
        return RouterSpec(
            addresses=tuple(addresses),
            vrid=vrid,
            version=self.version,
            priority=priority,
            interval=self.interval,
            preempt=preempt,
        )


KINDS: Final = (
    Kind("v2-ipv4", 2, Family.IPV4, 1.0),
    Kind("v3-ipv4", 3, Family.IPV4, 0.1),
    Kind("v3-ipv6", 3, Family.IPV6, 0.1),
)


class Arena:
    """A LAN with a judge and a capture, and two hosts, `one` with the lower addresses."""

    def __init__(self, lan: Lan, kind: Kind) -> None:
        self.lan = lan
        self.kind = kind
        self.capture = lan.capture()
        self.judge = lan.host("judge", "192.0.2.3/24", "2001:db8::3/64")
        self.hosts = {
            "one": lan.host("one", "192.0.2.11/24", "2001:db8::11/64"),
            "two": lan.host("two", "192.0.2.12/24", "2001:db8::12/64"),
        }

    def router(self, driver: Driver, label: str, *specs: RouterSpec) -> Router:
        """A router, not started."""
        return driver(self.hosts[label], *specs)

    def pair(self, one: Driver, two: Driver, **spec: Any) -> tuple[Router, Router]:
        """Two routers for one virtual router, started: `one` with priority 200, `two` with 100."""
        first = self.router(one, "one", self.kind.spec(200, **spec))
        second = self.router(two, "two", self.kind.spec(100, **spec))
        first.start()
        second.start()
        # What happens to the first before the second listens, on a busy machine, is no takeover.
        for router in (first, second):
            wait_until(lambda router=router: self.listens(router), f"{router.host.label} listens", PATIENCE)  # type: ignore[misc]
        return first, second

    def listens(self, router: Router) -> bool:
        """Whether there is a raw socket for VRRP on its host, whichever program it is (proc_pid_net(5))."""
        table = "raw" if self.kind.family is Family.IPV4 else "raw6"
        with router.host.enter():
            lines = Path(f"/proc/thread-self/net/{table}").read_text().splitlines()[1:]
        return any(line.split()[1].endswith(f":{PROTOCOL_NUMBER:04X}") for line in lines)

    def adverts(self, router: Router | None = None, *, vrid: int = 51, since: int = 0) -> list[Advert]:
        host = None if router is None else router.host.label
        return self.capture.adverts(host=host, vrid=vrid, since=since)

    def expect_master(self, router: Router, index: int = 0) -> None:
        """Wait until it alone answers for every address, holds them, and is the last to have advertised."""
        spec = router.specs[index]
        limit = 3 * spec.master_down_interval / 1e9 + PATIENCE
        what = f"{router.host.label} is MASTER of {spec.vrid}"

        def advertised() -> bool:
            heard = self.adverts(vrid=spec.vrid)
            return bool(heard) and heard[-1].host == router.host.label and heard[-1].priority == spec.priority

        wait_until(advertised, f"{what}: advertises", limit)
        wait_until(lambda: router.is_master(spec), f"{what}: holds the addresses", limit)
        for address in spec.virtual_addresses:
            self.expect_answer(str(address.ip), router.mac(spec), limit)

    def expect_answer(self, address: str, mac: str, seconds: float) -> None:
        """Wait until exactly one MAC address answers for an address."""
        wait_until(lambda: who_has(self.judge, address, 0.05) == {mac}, f"only {mac} answers for {address}", seconds)

    def expect_advert(self, router: Router) -> None:
        """Wait until it has advertised."""
        wait_until(lambda: self.adverts(router), f"{router.host.label} advertises", PATIENCE)

    def takeover_gap(self, since: int, *, vrid: int = 51) -> int:
        return takeovers(self.adverts(vrid=vrid, since=since))[0].gap


def in_time(measured: int, theory: int) -> bool:
    return theory - EARLY <= measured <= theory + LATE


def crash(arena: Arena, router: Router) -> int:
    """The machine is gone. Return when it was last heard."""
    router.kill()
    arena.lan.cut(router.host)
    return arena.adverts(router)[-1].at


def election(arena: Arena, one: Driver, two: Driver) -> None:
    """The higher priority becomes MASTER, and only it."""
    first, second = arena.pair(one, two)
    arena.expect_master(first)
    assert not second.is_master(second.specs[0])
    quiet_since = arena.adverts(first)[-1].at
    wait_until(lambda: len(arena.adverts(first, since=quiet_since)) > 3, "the MASTER goes on")
    assert not arena.adverts(second, since=quiet_since)


def killed(arena: Arena, one: Driver, two: Driver) -> None:
    """The MASTER's machine dies: the BACKUP takes over after its master-down interval."""
    first, second = arena.pair(one, two)
    arena.expect_master(first)
    last = crash(arena, first)
    arena.expect_master(second)
    assert in_time(arena.takeover_gap(last), second.specs[0].master_down_interval)


def stopped(arena: Arena, one: Driver, two: Driver) -> None:
    """The MASTER is stopped: it says priority 0, and the BACKUP takes over after its skew time."""
    first, second = arena.pair(one, two)
    arena.expect_master(first)
    first.stop()
    arena.expect_master(second)
    last = arena.adverts(first)[-1]
    assert last.priority == 0
    assert in_time(arena.takeover_gap(last.at), second.specs[0].skew_time)


def returns_and_preempts(arena: Arena, one: Driver, two: Driver) -> None:
    """A higher priority that comes later takes over, after having listened for its master-down interval."""
    second = arena.router(two, "two", arena.kind.spec(100))
    second.start()
    arena.expect_master(second)
    first = arena.router(one, "one", arena.kind.spec(200))
    started = time.time_ns()
    first.start()
    arena.expect_master(first)
    assert arena.adverts(first)[0].at - started >= first.specs[0].master_down_interval - EARLY
    wait_until(lambda: not second.is_master(second.specs[0]), "the lower priority withdraws")


def returns_without_preemption(arena: Arena, one: Driver, two: Driver) -> None:
    """A higher priority that may not preempt leaves a working MASTER alone."""
    second = arena.router(two, "two", arena.kind.spec(100))
    second.start()
    arena.expect_master(second)
    first = arena.router(one, "one", arena.kind.spec(200, preempt=False))
    first.start()
    time.sleep(2 * first.specs[0].master_down_interval / 1e9)
    assert not arena.adverts(first)
    arena.expect_master(second)


def equal_priority(arena: Arena, one: Driver, two: Driver) -> None:
    """Two that became MASTER apart with one priority meet: the higher source address stays."""
    arena.lan.block(arena.hosts["one"])
    routers = [arena.router(d, label, arena.kind.spec(150)) for d, label in ((one, "one"), (two, "two"))]
    for router in routers:
        router.start()
    for router in routers:
        arena.expect_advert(router)
    arena.lan.unblock(arena.hosts["one"])
    winner = max(routers, key=lambda router: int(router.source(router.specs[0])))
    loser = next(router for router in routers if router is not winner)
    wait_until(lambda: not loser.is_master(loser.specs[0]), f"{loser.host.label} gives in")
    arena.expect_master(winner)


def twelve_addresses(arena: Arena, one: Driver, two: Driver) -> None:
    """All addresses move together."""
    first, second = arena.pair(one, two, count=12)
    arena.expect_master(first)
    assert arena.adverts(first)[-1].count == 12
    crash(arena, first)
    arena.expect_master(second)
    assert arena.adverts(second)[-1].addresses == tuple(a.ip for a in second.specs[0].virtual_addresses)


def two_vrids(arena: Arena, one: Driver, two: Driver) -> None:
    """Two virtual routers share the work, and the survivor does both."""
    plain = arena.kind.spec()
    other = arena.kind.spec(vrid=52)
    first = arena.router(one, "one", replace(plain, priority=200), replace(other, priority=100))
    second = arena.router(two, "two", replace(plain, priority=100), replace(other, priority=200))
    first.start()
    second.start()
    arena.expect_master(first, 0)
    arena.expect_master(second, 1)
    crash(arena, first)
    arena.expect_master(second, 0)
    arena.expect_master(second, 1)


Scenario = Callable[[Arena, Driver, Driver], None]

SCENARIOS: Final[Sequence[Scenario]] = (
    election,
    killed,
    stopped,
    returns_and_preempts,
    returns_without_preemption,
    equal_priority,
    twelve_addresses,
    two_vrids,
)


def play(lan: Lan, scenario: Scenario, kind: Kind, one: Driver, two: Driver) -> None:
    """Run a scenario, or skip it with the reason where one of the two cannot do it."""
    for driver in (one, two):
        for key in (scenario.__name__, f"{scenario.__name__}:{kind.name}"):
            if key in driver.unsupported:
                pytest.skip(f"{driver.program}: {driver.unsupported[key]}")
    scenario(Arena(lan, kind), one, two)
