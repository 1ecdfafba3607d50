"""`failover.engine.events`: what is told, to whom, and how often."""

from collections.abc import Callable, Hashable

import pytest

from failover.engine.events import EventSink, Subject
from failover.events import Kind
from failover.messages import Event
from failover.rate_limit import MOST_TOLD_APART, REPEAT_AFTER, RateLimit
from failover.vrrp import Family, Instant
from tests.vrrp.making import NOW

DISCARDED, ODDITY = Kind.DISCARDED, Kind.ODDITY


def discard(reason: str = "checksum", source: object = "a") -> dict[str, Hashable]:
    return {"reason": reason, "source": source}


def rival(source: object) -> dict[str, Hashable]:
    return {"oddity": "rival_master", "source": source}


class Router:
    name, family = "VR_1", Family.IPV4


class Told:
    """A sink, and what came of it."""

    def __init__(self) -> None:
        self.published: list[tuple[Event, Subject | None]] = []
        self.waiting: list[Callable[[], None]] = []
        self.wall = 7
        self.events = EventSink(lambda *told: self.published.append(told), lambda: self.wall, self.waiting.append)


def test_what_happens_to_the_daemon_is_told_at_once() -> None:
    told = Told()
    told.events.tell(Kind.DEGRADED, {"warning": "memory is not locked"})
    assert told.published == [(Event(at=7, kind="degraded", fields={"warning": "memory is not locked"}), None)]


def test_what_happens_to_a_router_is_told_when_there_is_time_as_of_then() -> None:
    told, router = Told(), Router()
    told.events.tell_of(router, ODDITY, lambda: {"oddity": "rival_master"})
    told.wall = 8
    assert told.published == []
    for tell in told.waiting:
        tell()
    event = Event(at=7, kind="oddity", name="VR_1", family="ipv4", fields={"oddity": "rival_master"})
    assert told.published == [(event, router)]


def test_what_repeats_itself_is_told_once_a_minute_with_how_often_it_did() -> None:
    told = Told()
    for at in (0, 1, 2, REPEAT_AFTER):
        told.events.tell_seldom(Kind.LATE, {}, Instant(NOW + at), {"late_seconds": at})
    assert [event.fields for event, _ in told.published] == [
        {"late_seconds": 0},
        {"late_seconds": REPEAT_AFTER, "suppressed": 2},
    ]


def test_the_first_of_a_kind_is_told_and_the_next_minute_counts_the_others() -> None:
    limit = RateLimit()
    assert limit.admit(DISCARDED, discard(), NOW) == 0
    for n in range(1, 5):
        assert limit.admit(DISCARDED, discard(), Instant(NOW + n)) is None
    assert limit.admit(DISCARDED, discard(), Instant(NOW + REPEAT_AFTER)) == 4
    assert limit.admit(DISCARDED, discard(), Instant(NOW + REPEAT_AFTER + 1)) is None
    assert limit.admit(DISCARDED, discard(), Instant(NOW + 2 * REPEAT_AFTER)) == 1
    assert limit.admit(DISCARDED, discard(), Instant(NOW + 4 * REPEAT_AFTER)) == 0


def test_kinds_and_reasons_do_not_limit_each_other() -> None:
    limit = RateLimit()
    limit.admit(DISCARDED, discard(), NOW)
    assert limit.admit(DISCARDED, discard("length"), NOW) == 0
    assert limit.admit(ODDITY, rival("a"), NOW) == 0


def test_a_second_rival_within_the_minute_is_told_at_once() -> None:
    limit = RateLimit()
    limit.admit(ODDITY, rival("a"), NOW)
    assert limit.admit(ODDITY, rival("b"), Instant(NOW + 1)) == 0
    assert limit.admit(ODDITY, rival("a"), Instant(NOW + 2)) is None


def test_of_forged_sources_without_end_a_few_are_told_and_the_others_counted() -> None:
    limit = RateLimit()
    found = [limit.admit(DISCARDED, discard(source=source), Instant(NOW + source)) for source in range(10_000)]
    assert found.count(0) == MOST_TOLD_APART + 1
    assert len(limit._told[DISCARDED]) == MOST_TOLD_APART + 1
    later = Instant(NOW + 2 * REPEAT_AFTER)
    assert limit.admit(DISCARDED, discard(source=-1), later) == 0
    assert len(limit._told[DISCARDED]) == 2, "who has been silent for a minute is forgotten"


def test_behind_forged_sources_two_rivals_are_still_told_apart() -> None:
    limit = RateLimit()
    for source in range(1000):
        limit.admit(DISCARDED, discard(source=source), NOW)
    assert [limit.admit(ODDITY, rival(source), NOW) for source in ("a", "b", "a")] == [0, 0, None]


def test_what_was_suppressed_of_one_that_is_forgotten_is_counted_among_the_others() -> None:
    limit = RateLimit()
    for source in range(MOST_TOLD_APART):
        limit.admit(DISCARDED, discard(source=source), NOW)
        limit.admit(DISCARDED, discard(source=source), NOW)
    later = Instant(NOW + REPEAT_AFTER)
    for source in range(1000, 1000 + MOST_TOLD_APART - 1):
        assert limit.admit(DISCARDED, discard(source=source), later) == 0
    assert limit.admit(DISCARDED, discard(source=5000), later) == MOST_TOLD_APART, "the first of all others"


def test_what_makes_an_event_the_same_is_named_as_its_kind_has_it() -> None:
    with pytest.raises(KeyError, match="source"):
        RateLimit().admit(ODDITY, {"oddity": "rival_master"}, NOW)


def test_each_kind_that_is_limited_names_evidence_that_it_has() -> None:
    for kind in Kind:
        assert set(kind.limited_by or ()) <= set(kind.fields)
        assert kind.label == kind.name.lower()


def test_what_is_to_be_told_once_is_not_told_again_after_a_minute_but_counts_as_told_apart() -> None:
    limit = RateLimit()
    for minute in range(3):
        at = Instant(NOW + minute * REPEAT_AFTER)
        assert (limit.admit(ODDITY, rival("a"), at, once=True) is None) == bool(minute)
        assert limit.admit(ODDITY, rival("b"), at) is not None


def test_of_ever_new_senders_that_are_told_once_each_minute_tells_of_one_more() -> None:
    limit = RateLimit()
    told = [limit.admit(ODDITY, rival(number), NOW, once=True) is not None for number in range(3 * MOST_TOLD_APART)]
    assert told.count(True) == MOST_TOLD_APART + 1
    later = Instant(NOW + REPEAT_AFTER)
    told = [
        limit.admit(ODDITY, rival(-number), later, once=True) is not None for number in range(9, 3 * MOST_TOLD_APART)
    ]
    assert told.count(True) <= MOST_TOLD_APART + 1
