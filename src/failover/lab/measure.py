"""Finds takeovers in captured advertisements and measures them; pure functions."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from failover.lab.network.decode import Advert


@dataclass(frozen=True, slots=True)
class Takeover:
    """One change of the host that advertises a virtual router."""

    last: Advert
    """The last advertisement of the old MASTER; priority 0 where it resigned."""
    first: Advert
    """The first advertisement of the new MASTER."""

    @property
    def gap(self) -> int:
        """The nanoseconds between the two advertisements."""
        return self.first.at - self.last.at


def takeovers(adverts: Iterable[Advert]) -> list[Takeover]:
    """The takeovers, in order. `adverts` are those of one virtual router and family, in the order of their times."""
    return [Takeover(one, two) for one, two in pairwise(adverts) if one.host != two.host]
