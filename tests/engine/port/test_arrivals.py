"""`failover.engine.port.arrivals`: when packets arrived, whatever the clocks do."""

from failover.engine.port.arrivals import Arrivals
from failover.linux.clock import Clock
from failover.vrrp import Instant, seconds
from tests.vrrp.making import NOW, after

WALL = 1_800_000_000_000_000_000


def looking_since(at: Instant, wall: int) -> Arrivals:
    return Arrivals(Clock(lambda: at, lambda: wall))


def test_a_packet_counts_from_its_arrival_but_never_before_the_last_look_nor_in_the_future() -> None:
    arrivals = looking_since(NOW, WALL)
    at, wall = after(NOW, seconds(3)), WALL + seconds(3)
    ages = [0, 300_000, seconds(0.5), seconds(2.9), seconds(7), -seconds(1)]
    found = arrivals.on_our_clock([wall - age for age in ages], at, wall)
    assert [at - one for one in found] == [0, 300_000, seconds(0.5), seconds(2.9), seconds(3), 0]


def test_where_all_is_in_order_nothing_is_moved() -> None:
    arrivals = looking_since(NOW, WALL)
    at, wall = after(NOW, seconds(3)), WALL + seconds(3)
    assert arrivals.on_our_clock([wall - 5, wall - 3], at, wall) == [at - 5, at - 3]
    assert arrivals.on_our_clock([], at, wall) == []


def test_where_the_wall_clock_was_set_it_was_just_now() -> None:
    for moved in (seconds(0.5), -seconds(0.5), seconds(86400), 4_000_000):
        arrivals = looking_since(NOW, WALL)
        at, wall = after(NOW, seconds(3)), WALL + seconds(3) + moved
        assert arrivals.on_our_clock([WALL + seconds(1), wall - 5], at, wall) == [at, at]
        later, wall = after(at, seconds(3)), wall + seconds(3)
        assert arrivals.on_our_clock([wall - 7], later, wall) == [later - 7], "from then on it is believed"


def test_a_wall_clock_that_is_slewed_is_believed() -> None:
    arrivals = looking_since(NOW, WALL)
    at = after(NOW, seconds(3))
    wall = WALL + seconds(3) + seconds(3) // 2000  # 500 millionths: as fast as the kernel does it
    assert arrivals.on_our_clock([wall - seconds(1)], at, wall) == [at - seconds(1)]
