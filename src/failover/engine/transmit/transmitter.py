"""Does together what the routers ask for in one round of the loop: advertisements, addresses, announcements, news.

Routers that fail over in the same round send all their advertisements first, add their addresses by few netlink
writes, then announce them. What is long is done in portions: after `_TURN` the loop looks at sockets and alarms again,
so that no other router's advertisement waits for 500 addresses.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from failover.engine.environment import EventLoop, Netlink
from failover.engine.port.port import Port
from failover.engine.transmit.announcements import Announcement, AnnouncementQueue
from failover.linux.netlink.addresses import PORTION, Batch, Failure
from failover.linux.netlink.codec import Refused
from failover.linux.sockets.outbox import Packets, join
from failover.vrrp import Family, Instant, seconds

_TURN: Final = seconds(0.001)
"""How long the rest may wait for one turn of this, a portion more or less."""
_PATIENCE: Final = seconds(0.005)
"""How long the rest waits for advertisements that alarms may still ask for."""
_NEWS_AFTER: Final = seconds(0.001)
"""How long news of a change of addresses waits: at that moment clients want the host's processors. To tell what
happened takes each of our two processes 0.4 ms; where it came at once, a client was served 0.2 ms later."""
_ROOM_AFTER: Final = seconds(0.001)
"""When a full transmit queue is tried again."""


@dataclass(slots=True)
class _Advertisement:
    packets: Packets
    done: Callable[[OSError | None], None]


@dataclass(slots=True)
class Change:
    """Addresses to be added or removed, a portion at a time."""

    batch: Batch
    done: Callable[[tuple[Failure, ...]], None]
    portions_done: int = 0
    refused: list[Refused] = field(default_factory=list)


class Transmitter:
    """Collects what is asked for, and does it at the end of each round; one for an engine."""

    def __init__(self, loop: EventLoop, netlink: Netlink) -> None:
        self.clock = loop.clock
        self._now = loop.clock.now
        self._netlink = netlink
        self._advertisements: dict[tuple[Port, Family], list[_Advertisement]] = {}
        self._changes: deque[Change] = deque()
        self._is_long = False
        """Whether there are, or were until just now, more than a portion of one change."""
        self._announcements = AnnouncementQueue(loop.clock.now)
        self._news: deque[Callable[[], None]] = deque()
        self._waits_since: Instant | None = None
        """Since when there was no turn for anything but advertisements."""
        self._room = loop.alarm(lambda _: None)  # when it rings there is a round
        self._later = loop.alarm(lambda _: None)  # as above: its ringing makes a round
        self.before_long: Callable[[int], None] = _nothing
        """Called before more than a portion of addresses is added to the interface with this index, or removed."""
        self.after_long: Callable[[], None] = _nothing
        """Called when all these addresses are added or removed."""
        loop.after_round = self.turn

    @property
    def is_changing(self) -> bool:
        """Whether addresses are still to be added or removed: what is there now is neither the old nor the new."""
        return bool(self._changes)

    # --- what may be asked for

    def advertise(self, port: Port, family: Family, packets: Packets, done: Callable[[OSError | None], None]) -> None:
        """Send these, with whatever else is to be sent there in this round."""
        self._advertisements.setdefault((port, family), []).append(_Advertisement(packets, done))

    def change(self, batch: Batch, done: Callable[[tuple[Failure, ...]], None]) -> None:
        """Add or remove addresses, after whatever was asked for before."""
        if len(batch.datagrams) > 1:
            self._is_long = True
            self.before_long(batch.ifindex)
        if batch.datagrams:
            self._changes.append(Change(batch, done))

    def announce(self, announcement: Announcement) -> None:
        """Send frames, once all addresses are in place."""
        self._announcements.add(announcement)

    def silence(self, of: object) -> None:
        """Announce nothing more of what `of` has asked for: the addresses go away."""
        self._announcements.silence(of)

    def tell(self, news: Callable[[], None]) -> None:
        """Call `news` when nothing else is to be done."""
        if self._changes and not self._news:
            self._later.set(Instant(self._now() + _NEWS_AFTER))
        self._news.append(news)

    @property
    def is_at_work(self) -> bool:
        """Whether there are addresses or announcements that could be seen to at once."""
        return bool(self._changes) or (bool(self._announcements.waiting) and self._room.at is None)

    def prewarm(self, port: Port, family: Family, packets: Packets, frames: Packets) -> None:
        """Go the way of a takeover and do nothing, so that code and data are in the caches when it comes."""
        port.prewarm(family, packets, frames)
        self._netlink.prewarm()

    # --- doing it

    def turn(self, hurried: bool = False) -> bool:  # noqa: FBT001, FBT002 - `Loop.after_round`
        """Send advertisements, then go on with the rest for a while; whether more could be done at once.

        `hurried`: alarms wait, which may have more to advertise; the rest waits for them, unless it has for long.
        """
        if self._advertisements:
            self.advertise_now()
        if not (self._changes or self._announcements.waiting or self._news):
            return False
        began = self._now()
        if hurried and began < (self._waits_since or began) + _PATIENCE:
            self._waits_since = self._waits_since or began
            return True
        self._waits_since = None
        until = began + (0 if hurried else _TURN)
        self._announcements.look_for_room()
        while self._changes or self._announcements.has_room:
            if self._changes:
                self._change()
            else:
                self._announcements.send_some()
            if self._now() >= until:
                return True
        while self._news and self._later.at is None:
            self._news.popleft()()
            if self._advertisements or self._changes or self._now() >= until:
                return True
        if self._announcements.waiting:
            self._room.set(Instant(self._now() + _ROOM_AFTER))
        return False

    def advertise_now(self) -> None:
        """Send the advertisements that were asked for, and nothing else."""
        while self._advertisements:
            (port, family), waiting = self._advertisements.popitem()
            failures = port.send(family, join([one.packets for one in waiting]))
            for place, one in enumerate(waiting):
                one.done(failures.get(place))

    def finish(self) -> None:
        """Do everything now; announcements for which there is no room are dropped."""
        self._later.set(None)
        while self.turn() or self._news:
            self._later.set(None)
        self._announcements.clear()
        self._room.set(None)

    def _change(self) -> None:
        """Make one netlink write, with portions of as many changes as fit in it."""
        taken: list[Change] = []
        size = 0
        for change in self._changes:
            portion = len(change.batch.datagrams[change.portions_done])
            if taken and size + portion > PORTION:
                break
            taken.append(change)
            size += portion
        answers = self._netlink.carry_out([one.batch.datagrams[one.portions_done] for one in taken])
        for change, refused in zip(taken, answers, strict=True):
            change.refused += refused
            change.portions_done += 1
        # All but the last of them were small enough to be done by now.
        while self._changes and self._changes[0].portions_done == len(self._changes[0].batch.datagrams):
            done = self._changes.popleft()
            done.done(done.batch.failures(done.refused))
        if self._is_long and not self._changes:
            self._is_long = False
            self.after_long()


def _nothing(*_: int) -> None:
    pass
