"""Reads an advertisement socket: what arrived, and when.

What only repeats a MASTER's last packet is noted (`known_adverts`) and not taken apart; for all others there is `hear`.
"""

from collections.abc import Callable, Sequence
from typing import Final, cast

from failover.engine.port.known_adverts import KnownAdverts
from failover.linux.clock import Clock
from failover.linux.sockets.advertisement import AdvertisementSocket
from failover.vrrp import Instant, seconds

_PACKETS_AT_ONCE: Final = 4096
"""More than a socket has room for: no alarm rings before all that has arrived is heard."""
_CROWD: Final = 256
"""So many at once, and there may have been more than it had room for: worth asking."""
_CLOCK_ERROR: Final = seconds(0.00005)
"""By which the wall clock may have moved against ours from one look to the next, besides a thousandth of the time."""


class Arrivals:
    """Turns arrival times of the wall clock into those of our own; one for a socket."""

    def __init__(self, clock: Clock) -> None:
        self._looked_at = clock.now()
        self._ahead = self._looked_at - clock.wall()

    def on_our_clock(self, arrived: Sequence[int], at: Instant, wall: int) -> list[Instant]:
        """When packets arrived that are read at `at`, when the wall clock said `wall`: since the look before.

        Where the wall clock was set meanwhile, nobody knows, and it was just now.
        """
        earliest, ahead = self._looked_at, at - wall
        moved, self._looked_at, self._ahead = abs(ahead - self._ahead), at, ahead
        if moved > _CLOCK_ERROR + (at - earliest) // 1000:
            return [at] * len(arrived)
        if arrived and earliest <= min(arrived) + ahead and max(arrived) + ahead <= at:
            # Nearly always, and in a fifth of the time.
            return cast(list[Instant], [stamp + ahead for stamp in arrived])
        return [Instant(min(max(stamp + ahead, earliest), at)) for stamp in arrived]


def reader(
    advertisement_socket: AdvertisementSocket,
    known_adverts: KnownAdverts,
    hear: Callable[[bytes, Instant], None],
    missed: Callable[[Instant], None],
    clock: Clock,
) -> Callable[[], None]:
    """What `Loop.listen` wants: reads everything that has arrived.

    `hear` takes what is not known to `known_adverts`; `missed` is told where packets were lost because nobody has read
    for too long.
    """
    receive, arrivals = advertisement_socket.receive, Arrivals(clock)
    now, wall_clock = clock

    def read() -> None:
        at, wall = now(), wall_clock()
        arrived: list[int] = []
        packets = receive(_PACKETS_AT_ONCE, arrived)
        heard_at = arrivals.on_our_clock(arrived, at, wall)
        if not known_adverts.note(packets, heard_at):
            for packet, moment in zip(packets, heard_at, strict=True):
                if not known_adverts.note((packet,), (moment,)):
                    hear(packet, moment)
        if len(packets) >= _CROWD and advertisement_socket.overflowed():
            missed(at)

    return read
