"""The demonstration: two routers share an address, which a client pings, through all kinds of failover.

That is: election, crash of the MASTER, its return, graceful stop of the MASTER, its return. The demonstration succeeds
only if the capture on the switch shows that each happened, and in time.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn, TextIO

from failover.lab.judge import who_has
from failover.lab.measure import takeovers
from failover.lab.network.client import Client
from failover.lab.network.lan import Lan
from failover.lab.network.namespaces import CommandError
from failover.lab.network.waiting import wait_until
from failover.lab.router import Daemon, Router, RouterSpec
from failover.lab.timeline import NANOSECONDS, Timeline, seconds

ADDRESS: Final = "192.0.2.100"
_PROBE_SECONDS: Final = 0.01
_EARLY: Final = 5_000_000
"""Nanoseconds. A takeover that is earlier than theory by more than this is wrong; less is the clocks' inaccuracy."""
_LATE_SECONDS: Final = 0.25
"""A takeover that is later than theory by more than an interval and this is wrong: even a busy machine is faster."""
_START_SECONDS: Final = 3.0
"""The additional time that the start of a daemon may take on a busy machine."""
_LOG_LINES: Final = 15

MakeRouter = Callable[..., Router]
"""Makes a router from its host and specification, such as the class `Daemon`."""


class _Failed(Exception):  # noqa: N818 - it ends the story, it is not an error of the program
    """A part of the demonstration did not happen as it should."""


class _Story:
    """The LAN, the two routers and the client of a demonstration, and its parts one after the other."""

    def __init__(self, lan: Lan, interval: float, timeline: Timeline, make: MakeRouter) -> None:
        self.timeline = timeline
        self.lan = lan
        self.interval = interval
        self.capture = lan.capture()
        self.watcher = lan.host("client", "192.0.2.30/24")
        self.alpha, self.beta = (
            make(
                lan.host(label, own),
                RouterSpec(addresses=(f"{ADDRESS}/24",), priority=priority, interval=interval),
            )
            for label, own, priority in (("alpha", "192.0.2.1/24", 200), ("beta", "192.0.2.2/24", 100))
        )
        self.rows: list[tuple[str, str, str, str]] = []

    def tell(self) -> None:
        """Do all parts of the demonstration; `_Failed` or `TimeoutError` where one fails."""
        self.timeline.event("alpha (priority 200) and beta (priority 100) start")
        self.alpha.start()
        self.beta.start()
        self._becomes_master(self.alpha, 0)
        with Client(self.watcher, ADDRESS, interval=_PROBE_SECONDS) as client:
            client.wait_for_answer()
            self.timeline.event(f"the client pings {ADDRESS} every 10 ms and is answered")
            self._crash(client)
            self._return(client, "the crashed MASTER returns")
            self._stop(client)
            self._return(client, "the stopped MASTER returns")
        self.alpha.stop()
        self.beta.stop()
        self.timeline.event("both stopped")
        if who_has(self.watcher, ADDRESS):
            raise _Failed(f"someone still answers for {ADDRESS} after both have stopped")

    def _crash(self, client: Client) -> None:
        since = self._last_advert()
        self.timeline.event("alpha crashes: SIGKILL, and its cable is cut", style="bold red")
        self.alpha.kill()
        self.lan.cut(self.alpha.host)
        self._becomes_master(self.beta, since)
        gap = self._gap(since)
        theory = self.beta.specs[0].master_down_interval
        self._in_time("beta took over", gap, theory)
        self._measured("MASTER crashes: last advert to first advert", gap, theory, client, since)

    def _stop(self, client: Client) -> None:
        since = self._last_advert()
        self.timeline.event("alpha is asked to stop: SIGTERM", style="bold yellow")
        self.alpha.stop()
        self._becomes_master(self.beta, since)
        last = self.capture.adverts(host=self.alpha.host.label)[-1]
        if last.priority != 0:
            raise _Failed(f"alpha's last advert has priority {last.priority}, not 0")
        gap = self._gap(since)
        theory = self.beta.specs[0].skew_time
        self._in_time("beta took over", gap, theory)
        self._measured("MASTER is stopped: priority 0 to first advert", gap, theory, client, since)

    def _return(self, client: Client, what: str) -> None:
        host = self.alpha.host
        self.lan.reboot(host)
        self.lan.restore(host)
        since = time.time_ns()
        self.timeline.event("alpha starts again", since)
        self.alpha.start()
        first = self._becomes_master(self.alpha, since)
        theory = self.alpha.specs[0].master_down_interval
        self._in_time("alpha came back", first - since, theory, _START_SECONDS)
        self._measured(f"{what}: start to first advert", first - since, theory, client, since)

    def _becomes_master(self, router: Router, since: int) -> int:
        """Wait until this router advertises, and only it answers for the address.

        Returns when its first advertisement after `since` was sent (wall clock, nanoseconds).
        """
        label, spec = router.host.label, router.specs[0]
        limit = 2 * spec.master_down_interval / NANOSECONDS + 5
        wait_until(lambda: self.capture.adverts(host=label, since=since), f"{label} advertises", limit)
        first = self.capture.adverts(host=label, since=since)[0].at
        self.timeline.event(f"{label} is MASTER", first, "bold green")
        expected = {router.mac(spec)}
        wait_until(lambda: who_has(self.watcher, ADDRESS) == expected, f"{label} alone answers for {ADDRESS}", limit)
        return first

    def _last_advert(self) -> int:
        return self.capture.adverts()[-1].at

    def _gap(self, since: int) -> int:
        """The nanoseconds from the last advertisement of the old MASTER to the first of the new one."""
        return takeovers(self.capture.adverts(since=since))[0].gap

    def _in_time(self, what: str, measured: int, theory: int, besides: float = 0) -> None:
        late = theory + round((self.interval + _LATE_SECONDS + besides) * NANOSECONDS)
        if not theory - _EARLY <= measured <= late:
            raise _Failed(f"{what} after {seconds(measured)}, not {seconds(theory)}")

    def _measured(self, what: str, measured: int, theory: int, client: Client, since: int) -> None:
        client.wait_for_answer()
        outage = client.longest_outage(since)
        seen = "none" if outage is None else f"{seconds(outage.duration)} ({outage.lost} lost)"
        if outage is not None and outage.end is not None:
            self.timeline.event(f"the client is answered again after {seconds(outage.duration)}", outage.end)
        self.rows.append((what, seconds(measured), seconds(theory), seen))


