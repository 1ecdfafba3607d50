"""Takeovers as the switch saw them: pure functions from captured advertisements to numbers."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from failover.lab.decode import Advert


@dataclass(frozen=True, slots=True)
class Takeover:
    """One change of the host that advertises a virtual router."""

    last: Advert
    """The last advertisement of the old MASTER; priority 0 where it resigned."""
    first: Advert
    """The first one of the new MASTER."""

    @property
    def gap(self) -> int:
        """Nanoseconds between the two."""
        return self.first.at - self.last.at


def takeovers(adverts: Iterable[Advert]) -> list[Takeover]:
    """The changes of advertiser, in order; the adverts are those of one virtual router and family."""
    return [Takeover(one, two) for one, two in pairwise(adverts) if one.host != two.host]
