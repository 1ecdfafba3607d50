"""Integer nanoseconds, and the two units of the wire."""

from hypothesis import given
from hypothesis import strategies as st

from failover.vrrp import centiseconds, seconds, to_seconds


def test_seconds_and_centiseconds_are_nanoseconds() -> None:
    assert seconds(1) == 1_000_000_000
    assert seconds(0.01) == centiseconds(1) == 10_000_000
    assert centiseconds(4095) == 40_950_000_000


def test_seconds_round_to_the_nearest_nanosecond() -> None:
    assert seconds(0.29) == 290_000_000  # 0.29 * 1e9 is 289999999.99999994 in binary
    assert seconds(40.95) == centiseconds(4095)


@given(st.integers(0, 4095))
def test_every_interval_of_the_wire_survives_the_way_through_a_file(count: int) -> None:
    assert seconds(to_seconds(centiseconds(count))) == centiseconds(count)
