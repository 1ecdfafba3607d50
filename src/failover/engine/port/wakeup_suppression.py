"""Lets the engine sleep while MASTERs only repeat themselves.

Nearly all that a BACKUP receives is its MASTER's advertisement again, which moves a deadline and nothing else. Once it
has settled, the wake-up socket is given its fingerprint and does not wake us for it any more. The advertisement waits
in the other socket, with the time of its arrival, until the loop wakes up for another reason, at the latest shortly
before the deadline, and reads it first. So three advertisements cost one wake-up, and those of many routers share one.

What is new wakes us at once: another priority, above all 0, other addresses, another sender, whatever is wrong. When a
router becomes anything but BACKUP, or gets other parameters, everything wakes us again, for a second at least.
"""

from collections.abc import Callable
from typing import Final

from failover.engine.environment import AdvertisementSocket, EventLoop
from failover.engine.port.known_adverts import KnownAdverts
from failover.linux.filter.bpf import ALL
from failover.vrrp import Instant, seconds, to_seconds

_SETTLES_IN: Final = seconds(1)
"""From the first router whose MASTER has settled to the start of suppression: others will follow it closely."""
_SOON: Final = seconds(0.003)
"""From a takeover to the end of suppression: clients are told first, and a rival is heard so much later at most."""
_MOST_REPEATS: Final = 4
"""Advertisements in a master-down interval, which is less than so many of their intervals (RFC 9568 §6.1)."""

_WAKES: Final = ALL // 512
"""Of what wakes nobody, one packet in so many does all the same: a flood of it must not fill the socket, where it would
hide what is new. In peace that is one wake-up more in hundreds."""


class WakeupSuppression:
    """For one socket: decides which advertisements wake nobody."""

    def __init__(self, loop: EventLoop, advertisement_socket: AdvertisementSocket, known_adverts: KnownAdverts) -> None:
        self._loop = loop
        self._socket = advertisement_socket
        self._known_adverts = known_adverts
        self._is_on = False
        """Whether there is something that wakes nobody."""
        self._silent, self._besides = 0.0, 0.0
        """Packets a second that wake nobody, by this and for another reason."""
        self._alarm = loop.alarm(self._begin)

    def prepare(self, now: Instant) -> None:
        """A router's MASTER has settled: begin soon."""
        if self._alarm.at is None:
            self._next(self._begin, Instant(now + _SETTLES_IN))

    def end(self, now: Instant) -> None:
        """Let everything wake us, in a moment: a takeover does not wait for it."""
        if self._is_on and self._alarm.callback != self._wake_up:
            self._next(self._wake_up, Instant(now + _SOON))

    def lapsed(self, now: Instant) -> None:
        """Everything wakes us again. What came before has not: one more round reads it."""
        if self._is_on:
            self._is_on = False
            self._next(self._be_awake, now)

    def expect_besides(self, silent: float) -> None:
        """So many packets a second wake nobody for another reason."""
        self._besides = silent
        self._expect()

    def close(self) -> None:
        """The socket is closed: decide nothing more."""
        self._alarm.retire()

    def _next(self, step: Callable[[Instant], None], at: Instant) -> None:
        self._alarm.callback = step
        self._alarm.set(at)

    def _begin(self, _: Instant) -> None:
        known = self._known_adverts.known
        try:
            self._socket.overlook(frozenset(one.fingerprint for one in known), _WAKES)
        except OSError:  # no room for so long a program: all wakes us as it did
            return
        self._is_on = bool(known)
        self._silent = sum(_MOST_REPEATS / to_seconds(one.held_off) for one in known)
        self._expect()

    def _wake_up(self, now: Instant) -> None:
        try:
            self._socket.overlook(frozenset())
        except OSError:  # out of memory: repetitions are read whenever the loop wakes up, as before
            self._next(self._begin, Instant(now + _SETTLES_IN))
        else:
            self.lapsed(now)

    def _be_awake(self, now: Instant) -> None:
        self._silent = 0
        self._expect()
        self._next(self._begin, Instant(now + _SETTLES_IN))

    def _expect(self) -> None:
        self._loop.expect(self._socket.wakeup.fileno(), self._silent + self._besides)
