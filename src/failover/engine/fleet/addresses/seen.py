"""What follows from the advertisements that a look has seen. Pure."""

from collections import Counter
from collections.abc import Collection, Sequence
from math import ceil
from typing import Final, NamedTuple

from failover.engine.account.conflict import Duplicate
from failover.frames import ipv6
from failover.linux.sockets.looking.lookout import Sighting, Sought
from failover.vrrp import Family, VirtualRouter
from failover.vrrp.packet.advertisement import CHECKSUM_AT

LEAST_SEEN: Final = 2
"""Advertisements of another sender: one may be on its way between the frame and the daemon."""
_MOST_OWN: Final = 8
"""VRIDs of which a look sees what this host sends: it must not hide what others send."""


def own_in_turn(vrids: Sequence[int], turn: int) -> frozenset[int]:
    """Of which VRIDs the look number `turn` sees what this host sends."""
    ordered = sorted(vrids)
    start = turn * _MOST_OWN % max(len(ordered), 1)
    return frozenset((ordered[start:] + ordered[:start])[:_MOST_OWN])


def looks_for_all(vrids: Collection[int]) -> int:
    """How many looks it takes until each of these had its turn."""
    return ceil(len(vrids) / _MOST_OWN)


class Sent(NamedTuple):
    """What one of our routers has sent."""

    router: VirtualRouter
    heads: frozenset[bytes]
    """How its advertisements begin."""
    frames: int
    """How many there were."""

    def is_all(self, seen: Sequence[Sighting], before: "Sent") -> bool:
        """Whether nobody else on this host has sent what was seen with its VRID since `before`."""
        if self.router is not before.router:  # a reload has changed it meanwhile
            return True
        frames = [head(one.packet) for one in seen if one.is_outgoing and one.vrid == self.router.vrid]
        foreign = sum(frame not in self.heads | before.heads for frame in frames)
        return max(foreign, len(frames) - (self.frames - before.frames)) < LEAST_SEEN


def head(packet: bytes) -> bytes:
    """What an advertisement says before its checksum; `packet` begins with the IP header."""
    start = (packet[0] & 0xF) * 4 if packet[0] >> 4 == Family.IPV4.value else ipv6.HEADER_LENGTH
    return packet[start : start + CHECKSUM_AT]


def duplicate(seen: Sequence[Sighting], sought: Sought) -> Duplicate | None:
    """Who else advertises from our own address."""
    address = str(sought.source)
    from_ours = [one for one in seen if one.source == sought.source and not one.is_outgoing]
    other = next((one.mac for one in from_ours if one.mac != sought.mac), None)
    if other is not None:
        return Duplicate(address, other.hex(":"))
    return Duplicate(address, sought.mac.hex(":"), is_clone=True) if _unsent(seen, sought) >= LEAST_SEEN else None


def by_others(seen: Sequence[Sighting], sought: Sought) -> list[Sighting]:
    """The advertisements of hosts with other addresses."""
    return [one for one in seen if not one.is_outgoing and sought.source != one.source and sought.mac != one.mac]


def _unsent(seen: Sequence[Sighting], sought: Sought) -> int:
    """How many packets came from our own addresses, more often than this host has sent them.

    A switch may return each of ours once, as a bridge with hairpin mode does. Over IPv4 those of a clone are others:
    the kernel numbers them. Over IPv6 they are the same, and the daemon hears them.
    """
    sent = Counter(one.packet for one in seen if one.is_outgoing)
    came = Counter(one.packet for one in seen if not one.is_outgoing and one[:2] == (sought.mac, sought.source))
    return (came - sent).total()
