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


def test_only_a_must_of_the_tested_kinds_owes_both_tests() -> None:
    for rule in (replace(MUST, level="SHOULD"), replace(MUST, kinds=("N",)), replace(MUST, kinds=("M",))):
        assert problems({"R-001": rule}, BOTH[:1]) == []
    assert problems({"R-001": replace(MUST, kinds=("D",))}, []) == []
    assert problems({"R-001": replace(MUST, kinds=("D", "C"))}, BOTH[:1]) != []


@pytest.mark.parametrize("kind", ["P", "W", "F", "C", "N", "M"])
@pytest.mark.parametrize("level", ["MUST", "SHOULD", "MAY", "info"])
def test_a_line_without_a_test_does_not_hide(level: str, kind: str) -> None:
    rule = replace(MUST, level=level, kinds=(kind,))
    hidden = "R-001 has no test, and does not say `not_yet`"
    assert hidden in problems({"R-001": rule}, [])
    assert problems({"R-001": replace(rule, not_yet="accept mode")}, []) == []
    assert hidden not in problems({"R-001": rule}, BOTH[:1])


@pytest.mark.parametrize("kind", ["P", "W", "F", "C", "N", "M", "D"])
@pytest.mark.parametrize("not_yet", [None, "accept mode"])
def test_what_is_done_instead_is_tested(kind: str, not_yet: str | None) -> None:
    rule = replace(MUST, kinds=(kind,), deviation="another way", not_yet=not_yet)
    untested = "R-001 has no test of what is done instead"
    assert untested in problems({"R-001": rule}, [])
    assert untested not in problems({"R-001": rule}, BOTH[:1])


def test_what_is_not_there_yet_has_not_both_tests() -> None:
    rule = replace(MUST, not_yet="accept mode")
    assert problems({"R-001": rule}, BOTH[:1]) == []
    assert problems({"R-001": rule}, BOTH) == ["R-001 is tested both ways: `not_yet` is stale"]


def test_a_deviation_of_a_must_is_tested_all_the_same() -> None:
    rule = replace(MUST, deviation="another way")
    assert problems({"R-001": rule}, BOTH[:1]) == ["R-001 has no negative test and no reason"]


def test_no_line_says_that_it_waits_for_something_unsaid() -> None:
    with pytest.raises(TypeError, match="later"):
        Rule(level="MUST", section="RFC 9568 §0", kinds=("N",), text="A rule.", later="some day")  # type: ignore[call-arg]


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
