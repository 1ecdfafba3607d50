"""What follows from the advertisements that a look has seen. Pure."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from failover.engine.account.conflict import Duplicate
from failover.linux.sockets.looking.lookout import Sighting, Sought

LEAST_SEEN: Final = 2
"""Advertisements of another sender: one may be on its way between the frame and the daemon."""
_MOST_OWN: Final = 8
"""VRIDs of which a look sees what this host sends: it must not hide what others send."""


def own_in_turn(vrids: Sequence[int], turn: int) -> frozenset[int]:
    """Of which VRIDs the look number `turn` sees what this host sends."""
    ordered = sorted(vrids)
    start = turn * _MOST_OWN % max(len(ordered), 1)
    return frozenset((ordered[start:] + ordered[:start])[:_MOST_OWN])


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
