"""How often strays are removed from one interface, and when it is another program that keeps adding them."""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from failover.engine.environment import EventLoop
from failover.vrrp import Instant, VirtualAddress, seconds

REMOVE_EVERY: Final = seconds(0.1)
"""How soon strays are removed again, as an address that somebody keeps removing is put back."""
CONTESTED_AFTER: Final = 3
"""Removals of one address, after which it is no hand that adds it."""
COUNTED_FOR: Final = seconds(30)
"""An address that comes back later does not keep coming. keepalived takes three or four of its intervals."""
OVER_AFTER: Final = seconds(5)
"""A contested address that has stayed away for so long is contested no more, unless it took longer to come before."""


class _Stray(NamedTuple):
    """An address that was removed."""

    times: int
    last: Instant
    forget_at: Instant

    def again(self, now: Instant) -> "_Stray":
        """Removed once more."""
        times = self.times + 1
        patience = COUNTED_FOR if times < CONTESTED_AFTER else max(OVER_AFTER, 2 * (now - self.last))
        return _Stray(times, now, Instant(now + patience))


class StrayLimit:
    """Of one interface."""

    def __init__(self, loop: EventLoop, look_again: Callable[[], None], over: Callable[[Instant], None]) -> None:
        """`look_again` is called when strays that had to wait may be removed, `over` when an address stays away."""
        self._over = over
        self._not_before = Instant(0)
        self._removed: dict[VirtualAddress, _Stray] = {}
        self._again = loop.alarm(lambda _: look_again())
        self._forget = loop.alarm(self._stays_away)

    def admit(self, strays: Iterable[VirtualAddress], now: Instant) -> bool:
        """Whether these may be removed now; they are. If not, `look_again` is called when they may."""
        if now < self._not_before:
            self._again.set(self._not_before)
            return False
        self._not_before = Instant(now + REMOVE_EVERY)
        for address in strays:
            self._removed[address] = self._removed.get(address, _Stray(0, now, now)).again(now)
        self._forget.set(min(one.forget_at for one in self._removed.values()))
        return True

    @property
    def contested(self) -> frozenset[VirtualAddress]:
        """What somebody keeps adding."""
        return frozenset(address for address, one in self._removed.items() if one.times >= CONTESTED_AFTER)

    def retire(self) -> None:
        """The interface is left: call nobody any more."""
        self._again.retire()
        self._forget.retire()

    def _stays_away(self, now: Instant) -> None:
        self._removed = {address: one for address, one in self._removed.items() if one.forget_at > now}
        self._forget.set(min((one.forget_at for one in self._removed.values()), default=None))
        self._over(now)
