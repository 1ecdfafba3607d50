"""Asks the trackers how things are, and tells the virtual routers that follow them.

Trackers of interfaces are answered here, from what the kernel tells. Nothing here waits for anything.
"""

from collections.abc import Callable

from failover.config import InterfaceTracker
from failover.engine.environment import EventLoop
from failover.engine.events import EventSink
from failover.engine.fleet.registry import Registry
from failover.engine.intended import Intended
from failover.engine.tracking import Followed, Outcome, Tracking
from failover.events import Kind
from failover.linux.interfaces.readiness import carrier_fault
from failover.linux.interfaces.table import Interface
from failover.vrrp import Instant

_Named = Callable[[str], Interface | None]


class Trackers:
    """The trackers of an engine."""

    def __init__(self, loop: EventLoop, registry: Registry, interface: _Named, events: EventSink) -> None:
        """`interface` knows the interface of a name, as the kernel has told; the same object until that changes."""
        self._clock = loop.clock
        self._registry = registry
        self._interface = interface
        self._events = events
        self._outcomes: dict[InterfaceTracker, Outcome] = {}
        self._seen: dict[InterfaceTracker, Interface | None] = {}

    def tracking(self, intended: Intended) -> Tracking:
        """What a router with this configuration follows, as it is now."""
        return tuple(Followed(one, self._outcome(one.tracker)) for one in intended.tracks)

    def look(self, at: Instant) -> None:
        """Interfaces may have changed: whoever follows one that is well no longer, or again, is told."""
        changed = {
            tracker for tracker, seen in self._seen.items() if self._interface(tracker.interface_name) is not seen
        }
        changed = {tracker for tracker in changed if self._judge(tracker)}
        if changed:
            for instance in self._registry.instances:
                if any(one.tracker in changed for one in instance.intended.tracks):
                    instance.follow(self.tracking(instance.intended), at)

    def forget_unused(self) -> None:
        """Other routers run than before: ask no tracker that nobody follows."""
        used = {one.tracker for instance in self._registry.instances for one in instance.intended.tracks}
        for unused in self._seen.keys() - used:
            del self._seen[unused], self._outcomes[unused]

    def _outcome(self, tracker: InterfaceTracker) -> Outcome:
        if tracker not in self._outcomes:
            self._judge(tracker)
        return self._outcomes[tracker]

    def _judge(self, tracker: InterfaceTracker) -> bool:
        """Find out how it is; whether it is another way than before."""
        name = tracker.interface_name
        interface = self._seen[tracker] = self._interface(name)
        trouble = carrier_fault(name, interface)
        before = self._outcomes.get(tracker)
        text = trouble.detail if trouble else f"{name} is up"
        if before is not None and before.text == text:
            return False
        self._outcomes[tracker] = Outcome(trouble is None, text, self._clock.wall())
        if trouble is not None:
            self._events.tell(Kind.TRACKER_FAILED, {"tracker": tracker.name, "detail": text})
        elif before is not None:
            self._events.tell(Kind.TRACKER_RECOVERED, {"tracker": tracker.name, "detail": before.text})
        return True
