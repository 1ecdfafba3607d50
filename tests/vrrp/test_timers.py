"""Skew_Time and Master_Down_Interval, to the nanosecond."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.vrrp import Interval, Version, centiseconds, seconds
from failover.vrrp.timers import master_down_interval, skew_time
from tests.rfc.marks import negative, positive
from tests.vrrp.making import V2, V3, a_router

priorities = st.integers(1, 255)
centisecond_counts = st.integers(1, 4095)


@positive("R-031")
@pytest.mark.parametrize(
    ("priority", "interval", "expected"),
    [
        (100, seconds(1), 609_375_000),
        (254, seconds(1), 7_812_500),
        (255, seconds(1), 3_906_250),
        (1, seconds(1), 996_093_750),
        (100, centiseconds(1), 6_093_750),
        (254, centiseconds(1), 78_125),
        (100, centiseconds(4095), 24_953_906_250),
        (1, centiseconds(4095), 40_790_039_062),  # .5, rounded down
    ],
)
def test_version_3_skews_by_a_part_of_the_interval(priority: int, interval: Interval, expected: int) -> None:
    assert skew_time(V3, priority, interval) == expected


@negative("R-031")
@given(priorities, centisecond_counts)
def test_no_fraction_of_a_centisecond_is_lost(priority: int, count: int) -> None:
    exact = Fraction((256 - priority) * centiseconds(count), 256)
    assert 0 <= exact - skew_time(V3, priority, centiseconds(count)) < 1
    assert skew_time(V3, priority, centiseconds(count)) > 0


@positive("S-011")
@pytest.mark.parametrize("interval", [seconds(1), seconds(2), seconds(255)])
@pytest.mark.parametrize(("priority", "expected"), [(254, 7_812_500), (100, 609_375_000), (1, 996_093_750)])
def test_version_2_skews_by_a_part_of_one_second(interval: Interval, priority: int, expected: int) -> None:
    assert skew_time(V2, priority, interval) == expected


@positive("R-032")
@pytest.mark.parametrize(
    ("priority", "interval", "expected"),
    [
        (100, seconds(1), 3_609_375_000),
        (254, seconds(1), 3_007_812_500),
        (254, centiseconds(1), 30_078_125),
        (100, centiseconds(4095), 147_803_906_250),
    ],
)
def test_version_3_waits_for_three_intervals_and_the_skew(priority: int, interval: Interval, expected: int) -> None:
    assert master_down_interval(V3, priority, interval) == expected


@positive("S-011")
def test_version_2_at_255_s_and_priority_100_waits_for_765_609375_s() -> None:
    assert master_down_interval(V2, 100, seconds(255)) == 765_609_375_000


@negative("R-032", "S-011")
def test_the_versions_differ_except_at_one_second() -> None:
    assert master_down_interval(V2, 100, seconds(1)) == master_down_interval(V3, 100, seconds(1))
    assert master_down_interval(V2, 100, seconds(2)) == 6_609_375_000
    assert master_down_interval(V3, 100, seconds(2)) == 7_218_750_000


@given(st.sampled_from(Version), st.integers(1, 254), st.integers(1, 255))
def test_the_higher_priority_is_always_the_first_to_take_over(version: Version, priority: int, whole: int) -> None:
    interval = seconds(whole)
    assert master_down_interval(version, priority + 1, interval) < master_down_interval(version, priority, interval)


def test_a_router_computes_with_its_own_version_and_priority() -> None:
    router = a_router(version=V2, priority=200, advertisement_interval=seconds(3))
    assert router.skew_time(seconds(3)) == 218_750_000
    assert router.master_down_interval(seconds(3)) == 9_218_750_000
