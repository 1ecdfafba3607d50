"""The ledger is complete, every MUST is tested both ways or says why not, and the checker can fail."""

from dataclasses import replace

import pytest

from tests.rfc.ledger import KINDS, Kind, Mark, Rule, load, marks, marks_in, problems

MUST = Rule(level="MUST", section="RFC 9568 §0", kinds=("F",), text="A rule.")
BOTH = [Mark("R-001", kind, "test_x:1") for kind in KINDS]


def test_every_line_is_there() -> None:
    expected = [
        f"{letter}-{number:03}" for letter, last in (("R", 119), ("S", 14), ("M", 16)) for number in range(1, last + 1)
    ]
    assert list(load()) == expected


def test_every_line_says_what_it_is() -> None:
    for name, rule in load().items():
        assert rule.text, name
        assert rule.section.startswith("RFC "), name
        assert rule.kinds, name
        assert set(rule.kinds) <= set("PWFCNDM"), name


def test_the_tests_and_the_ledger_agree() -> None:
    assert problems(load(), marks()) == []


def test_a_must_with_both_tests_is_in_order() -> None:
    assert problems({"R-001": MUST}, BOTH) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", ["MUST", "MUST NOT", "MUST / SHOULD"])
def test_a_must_without_one_of_the_tests_is_found(level: str, kind: Kind) -> None:
    rest = [mark for mark in BOTH if mark.kind != kind]
    assert problems({"R-001": replace(MUST, level=level)}, rest) == [f"R-001 has no {kind} test and no reason"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_written_reason_stands_for_a_test_until_the_test_exists(kind: Kind) -> None:
    rest = [mark for mark in BOTH if mark.kind != kind]
    rule = (
        replace(MUST, without_positive="it cannot be")
        if kind == "positive"
        else replace(MUST, without_negative="it cannot be")
    )
    assert problems({"R-001": rule}, rest) == []
    assert problems({"R-001": rule}, BOTH) == [f"R-001 has a {kind} test: without_{kind} is stale"]


def test_only_a_must_of_the_tested_kinds_owes_tests() -> None:
    assert problems({"R-001": replace(MUST, level="SHOULD")}, []) == []
    assert problems({"R-001": replace(MUST, kinds=("D",))}, []) == []
    assert problems({"R-001": replace(MUST, kinds=("D", "C"))}, []) != []


def test_a_line_that_needs_a_namespace_is_tested_or_says_what_it_waits_for() -> None:
    rule = replace(MUST, kinds=("N",))
    assert problems({"R-001": rule}, []) == ["R-001 waits for a namespace test, but does not say `later`"]
    assert problems({"R-001": replace(rule, later="with that")}, []) == []
    assert problems({"R-001": replace(rule, later="with that")}, BOTH) == ["R-001 need not wait: `later` is stale"]
    assert problems({"R-001": replace(MUST, later="with that")}, BOTH) == ["R-001 need not wait: `later` is stale"]


def test_an_unknown_id_is_found() -> None:
    stranger = Mark("R-999", "positive", "test_x:7")
    found = ["test_x:7 names R-999, which the ledger does not have"]
    assert problems({"R-001": MUST}, [*BOTH, stranger]) == found


def test_marks_are_read_from_the_source_in_every_spelling() -> None:
    source = """
@positive("R-001", "S-002")
@negative("R-003")
def test_a(): ...

@pytest.mark.rfc("R-004", kind="negative")
@pytest.mark.rfc(ids=("R-005", "R-006"), kind="positive")
@pytest.mark.root
def test_b(): ...

pytest.param(1, marks=positive("R-007"))
"""
    assert {(mark.rule, mark.kind) for mark in marks_in(source, "test_x")} == {
        ("R-001", "positive"),
        ("S-002", "positive"),
        ("R-003", "negative"),
        ("R-004", "negative"),
        ("R-005", "positive"),
        ("R-006", "positive"),
        ("R-007", "positive"),
    }


def test_a_misspelt_mark_is_an_error() -> None:
    with pytest.raises(ValueError, match="no id of the ledger"):
        list(marks_in('@positive("R-1")\ndef test_a(): ...', "test_x"))
