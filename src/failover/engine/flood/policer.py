"""What keeps a flood out of this process, while an operator still reads of every kind of it.

In peace the kernel passes whatever has one of our VRIDs, and each packet that is of no use is counted and explained.
Of three kinds there may be too many, and then the kernel refuses them by itself for a period: what is no advertisement
for us, what comes from an address that no other host here has, and what loses against us. So a flood is counted as "at
least", and 50,000 packets a second cost what the first few hundred do. Some that is no advertisement for us it cannot
tell, such as the version of another router here, or a wrong checksum after IP options: that wakes nobody meanwhile.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from failover.engine.environment import EventLoop
from failover.linux.filter.sample import MOST_STREAMS, Stream
from failover.vrrp import Discard, DiscardReason, Instant, seconds

PERIOD: Final = seconds(1)
ENOUGH_REFUSED: Final = 100
"""Refused packets of a socket in a period: about two milliseconds' work. A router with a wrong setting, which is no
flood, stays far below: all of that is counted."""
ENOUGH_UNTOLD: Final = 500
"""Refused packets in a period that have come although the kernel refuses what it can tell; some had come before."""
ENOUGH_LOSING: Final = 500
"""Losing advertisements for a virtual router in a period: about ten milliseconds' work. Real rivals must be heard and
answered, and at the shortest interval there is, 0.01 s, one sends a hundred: fewer than five never come to this."""


class Verdict(Enum):
    """What a packet was to a virtual router."""

    REFUSED = "no advertisement for it"
    IMPOSSIBLE = "from an address that no other host here has: nothing of that stream is an advertisement for it"
    LOSING = "an advertisement that cannot change anything"
    HEEDED = "all else"


def refusal(discard: Discard) -> Verdict:
    """What a packet was that is discarded for this."""
    is_senders = discard.reason in (DiscardReason.OWN_SOURCE, DiscardReason.IMPOSSIBLE_SOURCE)
    return Verdict.IMPOSSIBLE if is_senders else Verdict.REFUSED


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What the kernel refuses by itself for a while."""

    unsound: bool = False
    """Whether it refuses what it can tell to be no advertisement for anyone here."""
    losing: frozenset[int] = frozenset()
    """The VRIDs whose losing advertisements it refuses."""
    impossible: frozenset[Stream] = frozenset()
    """What it refuses for its sender, at most `MOST_STREAMS`."""
    quiet: bool = False
    """Whether nothing wakes us, because it cannot tell what we discard: that is read now and then."""


OPEN: Final = Narrowing()


class Policer:
    """Counts for one socket, and has its filter set by `narrow`, which may fail with `OSError`.

    Whatever joins a narrowing ends with it: none lasts longer than a period.
    """

    def __init__(self, loop: EventLoop, narrow: Callable[[Narrowing], None]) -> None:
        self._narrow = narrow
        self._alarm = loop.alarm(self._open)
        self._in_force = OPEN
        self._since = Instant(0)
        self._refused = 0
        self._losing: dict[int, int] = {}
        self._impossible: list[Stream] = []
        """Of each packet."""

    def refused(self, now: Instant) -> None:
        """One more packet was no advertisement for anyone."""
        self._turn(now)
        self._refused += 1
        if not self._in_force.unsound:
            if self._refused >= ENOUGH_REFUSED:
                self._set(replace(self._in_force, unsound=True), now)
        elif self._refused >= ENOUGH_UNTOLD and not self._in_force.quiet:
            self._set(replace(self._in_force, quiet=True), now)

    def impossible(self, stream: Stream | None, now: Instant) -> None:
        """One more packet of this stream came from an address that no other host here has."""
        self._turn(now)
        if stream is not None:
            self._impossible.append(stream)
        if len(self._impossible) >= ENOUGH_REFUSED:
            known = self._in_force.impossible
            most_first = Counter(self._impossible).most_common()
            wanted = frozenset([*known, *(stream for stream, _ in most_first if stream not in known)][:MOST_STREAMS])
            self._impossible.clear()
            if wanted != known:
                self._set(replace(self._in_force, impossible=wanted), now)

    def lost(self, vrid: int, now: Instant) -> None:
        """One more advertisement for this VRID was heard without effect."""
        self._turn(now)
        count = self._losing[vrid] = self._losing.get(vrid, 0) + 1
        if count >= ENOUGH_LOSING and vrid not in self._in_force.losing:
            self._set(replace(self._in_force, losing=self._in_force.losing | {vrid}), now)

    @property
    def refuses_unsound(self) -> bool:
        """Whether the kernel refuses what it can tell to be no advertisement."""
        return self._in_force.unsound

    def refuses_losing(self, vrid: int) -> bool:
        """Whether the kernel refuses what loses against this virtual router."""
        return vrid in self._in_force.losing

    def reopen(self, vrid: int, now: Instant) -> None:
        """What lost against this virtual router, or was impossible, may be neither from now on: let it in again."""
        losing = self._in_force.losing - {vrid}
        impossible = frozenset(stream for stream in self._in_force.impossible if stream.vrid != vrid)
        wanted = replace(self._in_force, losing=losing, impossible=impossible)
        if wanted != self._in_force:
            self._set(wanted, now)

    def _turn(self, now: Instant) -> None:
        if now - self._since >= PERIOD:
            self._begin(now)

    def _begin(self, now: Instant) -> None:
        self._since, self._refused = now, 0
        self._losing.clear()
        self._impossible.clear()

    def _open(self, now: Instant) -> None:
        self._set(OPEN, now)

    def _set(self, wanted: Narrowing, now: Instant) -> None:
        try:
            self._narrow(wanted)
            self._in_force = wanted
        except OSError:  # out of memory: as it was, until it is tried again
            pass
        self._begin(now)
        if self._in_force == OPEN:
            self._alarm.set(None)
        elif self._alarm.at is None:
            self._alarm.set(Instant(now + PERIOD))

    def renew(self) -> None:
        """Other virtual routers listen here now. `OSError` where the kernel has no room for the new filter."""
        self._narrow(self._in_force)

    def close(self) -> None:
        """The socket is closed: set no filter any more, and forget who would."""
        self._alarm.retire()
        self._narrow = _nothing


def _nothing(_: Narrowing) -> None:
    pass
