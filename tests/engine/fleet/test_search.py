"""Which addresses are asked for next, and what is known of who has them."""

from ipaddress import ip_address

import pytest

from failover.engine.fleet.addresses.search import ASK_EVERY, Search
from failover.vrrp import Instant

AT = Instant(10**12)
LATER = Instant(AT + ASK_EVERY)
MANY = [ip_address(0xC0000200 + number) for number in range(100)]
MAC, OTHER = "02:00:00:00:00:02", "02:00:00:00:00:03"


def test_all_addresses_are_asked_for_in_portions_and_again_a_minute_later() -> None:
    search = Search()
    portions = [search.portion(MANY, 32, AT) for _ in range(4)]
    assert [len(portion) for portion in portions] == [32, 32, 32, 4]
    assert [address for portion in portions for address in portion] == MANY
    assert not search.is_due(AT)
    assert search.portion(MANY, 32, Instant(LATER - 1)) == ()
    assert search.is_due(LATER)
    assert search.portion(MANY, 32, LATER) == tuple(MANY[:32])


@pytest.mark.parametrize("count", [1, 32])
def test_what_fits_one_portion_is_asked_for_at_once(count: int) -> None:
    search = Search()
    assert search.portion(MANY[:count], 32, AT) == tuple(MANY[:count])
    assert not search.is_due(AT)


def test_what_another_host_has_is_asked_for_each_time_until_it_has_it_no_more() -> None:
    search = Search()
    search.answered(search.portion(MANY[:3], 32, AT), {MANY[1]: frozenset({MAC})})
    for _ in range(3):
        assert search.is_due(AT)
        portion = search.portion(MANY[:3], 32, AT)
        assert portion == (MANY[1],)
        search.answered(portion, {MANY[1]: frozenset({MAC})})
        assert search.holders() == {MAC: (MANY[1],)}
    search.answered(search.portion(MANY[:3], 32, AT), {})
    assert search.holders() == {}
    assert not search.is_due(AT)


def test_what_is_said_of_other_addresses_is_no_matter() -> None:
    search = Search()
    search.answered(search.portion(MANY[:1], 32, AT), {MANY[1]: frozenset({MAC})})
    assert search.holders() == {}


def test_who_has_several_addresses_is_told_with_all_of_them() -> None:
    search = Search()
    claims = {MANY[2]: frozenset({MAC}), MANY[0]: frozenset({MAC, OTHER})}
    search.answered(search.portion(MANY[:3], 32, AT), claims)
    assert search.holders() == {MAC: (MANY[0], MANY[2]), OTHER: (MANY[0],)}


def test_what_others_have_does_not_keep_the_rest_from_being_asked_for() -> None:
    search = Search()
    everything = dict.fromkeys(MANY, frozenset({MAC}))
    asked: set[object] = set()
    for _ in range(20):
        portion = search.portion(MANY, 32, AT)
        assert 0 < len(portion) <= 32
        search.answered(portion, everything)
        asked.update(portion)
    assert asked == set(MANY)
    again = {address for _ in range(4) for address in _asked(search)}
    assert again == set(MANY), "each of them has its turn"


def _asked(search: Search) -> tuple[object, ...]:
    portion = search.portion(MANY, 32, AT)
    search.answered(portion, dict.fromkeys(portion, frozenset({MAC})))
    return portion


def test_an_address_that_the_router_has_no_more_is_forgotten() -> None:
    search = Search()
    search.answered(search.portion(MANY[:2], 32, AT), dict.fromkeys(MANY[:2], frozenset({MAC})))
    assert search.portion(MANY[1:2], 32, AT) == (MANY[1],)
    assert search.holders() == {MAC: (MANY[1],)}


def test_whose_addresses_others_have_is_most_urgent_and_then_who_has_waited_longest() -> None:
    found, waiting, asked = Search(), Search(), Search()
    found.answered(found.portion(MANY[:1], 32, AT), {MANY[0]: frozenset({MAC})})
    asked.portion(MANY[:1], 32, AT)
    assert sorted((asked, waiting, found), key=lambda one: one.urgency) == [found, waiting, asked]
