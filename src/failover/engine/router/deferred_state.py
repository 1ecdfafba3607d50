"""Where a router is in the protocol and what it has counted, as far as anybody asks.

Most advertisements, sent or heard, do not go through `step()`: those of a beat, and those that repeat the last one of
the MASTER. What they move in state and counters is made up for here when it matters.
"""

from failover.engine.port.known_adverts import KnownAdvert
from failover.engine.transmit.beat import Beat, Member
from failover.linux.sockets.outbox import Packets
from failover.messages import Counters
from failover.vrrp import Backup, Master, Oddity, State
from failover.vrrp.machine.fast_path import advertised_again, heard_again


class DeferredState:
    """The state and the counters of one protocol instance."""

    def __init__(self, state: State, counters: Counters, beat: Beat) -> None:
        """`beat` is that of the MASTERs with the router's interval and phase on the same interface."""
        self.known = state
        """The state after the last event that went through `step()`: its type is right, its times may lag behind."""
        self._counters = counters
        self._beat = beat
        self._beats_known: int | None = None
        """How many of its beats state and counters know of; None where the router has no part in a beat."""
        self._known_advert: KnownAdvert | None = None
        """The MASTER's packet, where it is known: it knows of later arrivals than state and counters do."""
        self._odd: tuple[Oddity, ...] = ()
        """What is odd about each packet like it."""

    @property
    def state(self) -> State:
        """The state with all that has happened."""
        self.catch_up()
        return self.known

    @property
    def counters(self) -> Counters:
        """The counters with all that has happened."""
        self.catch_up()
        return self._counters

    def catch_up(self) -> None:
        """Put into state and counters what the fast path has left out."""
        if self._known_advert is not None and isinstance(self.known, Backup):
            times = self._known_advert.take()
            self._counters.advertisements_received += times
            for oddity in self._odd:
                self._counters.oddities[oddity.value] += times
            if self._known_advert.heard_at != self.known.armed_at:
                self.known = heard_again(self.known, self._known_advert.heard_at)
        if self._beats_known is not None and isinstance(self.known, Master):
            missed = self._beat.count - self._beats_known
            if missed:
                self._beats_known += missed
                self._counters.advertisements_sent += missed
                self.known = advertised_again(self.known, self._beat.last, self._beat.at)

    # --- what repeats the MASTER's last

    @property
    def is_repeated(self) -> bool:
        """Whether the MASTER's packet is known, and watched for: the router itself need not."""
        return self._known_advert is not None

    def repeat(self, known_advert: KnownAdvert, odd: tuple[Oddity, ...]) -> None:
        """The MASTER's packet is known from now on, until `forget`; `odd` about it was counted once."""
        self._known_advert, self._odd = known_advert, odd

    def forget(self) -> None:
        """The MASTER's packet is known no longer."""
        if self._known_advert is not None:
            self._known_advert.end()
            self._known_advert = None

    # --- what goes with the beat

    def join(self, member: Member, packets: Packets, state: Master) -> bool:
        """Take part in the beat with these packets; False where the state's schedule is not that of the others."""
        joined = self._beat.join(member, packets, state)
        self._beats_known = self._beat.count if joined else None
        return joined

    def leave(self, member: Member) -> None:
        """Take part in the beat no more."""
        self._beat.leave(member)
        self._beats_known = None

    def move(self, member: Member, beat: Beat) -> None:
        """Belong to another beat, and take part in the one before no more."""
        if beat is not self._beat:
            self.leave(member)
            self._beat = beat