def demonstrate(interval: float = 1.0, out: TextIO | None = None, make: MakeRouter = Daemon) -> int:
    """Run the demonstration with this advertisement interval in seconds. Returns the exit status.

    0 only where everything happened in time; 130 where it was interrupted. `make` allows for other daemons than ours.
    """
    timeline = Timeline(out or sys.stdout)
    if os.geteuid() != 0 or shutil.which("ip") is None:
        timeline.say("The demonstration makes network namespaces: it needs root and the `ip` command (iproute2).")
        return 1
    timeline.say(
        f"Two routers, one address ({ADDRESS}), one client, on a LAN in network namespaces."
        f" Advertisements every {interval:g} s.",
        "bold",
    )
    try:
        with _terminable(), Lan() as lan:
            story = _Story(lan, interval, timeline, make)
            if not _succeeds(story):
                return 1
    except KeyboardInterrupt:
        timeline.say("Interrupted; everything is removed.")
        return 130
    timeline.say("")
    timeline.table(("", "measured", "theory", "client without answer"), story.rows)
    timeline.say("")
    timeline.say("The address survived.", "bold green")
    return 0


def _succeeds(story: _Story) -> bool:
    try:
        story.tell()
    except (_Failed, TimeoutError, CommandError) as failure:
        story.timeline.event(f"FAILED: {failure}", style="bold red")
        for router in (story.alpha, story.beta):
            story.timeline.say(f"The last that {router.host.label} said:")
            for line in router.log().splitlines()[-_LOG_LINES:]:
                story.timeline.say(f"  {line}")
        return False
    return True


@contextmanager
def _terminable() -> Iterator[None]:
    """Have SIGTERM and SIGHUP (the terminal was closed) raise `KeyboardInterrupt`, so that everything is removed."""

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    heeded = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, interrupt) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
