"""Quantiles, spacings and the mean, on numbers that can be checked by hand."""

import pytest

from benchmarks.quantiles import PERCENTILES, deviations, distribution, mean_error, quantile, spacings


@pytest.mark.parametrize(("share", "expected"), [(0, 1), (0.5, 2.5), (1, 4), (0.25, 1.75)])
def test_a_quantile_lies_between_its_neighbours_in_proportion(share: float, expected: float) -> None:
    assert quantile([4, 1, 3, 2], share) == expected


def test_the_quantile_of_one_value_is_that_value() -> None:
    assert quantile([7], 0.99) == 7


def test_nothing_has_no_quantile() -> None:
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)


def test_a_distribution_runs_from_the_lowest_to_the_highest() -> None:
    found = distribution([3, 1, 2])
    assert (len(found), found[0], found[50], found[-1]) == (len(PERCENTILES), 1, 2, 3)


def test_spacings_and_what_they_are_off_the_interval() -> None:
    assert spacings([0, 10, 25]) == [10, 15]
    assert deviations([0, 10, 25, 30], 10) == [0, 5, 5]


def test_the_mean_of_an_even_beat_is_right_and_that_of_a_slow_one_is_off_in_percent() -> None:
    assert mean_error([0, 100, 200, 300], 100) == pytest.approx(0)
    assert mean_error([0, 101, 202, 303], 100) == pytest.approx(1)


def test_one_late_time_at_the_end_hardly_moves_the_mean() -> None:
    times = [100 * index for index in range(1000)]
    times[-1] += 50
    assert mean_error(times, 100) < 0.001
