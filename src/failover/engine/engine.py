"""The engine: all virtual routers of a configuration, made, started, watched for lateness, and stopped.

What their interfaces do is `network`'s. It owns descriptors and no process: the daemon (`daemon`) and the library
drive it through its loop.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from failover.config import Configuration
from failover.config import VirtualRouter as Entry
from failover.config import instances as protocol_instances
from failover.engine.attachment import Attachment
from failover.engine.beat import SHORT, Beat
from failover.engine.dispatch import Dispatch
from failover.engine.instance import Instance
from failover.engine.loop import Loop
from failover.engine.network import Network
from failover.engine.phases import Place, assign_beats
from failover.engine.reporting import Fields, Hush, master_down_interval, wall_clock
from failover.linux.netlink_socket import Netlink
from failover.linux.timer import now
from failover.messages import Event
from failover.vrrp import Instant, VirtualRouter, seconds, to_seconds

TOLERATED_LATENESS = 1 / 4
"""Of the shortest master-down interval. What is later than that, and a lost packet or two, is a failover."""

_TOLERATED_BY_ALL = seconds(0.0075)
"""What even the shortest master-down interval tolerates, three times 10 ms."""

Publish = Callable[[Event, Instance | None], None]
"""Called with everything that happens, and the router that it is about; must not block, must not raise."""


class Engine:
    """Runs virtual routers. `start`, then `dispatch` whenever `fileno` is readable, at last `stop`."""

    def __init__(self, configuration: Configuration, loop: Loop, publish: Publish) -> None:
        """Open netlink. Nothing is sent or changed before `start`; `OSError` says what could not be opened."""
        self._loop = loop
        self._publish = publish
        self._netlink = Netlink()
        self._dispatch = Dispatch(loop, self._netlink)
        self._attachments: dict[str, Attachment] = {}
        try:
            self._network = Network(
                loop, self._netlink, self._dispatch, self._attachments, lambda event: publish(event, None)
            )
        except OSError:
            self._netlink.close()
            raise
        self._hush = Hush()
        self.instances: list[Instance] = []
        entries = [(entry, router) for entry in configuration.virtual_routers for router in protocol_instances(entry)]
        places = assign_beats([(entry.interface_name, router) for entry, router in entries])
        self.short_beats_per_second = sum(
            1 / to_seconds(place.interval) for place in set(places) if place.interval <= SHORT
        )
        """While it is MASTER of all."""
        made: dict[Place, Beat] = {}
        for (entry, router), place in zip(entries, places, strict=True):
            self._add(entry, router, place, made)

    def _add(self, entry: Entry, router: VirtualRouter, place: Place, beats: dict[Place, Beat]) -> None:
        name = entry.interface_name
        attachment = self._attachments.get(name)
        if attachment is None:
            attachment = self._attachments[name] = Attachment(name, self._loop, self._netlink)
        beat = beats.get(place)
        if beat is None:
            send = partial(attachment.send, router.family)
            beat = beats[place] = Beat(self._loop, router.advertisement_interval, send)
        router = replace(router, beat_phase=place.phase)
        instance = Instance(entry.name, name, router, self._loop, self._dispatch, beat, self._publish)
        attachment.add(instance)
        self.instances.append(instance)

    # --- the life of the engine

    def start(self) -> None:
        """Begin an election for every router that can run; `PermissionError` where sockets are not allowed at all."""
        at = now()
        self._network.begin(at)
        self._loop.chores.add(self._watch_lateness)
        while self._dispatch.turn():  # whoever drives us may have other things to do first
            pass

    def stop(self) -> None:
        """Priority 0 for whatever is MASTER, addresses removed, everything closed; also after a start that failed."""
        at = now()
        for instance in self.instances:
            instance.stop(at)
        self._dispatch.finish()
        self._loop.chores.remove(self._watch_lateness)
        self._network.close()
        for attachment in self._attachments.values():
            attachment.close()
        self._netlink.close()

    def later(self, what: Callable[[], None]) -> None:
        """Call it when there is nothing else to do; each for less than a millisecond."""
        self._dispatch.tell(what)

    # --- its own punctuality

    def _watch_lateness(self, at: Instant) -> None:
        """Say so, seldom, when we are so late that this host may change states for no other reason (RFC 9568 §2.5)."""
        late = self._loop.lateness.turn(at)
        if late < _TOLERATED_BY_ALL:
            return
        shortest = min(master_down_interval(instance.router, instance.state) for instance in self.instances)
        if late > shortest * TOLERATED_LATENESS and (suppressed := self._hush.admit("late", at)) is not None:
            fields: Fields = {"late_seconds": to_seconds(late), "master_down_interval_seconds": to_seconds(shortest)}
            if suppressed:
                fields["suppressed"] = suppressed
            self._publish(Event(at=wall_clock(), kind="late", fields=fields), None)
