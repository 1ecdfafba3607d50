"""Reads an advertisement socket for the routers that live behind it.

A packet that only repeats the MASTER's last is recognised here and not taken apart; for all others there is `hear`.
"""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, cast

from failover.linux.sockets import AdvertisementSocket
from failover.linux.timer import now
from failover.vrrp import Instant, seconds

if TYPE_CHECKING:
    from failover.engine.instance import Instance

_PACKETS_AT_ONCE: Final = 4096
"""More than a socket has room for: no alarm rings before all that has arrived is heard."""
_CROWD: Final = 256
"""So many at once, and there may have been more than it had room for: worth asking."""
_CLOCK_ERROR: Final = seconds(0.00005)
"""By which the wall clock may have moved against ours from one look to the next, besides a thousandth of the time."""


class Arrivals:
    """Turns arrival times of the wall clock into those of our own; one for a socket."""

    def __init__(self) -> None:
        self._looked_at, self._ahead = now(), now() - time.time_ns()

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
    of_vrid: "Sequence[Instance | None]",
    hear: Callable[[bytes, Instant], None],
    missed: Callable[[Instant], None],
) -> Callable[[], None]:
    """What `Loop.listen` wants: reads everything that has arrived.

    `of_vrid` has the router of each VRID, as it is when a packet comes; `hear` takes what is not settled; `missed` is
    told where packets were lost because nobody has read for too long.
    """
    receive, vrid_position = advertisement_socket.receive, advertisement_socket.vrid_position
    arrivals = Arrivals()

    def read() -> None:
        at, wall = now(), time.time_ns()
        arrived: list[int] = []
        packets = receive(_PACKETS_AT_ONCE, arrived)
        for packet, heard_at in zip(packets, arrivals.on_our_clock(arrived, at, wall), strict=True):
            # The kernel filter passes our VRIDs alone, and nothing too short to have one.
            instance = of_vrid[packet[vrid_position]]
            if instance is not None and packet == instance.settled:
                instance.hear_again(heard_at)
            else:
                hear(packet, heard_at)
        if len(packets) >= _CROWD and advertisement_socket.overflowed():
            missed(at)

    return read
