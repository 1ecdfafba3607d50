"""Durations in words."""

import pytest

from failover.cli.words import elapsed, precise


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 s"),
        (0.9, "0 s"),
        (59.9, "59 s"),
        (60, "1 min 0 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (86_399, "23 h 59 min"),
        (86_400, "1 d 0 h"),
        (200_000, "2 d 7 h"),
    ],
)
def test_elapsed_time_has_its_two_largest_units(seconds: float, words: str) -> None:
    assert elapsed(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(1.0, "1 s"), (3.60546875, "3.6055 s"), (0.0078125, "0.0078 s"), (765.609375, "765.6094 s")]
)
def test_timers_are_exact_to_a_tenth_of_a_millisecond(seconds: float, words: str) -> None:
    assert precise(seconds) == words
