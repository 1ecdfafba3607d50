"""How late the loop's alarms rang: counted in fixed buckets, since the start and for the last minute.

Noting one costs a quarter of a microsecond and keeps nothing; whoever wants to know turns the page now and then.
"""

from bisect import bisect_left
from operator import add
from typing import Final

from failover.messages import LAG_BOUNDS, Lag
from failover.vrrp import Instant, Interval, seconds

_PAGE_LASTS: Final = seconds(10)
_PAGES: Final = 7
"""The one that is being written, and six for the minute before it."""
_BUCKETS: Final = len(LAG_BOUNDS) + 1


class _Page:
    __slots__ = ("counts", "worst")

    def __init__(self) -> None:
        self.counts = [0] * _BUCKETS
        self.worst = 0


class Lateness:
    """Notes how late each alarm was; one for a loop."""

    def __init__(self, now: Instant) -> None:
        self._pages = [_Page() for _ in range(_PAGES)]
        self._number = 0
        self._page_until = now + _PAGE_LASTS
        self._total = _Page()
        """The sum of all pages that are full."""
        self._worst = 0
        """The worst lateness since the last turn, in nanoseconds."""
        self._counts = self._pages[0].counts

    def note(self, late: int) -> None:
        """An alarm rang `late` nanoseconds after it was due."""
        self._counts[bisect_left(LAG_BOUNDS, late)] += 1
        if late > self._worst:  # noqa: PLR1730 - max() takes three times as long
            self._worst = late

    def turn(self, now: Instant) -> Interval:
        """Begin a new page when it is time for one; the worst lateness since the turn before."""
        worst, self._worst = self._worst, 0
        for page in (self._pages[self._number], self._total):
            page.worst = max(page.worst, worst)
        fresh = min((now - self._page_until) // _PAGE_LASTS + 1, _PAGES)
        for _ in range(fresh):
            self._total.counts[:] = map(add, self._total.counts, self._counts)
            self._number = (self._number + 1) % _PAGES
            page = self._pages[self._number]
            page.counts[:] = (0,) * _BUCKETS
            page.worst = 0
            self._counts = page.counts
        if fresh > 0:
            self._page_until = now + _PAGE_LASTS
        return Interval(worst)

    def since_start(self) -> Lag:
        """How late alarms rang since the loop was made."""
        return Lag(max=max(self._total.worst, self._worst), counts=list(map(add, self._total.counts, self._counts)))

    def last_minute(self) -> Lag:
        """How late alarms rang in the last 60 to 70 seconds."""
        counts = [sum(column) for column in zip(*(page.counts for page in self._pages), strict=True)]
        return Lag(max=max(self._worst, *(page.worst for page in self._pages)), counts=counts)
