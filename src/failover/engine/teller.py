"""What the agent is told, and when: events at once; what else has changed when it asks, and now and then.

All of it in portions that no advertisement has to wait for.
"""

import os
import time
from functools import partial
from itertools import islice
from typing import Final

from failover.engine.channel import Channel
from failover.engine.engine import Engine
from failover.engine.instance import Instance
from failover.engine.lateness import Lateness
from failover.engine.realtime import RealTime
from failover.engine.reporting import wall_clock
from failover.messages import Changed, Counted, DaemonStatus, EngineLag, Event, Holds
from failover.version import __version__

_ROUTERS_AT_ONCE: Final = 32
"""A few hundred microseconds' work, and a tenth of what a message may have."""
_ADDRESSES_AT_ONCE: Final = 500
"""Of at most 60 bytes each."""


class Teller:
    """Tells one agent after the other."""

    def __init__(self, channel: Channel, engine: Engine, realtime: RealTime, lateness: Lateness) -> None:
        self._channel = channel
        self._engine = engine
        self._realtime = realtime
        self._lateness = lateness
        self._started_at = time.time_ns()
        self._told_warnings = 0
        self._places: dict[Instance, int] = {instance: place for place, instance in enumerate(engine.instances)}
        self._told: list[tuple[int, int]] = [(0, 0)] * len(engine.instances)

    def event(self, event: Event, instance: Instance | None) -> None:
        """Something has happened, to a router or to the daemon."""
        self._channel.send(event)
        if instance is not None and self._channel.is_clear:
            self._send_status([self._places[instance]])

    def warnings(self) -> None:
        """An event for every warning, once; and the status that has them all."""
        for warning in self._realtime.warnings[self._told_warnings :]:
            self._channel.send(Event(at=wall_clock(), kind="degraded", fields={"warning": warning}))
        self._told_warnings = len(self._realtime.warnings)
        self._channel.send(self._daemon())

    def everything(self) -> None:
        """Greet a new agent: all that it must know."""
        self._channel.is_incomplete = False
        self._channel.send(self._daemon())
        self._send_lag()
        for places in self._portions():
            self._engine.later(partial(self._describe, places))

    def refresh(self) -> None:
        """What has changed since the last time."""
        self._channel.flush()
        # To an agent that is behind, more of the same would only push out the events that wait.
        if not self._channel.is_clear:
            return
        if self._channel.is_incomplete:
            self.everything()
            return
        for places in self._portions():
            self._engine.later(partial(self._update, places))
        self._engine.later(self._send_lag)

    def _portions(self) -> list[range]:
        count = len(self._engine.instances)
        return [range(start, min(start + _ROUTERS_AT_ONCE, count)) for start in range(0, count, _ROUTERS_AT_ONCE)]

    def _describe(self, places: range) -> None:
        for place in places:
            addresses = iter(self._engine.instances[place].router.held_addresses)
            first = 0
            while part := [str(address) for address in islice(addresses, _ADDRESSES_AT_ONCE)]:
                self._channel.send(Holds(place, first, part))
                first += len(part)
        self._send_status(places)

    def _update(self, places: range) -> None:
        instances = self._engine.instances
        self._send_status([place for place in places if instances[place].changed])
        counts: dict[int, tuple[int, int]] = {}
        for place in places:
            counters = instances[place].counters
            count = counters.advertisements_sent, counters.advertisements_received
            if count != self._told[place]:
                counts[place] = self._told[place] = count
        if counts:
            self._channel.send(Counted(counts))

    def _send_status(self, places: range | list[int]) -> None:
        instances = self._engine.instances
        if places:
            self._channel.send(Changed({place: instances[place].status() for place in places}))
        for place in places:
            instances[place].told()

    def _send_lag(self) -> None:
        since_start, last_minute = self._lateness.since_start(), self._lateness.last_minute()
        self._channel.send(EngineLag(since_start=since_start, last_minute=last_minute))

    def _daemon(self) -> DaemonStatus:
        return DaemonStatus(
            version=__version__,
            pid=os.getpid(),
            started_at=self._started_at,
            routers=len(self._places),
            realtime=self._realtime.status(),
            warnings=self._realtime.warnings,
        )
