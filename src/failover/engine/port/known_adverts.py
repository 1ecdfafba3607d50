"""What only repeats a MASTER's last advertisement, which is nearly all that a BACKUP receives.

Many routers' packets are read at once, and each router has gone from the caches by then: to touch it costs more than
to receive its packet. So packets are known here by their bytes, whole batches are noted by calls of the interpreter's
own, and one alarm watches over all. A router is given back its own shortly before it may have to take over.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import add
from typing import Final

from failover.engine.environment import EventLoop
from failover.vrrp import Instant, Interval, seconds

_AHEAD: Final = seconds(0.002)
"""Before a takeover: time for 250 routers of an interface to set alarms of their own."""
_MOST_PRESUMED: Final = 3
"""For so many times as long as it holds off a takeover, a MASTER is presumed to advertise: it would have sent nine."""


class KnownAdverts:
    """The known adverts of one socket."""

    def __init__(self, loop: EventLoop) -> None:
        # Three dictionaries with the same keys in the same order.
        self._known: dict[bytes, KnownAdvert] = {}
        self._heard_at: dict[bytes, Instant] = {}
        """When each known packet came last, or is presumed to have come."""
        self._held_off: dict[bytes, Interval] = {}
        """For how long each then holds off a takeover, in nanoseconds."""
        self._presumed: dict[bytes, tuple[Instant, Instant]] = {}
        """Of what is presumed to have come: when, and when it did come last."""
        self._times = Counter[bytes]()
        """How often each came since `take` was called for it last."""
        self._alarm = loop.alarm(self._release, put_off=self._next)

    @property
    def known(self) -> tuple["KnownAdvert", ...]:
        """All known adverts of the socket."""
        return tuple(self._known.values())

    def expect(
        self, packet: bytes, fingerprint: int, held_off: Interval, at: Instant, release: Callable[[], None]
    ) -> "KnownAdvert":
        """A packet that came at `at` is known from now on: each one like it holds off a takeover by `held_off`.

        `release` must `end` that; it is called when the time is nearly over, or nothing will come any more.
        """
        self._heard_at[packet], self._held_off[packet], self._times[packet] = at, held_off, 0
        known = self._known[packet] = KnownAdvert(packet, fingerprint, held_off, release, self)
        nearly_over = Instant(at + held_off - _AHEAD)
        if self._alarm.at is None or nearly_over < self._alarm.at:
            self._alarm.set(nearly_over)
        return known

    def note(self, packets: Sequence[bytes], heard_at: Sequence[Instant]) -> bool:
        """Note that they have come, if all are known; whether they are. If one is not, nothing is done."""
        if not all(map(self._heard_at.__contains__, packets)):
            return False
        self._heard_at.update(zip(packets, heard_at, strict=True))
        self._times.update(packets)
        return True

    def presume(self, at: Instant) -> None:
        """Our own socket was full, and packets were lost before `at`: no MASTER is given up for that.

        But if nothing comes for much longer than it holds off a takeover, it has died while others fill the socket.
        """
        for packet, heard_at in self._heard_at.items():
            presumed_at, came_at = self._presumed.get(packet, (None, heard_at))
            if heard_at != presumed_at:
                came_at = heard_at
            if at - came_at <= _MOST_PRESUMED * self._held_off[packet]:
                self._heard_at[packet], self._presumed[packet] = at, (at, came_at)

    def __contains__(self, packet: bytes) -> bool:
        return packet in self._known

    def heard_at(self, packet: bytes) -> Instant:
        """When a known packet came last, or is presumed to have come."""
        return self._heard_at[packet]

    def take(self, packet: bytes) -> int:
        """How often a known packet came since this was asked last."""
        times, self._times[packet] = self._times[packet], 0
        return times

    def forget(self, packet: bytes) -> None:
        """Know a packet no longer: it must be taken apart when it comes again."""
        del self._known[packet], self._heard_at[packet], self._held_off[packet], self._times[packet]
        self._presumed.pop(packet, None)

    def close(self) -> None:
        """The socket is closed: from now on each router watches its deadline itself."""
        self._alarm.retire()
        for known in self.known:
            known.release()

    def _next(self) -> Instant:
        """When the first router must watch its deadline itself, if nothing more comes."""
        return Instant(min(map(add, self._heard_at.values(), self._held_off.values()), default=0) - _AHEAD)

    def _release(self, now: Instant) -> None:
        for packet, known in tuple(self._known.items()):
            if self._heard_at[packet] + known.held_off - _AHEAD <= now:
                known.release()
        self._alarm.set(self._next() if self._known else None)


@dataclass(frozen=True, slots=True, eq=False)
class KnownAdvert:
    """A known packet, and the router that it concerns. It is known as long as nothing else happens to that router."""

    packet: bytes
    """The packet as it came from the socket."""
    fingerprint: int
    """The number by which the kernel knows it."""
    held_off: Interval
    """For how long it holds off a takeover each time that it comes, in nanoseconds."""
    release: Callable[[], None]
    """Called when the router must watch its deadline itself; it then calls `end`."""
    _known_adverts: KnownAdverts

    @property
    def heard_at(self) -> Instant:
        """When it came last, or is presumed to have."""
        return self._known_adverts.heard_at(self.packet)

    def take(self) -> int:
        """How often it came since this was asked last."""
        return self._known_adverts.take(self.packet)

    def end(self) -> None:
        """It must be taken apart when it comes again."""
        self._known_adverts.forget(self.packet)
