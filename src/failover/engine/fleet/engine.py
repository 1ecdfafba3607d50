"""The engine: all virtual routers of a configuration, started, replaced by others, watched for lateness, and stopped.

Who they are is `roster`'s, what their interfaces do is `network`'s. It owns descriptors and no process: the daemon
(`daemon`) and the library drive it through its loop.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from failover.engine.fleet.network import Network
from failover.engine.fleet.plan import Plan
from failover.engine.fleet.registry import Publish, Roster
from failover.engine.intended import Wanted
from failover.engine.loop.loop import Loop
from failover.engine.port.port import Attachment
from failover.engine.router.evidence import Fields, Hush, master_down_interval, wall_clock
from failover.engine.router.instance import Instance
from failover.engine.transmit.prepared import managed
from failover.engine.transmit.slots import Place, needs_another
from failover.engine.transmit.transmit_round import Dispatch
from failover.linux.clock import now
from failover.linux.netlink.connection import Netlink
from failover.messages import Event
from failover.vrrp import Instant, seconds, to_seconds

TOLERATED_LATENESS = 1 / 4
"""Of the shortest master-down interval. What is later than that, and a lost packet or two, is a failover."""

_TOLERATED_BY_ALL = seconds(0.0075)
"""What even the shortest master-down interval tolerates, three times 10 ms."""


class Engine:
    """Runs virtual routers. `start`, then `dispatch` whenever `fileno` is readable, at last `stop`."""

    def __init__(self, wanted: Sequence[Wanted], loop: Loop, publish: Publish) -> None:
        """Open netlink. Nothing is sent or changed before `start`; `OSError` says what could not be opened."""
        self._loop = loop
        self._publish = publish
        self._netlink = Netlink()
        self._dispatch = Dispatch(loop, self._netlink)
        self._roster = Roster(loop, self._netlink, self._dispatch, publish)
        try:
            self._network = Network(
                loop, self._netlink, self._dispatch, self._roster.attachments, lambda event: publish(event, None)
            )
        except OSError:
            self._netlink.close()
            raise
        self._hush = Hush()
        self._steps: Iterator[None] = iter(())
        for one, place in zip(wanted, self._roster.places(wanted), strict=True):
            self._roster.add(one, place)

    @property
    def instances(self) -> Sequence[Instance]:
        """In the order of the configuration."""
        return self._roster.instances

    @property
    def short_beats(self) -> int:
        """Groups of routers that advertise together at short intervals, while it is MASTER of all."""
        return self._roster.short_beats

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
        # The others wait for priority 0 of all, and for nothing else.
        rests = [instance.stop(at) for instance in self.instances]
        self._dispatch.advertise_now()
        self._steps = iter(())
        broken = {attachment: attachment.break_promises() for attachment in self._roster.attachments.values()}
        for rest in rests:
            rest()
        self._dispatch.finish()
        for attachment, addresses in broken.items():
            self._network.take_off(attachment, addresses)
        self._loop.chores.remove(self._watch_lateness)
        self._network.close()
        for attachment in self._roster.attachments.values():
            attachment.close()
        self._netlink.close()

    # --- other routers than before

    def proceed(self, steps: Iterator[None]) -> None:
        """Take these steps, each less than a millisecond, when there is nothing else to do; until `stop`."""
        self._steps = steps
        self._step(steps)

    def _step(self, steps: Iterator[None]) -> None:
        if steps is not self._steps:
            return
        for _ in steps:
            self._dispatch.tell(partial(self._step, steps))
            return

    def compare(self, wanted: Sequence[Wanted], plan: Plan) -> Iterator[None]:
        """The steps that fill in what is to be done so that these run, in this order."""
        return plan.compare(self._roster.by_id, wanted)

    def carry_out(self, plan: Plan) -> Iterator[None]:
        """The steps that do it. Routers that have nothing to change are not touched.

        What is to go goes first, for an address may have moved from one router to another; where it has moved from one
        MASTER to another, it does not even go.
        """
        touched: dict[Attachment, None] = {}
        for instance, one in plan.changed:
            if instance.is_master:
                attachment = self._roster.attachment_of(instance)
                foreign = self._network.foreign(one.router, attachment)
                attachment.promise(managed(one.router.held_addresses, foreign))
                yield
        for instance in plan.removed:
            touched[self._roster.attachment_of(instance)] = None
            instance.stop(now())()
            yield  # its last advertisement is sent, and its addresses are taken away
            self._roster.remove(instance)
            yield  # what there was to tell is told
            instance.retire()
        moving = [(instance, one) for instance, one in plan.changed if needs_another(instance.router, one.router)]
        places = self._roster.places([*(one for _, one in moving), *plan.added], [instance for instance, _ in moving])
        moved = dict(zip((instance for instance, _ in moving), places, strict=False))
        yield
        for instance, one in plan.changed:
            touched[self._roster.attachment_of(instance)] = None
            self._reconfigure(instance, one, moved.get(instance) or self._roster.place_of(instance))
            yield
        added: list[Instance] = []
        for one, place in zip(plan.added, places[len(moving) :], strict=True):
            added.append(self._roster.add(one, place))
            yield
        for attachment in dict.fromkeys(map(self._roster.attachment_of, added)):
            touched[attachment] = None
            self._network.admit(attachment, now())
            yield
        for instance in added:
            self._network.start(instance, self._roster.attachment_of(instance), now())
            yield
        self._roster.sort(tuple(plan.order))
        for attachment in touched:
            self._settle(attachment)
            yield

    def _reconfigure(self, instance: Instance, wanted: Wanted, place: Place) -> None:
        at, attachment = now(), self._roster.attachment_of(instance)
        self._roster.reconfigure(instance, wanted, place, self._network.foreign(wanted.router, attachment), at)
        self._network.judge(instance, attachment, at)

    def _settle(self, attachment: Attachment) -> None:
        """All who live there are as they should be."""
        if attachment.instances:
            attachment.tidy()
            self._network.review(attachment)
        else:
            self._roster.leave(attachment)

    def later(self, what: Callable[[], None]) -> None:
        """Call it when there is nothing else to do; each for less than a millisecond."""
        self._dispatch.tell(what)

    # --- its own punctuality

    def _watch_lateness(self, at: Instant) -> None:
        """Say so, seldom, when we are so late that this host may change states for no other reason (RFC 9568 §2.5)."""
        late = self._loop.lateness.turn(at)
        instances = self.instances
        if late < _TOLERATED_BY_ALL or not instances:  # there may be none for a moment, between one and the next
            return
        shortest = min(master_down_interval(instance.router, instance.state) for instance in instances)
        if late > shortest * TOLERATED_LATENESS and (suppressed := self._hush.admit("late", at)) is not None:
            fields: Fields = {"late_seconds": to_seconds(late), "master_down_interval_seconds": to_seconds(shortest)}
            if suppressed:
                fields["suppressed"] = suppressed
            self._publish(Event(at=wall_clock(), kind="late", fields=fields), None)
