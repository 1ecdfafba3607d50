"""Choosing scenarios by name."""

import pytest

from benchmarks.registry import Scenario, select

ALL = [Scenario(name, lambda _: []) for name in ("cpu/1@1s", "cpu/50@0.1s", "floor")]


def test_without_names_all_are_chosen() -> None:
    assert select(ALL, []) == ALL


def test_a_group_or_a_case_can_be_chosen_in_the_order_of_the_report() -> None:
    assert select(ALL, ["floor", "cpu"]) == ALL
    assert select(ALL, ["cpu/50@0.1s"]) == [ALL[1]]


def test_a_name_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(LookupError, match=r"no scenario cp; there are cpu/1@1s, cpu/50@0\.1s, floor"):
        select(ALL, ["cp"])
