"""When packets are worth waiting for: pure, told of looks."""

from failover.engine.loop.coalescing import Coalescing
from failover.vrrp import Instant, seconds


def looks(coalescing: Coalescing, *found: tuple[float, int], start: float = 1000) -> Coalescing:
    """Looks at so many seconds after `start`, each with the packets that it found."""
    for at, packets in found:
        coalescing.note(Instant(seconds(start + at)), packets)
    return coalescing


def test_packets_that_come_one_by_one_are_no_rush() -> None:
    assert not looks(Coalescing(), *((n * 0.01, 1) for n in range(100))).is_on


def test_a_few_in_a_row_are_none_and_more_are() -> None:
    close = [(n * 0.0002, 1) for n in range(4)]
    assert not looks(Coalescing(), *close[:3]).is_on
    assert looks(Coalescing(), *close).is_on


def test_a_look_that_finds_many_at_once_begins_one() -> None:
    assert not looks(Coalescing(), (0, 3)).is_on
    assert looks(Coalescing(), (0, 4)).is_on


def test_it_is_steady_where_every_tick_brings_some_and_not_after_a_look_in_vain() -> None:
    coalescing = looks(Coalescing(), (0, 32), (0.001, 9))
    assert coalescing.is_steady
    assert not looks(coalescing, (0.002, 0)).is_steady
    assert coalescing.is_on, "the next burst is waited for as well"


def test_bursts_with_pauses_are_a_rush_that_is_not_steady() -> None:
    coalescing = looks(Coalescing(), *((n * 0.014, 32) for n in range(10)))
    assert coalescing.is_on
    assert not coalescing.is_steady


def test_it_ends_when_waiting_no_longer_pays() -> None:
    coalescing = looks(Coalescing(), (0, 32), *((0.1 * n, 1) for n in range(1, 8)))
    assert coalescing.is_on
    assert not looks(coalescing, (0.8, 1)).is_on
    coalescing = looks(Coalescing(), (0, 32), *((0.1 * n, 1) for n in range(1, 8)), (0.8, 2), (0.9, 1))
    assert coalescing.is_on, "a look that paid begins the count anew"
