"""What the agent is told, and when: events at once; what else has changed when it asks, and now and then.

All of it in portions that no advertisement has to wait for.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Final

from failover.engine.agent_link.channel import Channel
from failover.engine.environment import EventLoop
from failover.engine.events import Subject
from failover.engine.fleet.engine import Engine
from failover.engine.process.punctuality import Punctuality
from failover.engine.router.instance import Instance
from failover.events import Kind
from failover.messages import Ask, Changed, Counted, DaemonStatus, EngineLag, Event, Holds, Inventory, LastReload, Told
from failover.version import __version__
from failover.vrrp import Instant, seconds

_ROUTERS_AT_ONCE: Final = 32
"""Routers told of in one portion: a few hundred microseconds' work, and a tenth of what a message may have."""
_ADDRESSES_AT_ONCE: Final = 500
"""Addresses told in one message, of at most 60 bytes each."""
_REFRESHED_EVERY: Final = seconds(55)
"""How often numbers are told that nobody asked for: a little less than a minute, looked at every ten seconds or so."""


class StatusFeed:
    """Tells each agent what it must know, one agent after the other."""

    def __init__(self, channel: Channel, engine: Engine, realtime: Punctuality, loop: EventLoop) -> None:
        self._channel = channel
        self._engine = engine
        self._punctuality = realtime
        self._lateness = loop.lateness
        self._started_at = loop.clock.wall()
        self.configuration_file: str | None = None
        self.configuration_digest: str | None = None
        self.last_reload: LastReload | None = None
        """What an agent is told with the next `warnings`."""
        self._told_warnings = 0
        self._numbers: dict[Instance, int] = {}
        """The numbers of all routers that an agent is told of, in the order of the configuration."""
        self._numbered = 0
        self._told: dict[Instance, tuple[int, int]] = {}
        """The counts that were told last, by router: advertisements sent and received."""
        self._refresh_at = Instant(0)
        self._number()

    def event(self, event: Event, subject: Subject | None) -> None:
        """Something has happened, to a router or to the daemon."""
        self._channel.send(event)
        if isinstance(subject, Instance) and subject in self._numbers and self._channel.is_clear:
            self._send_status([subject])

    def warnings(self) -> None:
        """Tell every warning as an event, once, and then the daemon's status, which has them all."""
        for warning in self._punctuality.warnings[self._told_warnings :]:
            self._engine.events.tell(Kind.DEGRADED, {"warning": warning})
        self._told_warnings = len(self._punctuality.warnings)
        self._channel.send(self._daemon())

    def everything(self) -> None:
        """Greet a new agent: all that it must know."""
        self._channel.is_incomplete = False
        self._channel.send(self._daemon())
        self._send_lag()
        self._send_inventory()
        for some in self._portions(self._numbers):
            self._engine.later(partial(self._describe, some))

    def reconfigured(self, changed: Sequence[Instance]) -> None:
        """The engine has other routers than before, and these of them have changed."""
        before = self._numbers
        self._number()
        new = [instance for instance in self._numbers if instance not in before]
        for some in self._portions([*changed, *new]):
            self._engine.later(partial(self._describe, some))
        # Last: what the agent knows is whole all the time.
        self._engine.later(self._send_inventory)

    def answer(self, command: Ask) -> None:
        """Tell what has changed since the last time, and then that this was all."""
        self._refresh()
        self._engine.later(partial(self._channel.send, Told(command.id)))

    def _refresh(self) -> None:
        if not self._catch_up():
            return
        for some in self._portions(self._numbers):
            self._engine.later(partial(self._update, some))
        self._engine.later(self._send_lag)

    def keep_up(self, at: Instant) -> None:
        """Tell what nobody has asked for, every ten seconds: what waits or was lost, and numbers once a minute.

        Numbers are most of it: to a host with one virtual router, they would be a tenth of all that it does.
        """
        if at < self._refresh_at:
            self._catch_up()
            return
        self._refresh_at = Instant(at + _REFRESHED_EVERY)
        self._refresh()

    def _catch_up(self) -> bool:
        """Send what waits, or all anew where something was lost; whether there was neither."""
        self._channel.flush()
        # To an agent that is behind, more of the same would only push out the events that wait.
        if not self._channel.is_clear:
            return False
        if self._channel.is_incomplete:
            self.everything()
            return False
        return True

    def _number(self) -> None:
        """Give every router a number; those that have one keep it."""
        numbers: dict[Instance, int] = {}
        for instance in self._engine.instances:
            number = self._numbers.get(instance)
            if number is None:
                number = self._numbered
                self._numbered += 1
            numbers[instance] = number
        self._numbers = numbers
        self._told = {instance: told for instance, told in self._told.items() if instance in numbers}

    def _portions(self, instances: Iterable[Instance]) -> Iterator[list[Instance]]:
        rest = iter(instances)
        while some := list(islice(rest, _ROUTERS_AT_ONCE)):
            yield some

    def _describe(self, instances: list[Instance]) -> None:
        for instance in instances:
            number = self._numbers.get(instance)
            if number is None:  # gone meanwhile
                continue
            addresses = list(map(str, instance.router.held_addresses))
            for first in range(0, len(addresses) or 1, _ADDRESSES_AT_ONCE):
                self._channel.send(Holds(number, first, addresses[first : first + _ADDRESSES_AT_ONCE]))
        self._send_status(instances)

    def _update(self, instances: list[Instance]) -> None:
        self._send_status([instance for instance in instances if instance.reporter.changed])
        counts: dict[int, tuple[int, int]] = {}
        for instance in instances:
            number, counters = self._numbers.get(instance), instance.counters
            count = counters.advertisements_sent, counters.advertisements_received
            if number is not None and count != self._told.get(instance, (0, 0)):
                counts[number] = self._told[instance] = count
        if counts:
            self._channel.send(Counted(counts))

    def _send_status(self, instances: list[Instance]) -> None:
        there = [instance for instance in instances if instance in self._numbers]
        if there:
            self._channel.send(Changed({self._numbers[instance]: instance.status() for instance in there}))
        for instance in there:
            instance.reporter.changed = False

    def _send_inventory(self) -> None:
        self._channel.send(Inventory(list(self._numbers.values())))

    def _send_lag(self) -> None:
        since_start, last_minute = self._lateness.since_start(), self._lateness.last_minute()
        self._channel.send(EngineLag(since_start=since_start, last_minute=last_minute))

    def _daemon(self) -> DaemonStatus:
        return DaemonStatus(
            version=__version__,
            pid=os.getpid(),
            started_at=self._started_at,
            realtime=self._punctuality.status(),
            warnings=self._punctuality.warnings,
            last_reload=self.last_reload,
            configuration_file=self.configuration_file,
            configuration_digest=self.configuration_digest,
        )
