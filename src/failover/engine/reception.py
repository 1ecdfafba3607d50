"""Reads an advertisement socket for the routers that live behind it.

A packet that only repeats the MASTER's last is recognised here and not taken apart; for all others there is `hear`.
"""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from failover.linux.sockets import AdvertisementSocket
from failover.linux.timer import now
from failover.vrrp import Instant, seconds

if TYPE_CHECKING:
    from failover.engine.instance import Instance

_PACKETS_AT_ONCE: Final = 512
"""Then other interfaces and the alarms get their turn; epoll brings us back. Enough that after a short pause no
alarm rings before the advertisements that arrived meanwhile are heard."""
_WAITED_AT_MOST: Final = seconds(0.002)
"""A wake-up takes its time, and in a rush packets wait for a tick of a millisecond: to count from their arrival, a
takeover is 0.1 ms earlier. What waited longer did so because we were away, and no MASTER is given up for that."""


def readers(
    advertisement_socket: AdvertisementSocket,
    of_vrid: "Sequence[Instance | None]",
    hear: Callable[[bytes, Instant], None],
) -> tuple[Callable[[], bool], Callable[[], int]]:
    """What `Loop.watch_packets` wants: one that reads a packet, and one that reads everything.

    `of_vrid` has the router of each VRID, as it is when a packet comes; `hear` takes what is not settled.
    """
    receive, receive_one = advertisement_socket.receive, advertisement_socket.receive_one
    vrid_position = advertisement_socket.vrid_position

    def glance() -> bool:
        one = receive_one()
        if one is None:
            return True
        packet, arrived = one
        waited = min(max(time.time_ns() - arrived, 0), _WAITED_AT_MOST)
        heard_at = Instant(now() - waited)
        instance = of_vrid[packet[vrid_position]]
        if instance is not None and packet == instance.settled:
            instance.hear_again(heard_at)
            return True
        hear(packet, heard_at)
        return False

    def read() -> int:
        at, wall = now(), time.time_ns()
        arrived: list[int] = []
        packets = receive(_PACKETS_AT_ONCE, arrived)
        for packet, heard_at in zip(packets, _on_our_clock(arrived, at, wall), strict=True):
            # The kernel filter passes our VRIDs alone, and nothing too short to have one.
            instance = of_vrid[packet[vrid_position]]
            if instance is not None and packet == instance.settled:
                instance.hear_again(heard_at)
            else:
                hear(packet, heard_at)
        return len(packets)

    return glance, read


def _on_our_clock(arrived: Sequence[int], at: Instant, wall: int) -> list[Instant]:
    """Arrival times of the wall clock on that of `at`, when reading began and the former said `wall`.

    None is later than `at`, nor long before.
    """
    ahead = at - wall
    earliest = at - _WAITED_AT_MOST
    if arrived and earliest <= min(arrived) + ahead and max(arrived) + ahead <= at:
        return [Instant(stamp + ahead) for stamp in arrived]  # nearly always, and in a third of the time
    return [Instant(min(max(stamp + ahead, earliest), at)) for stamp in arrived]
