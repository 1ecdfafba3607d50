"""Makes the engine's process punctual, as far as it is allowed to, and says what is missing.

A bug cannot hang the host. The kernel leaves ordinary processes a twentieth of each CPU (`sched_rt_runtime_us`, or the
fair server of newer kernels); an engine that computes for `_MOST_WITHOUT_SLEEP` without sleeping once gets SIGXCPU
and is an ordinary process from then on; if it never comes back to its loop, systemd's watchdog ends it.
"""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from failover.config import DaemonSettings
from failover.linux.errors import reason
from failover.linux.process import capabilities, realtime
from failover.messages import RealtimeStatus

_MOST_WITHOUT_SLEEP: Final = 5_000_000
"""Microseconds of computing before SIGXCPU. The start of thousands of routers takes less, the unit's watchdog 10 s."""
_TIME_SLICE: Final = 100_000
"""Nanoseconds, the least that there is; most wake-ups take less. Measured beside two processes that take all CPU they
get: with this, and with what `transmit.slots` does, 1 of 1000 wake-ups is 4 ms late; with neither, 1 of 50."""
_BEAT_LEAD: Final = 150_000
"""Nanoseconds by which a real-time process is up before a beat at a short interval; its wake-ups are hardly ever later
than that. Measured beside two processes that take all CPU they get: 1 of 100 beats is 0.02 ms late, not 0.1."""
_MOST_BEATS: Final = 8
"""So many groups of routers may have that: each takes a CPU for 0.015 of the time at 0.01 s, for 0.0015 at 0.1 s."""
_TIMER_SLACK: Final = 1
"""Nanoseconds by which the kernel may put off a timer; an ordinary process has 50 000."""


class Punctuality:
    """What was asked of the kernel for this process, and what came of it."""

    def __init__(self, settings: DaemonSettings) -> None:
        self._settings = settings
        self._memory_locked = False
        self._is_scheduled = False
        self.has_given_up = False
        """Whether it was a real-time process and is none any more."""
        self._before = (realtime.affinity(), realtime.running_limit())
        self._within = self._before
        self.warnings: list[str] = []
        """What was wanted and could not be had, a sentence each."""

    def enter(self) -> None:
        """Ask for everything; each refusal becomes a warning."""
        wanted = self._settings
        if wanted.cpu_affinity:
            self._attempt("CPU affinity is not set", "", lambda: realtime.set_affinity(wanted.cpu_affinity))
            absent = sorted(set(wanted.cpu_affinity) - realtime.affinity())
            if absent and not self.warnings:
                self.warnings.append(
                    f"CPU affinity is not as configured: this host has no CPU {', '.join(map(str, absent))}"
                )
        if wanted.lock_memory:
            self._memory_locked = self._attempt("memory is not locked", "CAP_IPC_LOCK", realtime.lock_memory)
        self._attempt("timers are not exact", "", lambda: realtime.set_timer_slack(_TIMER_SLACK))
        # For whoever is or becomes an ordinary process.
        self._attempt("no short time slices", "", lambda: realtime.set_time_slice(_TIME_SLICE))
        if wanted.realtime_priority:
            # The limit first: there is no moment without it.
            realtime.limit_running(_MOST_WITHOUT_SLEEP)
            self._is_scheduled = self._attempt(
                "no real-time scheduling", "CAP_SYS_NICE", lambda: realtime.schedule(wanted.realtime_priority)
            )
        self._within = (realtime.affinity(), realtime.running_limit())

    def _attempt(self, without: str, needed: str, ask: Callable[[], None]) -> bool:
        try:
            ask()
        except OSError as error:
            lacking = error.errno == errno.EPERM and needed and not capabilities.has(capabilities.OPTIONAL[needed])
            self.warnings.append(f"{without}: {f'needs {needed}' if lacking else reason(error)}")
            return False
        return True

    def beat_lead(self, short_beats: int) -> int:
        """Nanoseconds by which to be up before each of so many beats; 0 where that is in vain or takes too much CPU."""
        return _BEAT_LEAD if self._is_scheduled and short_beats <= _MOST_BEATS else 0

    def give_up(self, *_: object) -> None:
        """The handler of SIGXCPU: let others run, as far as it is a real-time process."""
        if not self._is_scheduled:
            return
        realtime.schedule_ordinarily()
        self._is_scheduled = False
        self.has_given_up = True
        self.warnings.append(
            f"real-time scheduling was given up: {_MOST_WITHOUT_SLEEP / 1e6:g} s of computing without a pause"
        )

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Start another program meanwhile: it inherits what an ordinary process has.

        But for the timer slack, which a real-time process has none of and cannot set: the agent does that itself.
        """
        _inherit(self._before)
        try:
            yield
        finally:
            _inherit(self._within)

    def status(self) -> RealtimeStatus:
        """What is in force, by the kernel's account."""
        scheduler, priority = realtime.scheduling()
        return RealtimeStatus(
            scheduler=scheduler,
            priority=priority,
            memory_locked=self._memory_locked,
            timer_slack_ns=realtime.timer_slack(),
            time_slice_ns=realtime.time_slice(),
            cpu_affinity=sorted(realtime.affinity()) if self._settings.cpu_affinity else None,
        )


def _inherit(inherited: tuple[frozenset[int], int]) -> None:
    cpus, limit = inherited
    with suppress(OSError):  # a CPU may have been taken away meanwhile
        realtime.set_affinity(cpus)
    realtime.limit_running(limit)
