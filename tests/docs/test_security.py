"""Each claim of the page on security names tests that there are."""

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs/security.md").read_text()
NAMED: Final = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+|\*)`", PAGE)))


def claims() -> list[str]:
    """The rows of tables that claim something: those of a table that says what holds them."""
    found: list[str] = []
    is_held = False
    for line in PAGE.splitlines():
        if not line.startswith("|"):
            is_held = False
        elif "| proved by |" in line:
            is_held = True
        elif is_held and not line.startswith("| ---"):
            found.append(line)
    return found


@pytest.mark.parametrize("claim", claims())
def test_each_claim_names_a_test(claim: str) -> None:
    assert re.search(r"\| `tests/[\w/]+\.py::", claim)


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_the_test_is_there(file: str, test: str) -> None:
    text = (ROOT / file).read_text()
    assert re.search(r"^def test_" if test == "*" else rf"^def {test}\(", text, re.MULTILINE)


def test_there_is_something_to_check() -> None:
    assert len(claims()) > 20
    assert len(NAMED) > 20
