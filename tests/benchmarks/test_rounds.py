"""Which rounds count, and when another is due."""

from collections.abc import Sequence

import pytest

from benchmarks.rounds import NOISE_LIMIT, REPEATED_AT_MOST, Round, collect, goes_on, quietest

QUIET, NOISY = NOISE_LIMIT / 2, NOISE_LIMIT * 3


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ([], True),
        ([QUIET], True),
        ([QUIET, QUIET], False),
        ([QUIET, NOISY], True),
        ([QUIET, NOISY, NOISE_LIMIT], False),
        ([NOISY] * 2 * REPEATED_AT_MOST, True),
        ([NOISY] * 2 * (1 + REPEATED_AT_MOST), False),
    ],
)
def test_rounds_go_on_until_enough_were_quiet_or_too_many_were_not(rest: Sequence[float], *, expected: bool) -> None:
    assert goes_on(rest, 2) is expected


def test_the_quiet_rounds_count_in_their_order() -> None:
    assert quietest([NOISY, QUIET, NOISY, 0], 2) == [1, 3]


def test_where_too_few_are_quiet_the_quietest_others_count() -> None:
    assert quietest([NOISY, 2 * NOISY, QUIET], 2) == [0, 2]


def test_noisy_rounds_are_dropped_and_counted() -> None:
    noise = iter([NOISY, QUIET, NOISY, QUIET])
    rounds = collect(2, lambda: Round({"what": {"ours": 1.0}}, next(noise), {"spacing": {"ours": [1.0, 2.0]}}))
    assert rounds.dropped == 2
    assert rounds.rest == [QUIET, QUIET]
    assert rounds.samples("what") == {"ours": [1.0, 1.0]}
    assert rounds.pooled("spacing") == {"ours": [1.0, 2.0, 1.0, 2.0]}


def test_without_repetition_rounds_are_taken_as_they_come() -> None:
    rounds = collect(1, lambda: Round({"what": {"ours": 1.0}}, NOISY), repeat=False)
    assert (len(rounds.kept), rounds.dropped) == (1, 0)
