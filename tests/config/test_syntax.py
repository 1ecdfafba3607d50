"""What is said where the file is not JSON, and what becomes of JSON's dark corners."""

import pytest

from failover.config.checking.syntax import BadNumber, JsonObject, read_tree
from tests.config.documents import complaints


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            '{\n  "vrid": 51,\n}',
            (
                "line 3, column 1: not JSON: expecting property name enclosed in double quotes;"
                " no comma after the last entry"
            ),
        ),
        ("[1, ]", "line 1, column 5: not JSON: expecting value; no comma after the last entry"),
        (
            "// gateway\n{}",
            "line 1, column 1: not JSON: expecting value; JSON has no comments",
        ),
        ("{'vrid': 1}", None),
        ('{"preempt_mode": True}', "line 1, column 18: not JSON: expecting value; JSON writes true, false and null"),
        (
            '{"vrid": 51',
            ("line 1, column 12: not JSON: expecting ',' delimiter; the file ends too early: a bracket is not closed"),
        ),
        ('{"vrid" 51}', "line 1, column 9: not JSON: expecting ':' delimiter"),
        (
            "{} {}",
            "line 1, column 4: not JSON: extra data; several virtual routers are a list: [{...}, {...}]",
        ),
        ('{"name": "a\nb"}', "line 1, column 12: not JSON: invalid control character at"),
        ('{"name": "a', "line 1, column 10: not JSON: unterminated string starting at"),
        ("[" * 100_000, "the JSON is nested too deeply; allowed: lists and objects, four deep"),
        ('{"a":' * 100_000, "the JSON is nested too deeply; allowed: lists and objects, four deep"),
    ],
    ids=lambda value: value[:20] if value else "",
)
def test_a_syntax_error_is_told_with_its_place(text: str, line: str | None) -> None:
    quotes = "line 1, column 2: not JSON: expecting property name enclosed in double quotes; strings need double quotes"
    assert complaints(text) == [line or quotes]


def test_a_repeated_key_is_remembered_and_the_last_value_kept() -> None:
    tree = read_tree('{"a": 1, "b": 2, "a": 3, "a": 4}', "FILE")
    assert isinstance(tree, JsonObject)
    assert (dict(tree), tree.repeated) == ({"a": 4, "b": 2}, ("a",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("NaN", "is not a JSON number"),
        ("-Infinity", "is not a JSON number"),
        ("1e400", "is out of range"),
        ("-1e400", "is out of range"),
        ("9" * 5000, "is out of range"),
    ],
)
def test_a_number_that_no_machine_has_is_kept_as_text(text: str, message: str) -> None:
    number = read_tree(text, "FILE")
    assert isinstance(number, BadNumber)
    assert number.message == message
    assert text.startswith(str(number).removesuffix("..."))
    assert len(str(number)) < 70
