"""The programs under comparison, as drivers of the lab, each with its real-time setting on or off.

keepalived writes no more to its log than it must: its default, and ours.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

from benchmarks.results import FRR, KEEPALIVED, OURS
from failover.lab.network.waiting import wait_until
from failover.lab.router import Router
from tests.lab import frr, keepalived, ours

_KEEPALIVED_OPTIONS: Final = ("-n", "-P", "-G", "-l")


class Ours(ours.Ours):
    """Our daemon, with real-time priority as is its default."""

    program = OURS
    realtime_priority: ClassVar[int] = 49
    tree: ClassVar[Path | None] = None
    """The sources that it runs from; None: what is installed."""

    def environment(self) -> dict[str, str]:
        """With its sources before all that is installed, for its children too."""
        return super().environment() | ({"PYTHONPATH": str(self.tree)} if self.tree else {})

    def configuration(self) -> dict[str, Any]:
        """With the daemon's own settings."""
        return super().configuration() | {"daemon": {"realtime_priority": self.realtime_priority}}


class OursOrdinary(Ours):
    """An ordinary process."""

    realtime_priority = 0


class Keepalived(keepalived.Keepalived):
    """keepalived with real-time priority.

    Its own limit, 10 ms of computing without a pause, kills it where routers are many.
    """

    program = KEEPALIVED
    options = _KEEPALIVED_OPTIONS
    global_settings: ClassVar[Sequence[str]] = (
        "vrrp_rt_priority 50",
        "vrrp_rlimit_rttime 5000000",
    )


class KeepalivedOrdinary(Keepalived):
    """keepalived as it is without a setting: an ordinary process."""

    global_settings = ()


class Frr(frr.Frr):
    """FRR, which has no real-time setting. It wants an interface for each virtual router: not for hundreds of them."""

    program = FRR


Driver = type[Router]

BOTH: Final[tuple[Driver, ...]] = (Ours, Keepalived)
ALL: Final[tuple[Driver, ...]] = (*BOTH, Frr)
ALL_ORDINARY: Final[tuple[Driver, ...]] = (OursOrdinary, KeepalivedOrdinary, Frr)


def ours_from(checkout: Path, name: str) -> type[Ours]:
    """Our daemon from the sources of a checkout, under the interpreter and with the packages of this one."""

    class FromCheckout(Ours):
        program = name
        tree = checkout.resolve() / "src"

    return FromCheckout


def engine_pid(router: Router) -> int:
    """The process that does the protocol: our engine, keepalived's VRRP child, FRR's vrrpd."""
    if isinstance(router, keepalived.Keepalived):
        file = router.child_pid_file
        wait_until(lambda: file.exists() and file.read_text().strip(), "keepalived has its child")
        return int(file.read_text())
    return router.processes[-1].pid


def helper_pids(router: Router) -> tuple[int, ...]:
    """What else of it runs: our agent, keepalived's parent."""
    return tuple(router.host.pids() - {engine_pid(router)})
