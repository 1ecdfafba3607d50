"""For which addresses of a MASTER to ask next, and who was found to have them as well. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from failover.vrrp import Address, Instant, seconds

ASK_EVERY: Final = seconds(55)
"""About a minute; what another host was found to have is asked for each time."""


class Search:
    """For the addresses of one router, as long as it is MASTER."""

    def __init__(self) -> None:
        self._due = Instant(0)
        """When the first address may be asked for again."""
        self._next = 0
        """How many were asked for since then."""
        self._found: dict[Address, frozenset[str]] = {}
        """Who else has which address, by MAC address; what was asked for least recently comes first."""

    def is_due(self, at: Instant) -> bool:
        """Whether there is something to ask for."""
        return bool(self._found) or at >= self._due

    @property
    def urgency(self) -> tuple[bool, Instant]:
        """What sorts the routers of an interface: the least is to be asked for first."""
        return not self._found, self._due

    def portion(self, addresses: Sequence[Address], most: int, at: Instant) -> tuple[Address, ...]:
        """At most so many of the router's addresses that are to be asked for now."""
        if self._found:
            self._found = {address: macs for address, macs in self._found.items() if address in addresses}
        if at < self._due:
            return tuple(self._found)[:most]
        again = tuple(self._found)[: (most + 1) // 2]  # the others have a right to be asked for, too
        end = self._next + most - len(again)
        portion = tuple(dict.fromkeys((*again, *addresses[self._next : end])))
        self._next = end
        if end >= len(addresses):
            self._next, self._due = 0, Instant(at + ASK_EVERY)
        return portion

    def answered(self, asked: Iterable[Address], claims: Mapping[Address, frozenset[str]]) -> None:
        """Who has said that he has these."""
        for address in asked:
            self._found.pop(address, None)
            if macs := claims.get(address):
                self._found[address] = macs

    def holders(self) -> dict[str, tuple[Address, ...]]:
        """Who else has which of the addresses, by MAC address."""
        holders: dict[str, tuple[Address, ...]] = {}
        for address, macs in sorted(self._found.items()):
            for mac in macs:
                holders[mac] = (*holders.get(mac, ()), address)
        return holders
