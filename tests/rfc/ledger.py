"""The ledger of requirements, the tests that name its lines, and what is wrong between them. Reads files, runs nothing.

The marks are found in the source, so the answer is the same under xdist, with `-k`, and where a test is skipped.
"""

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

Kind = Literal["positive", "negative"]
KINDS: Final[tuple[Kind, ...]] = ("positive", "negative")
TESTED_KINDS: Final = frozenset("PFWC")
LEDGER: Final = Path(__file__).with_name("ledger.toml")
TESTS: Final = Path(__file__).parent.parent

_ID = re.compile(r"[RSM]-\d{3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the ledger."""

    level: str
    section: str
    kinds: tuple[str, ...]
    text: str
    version_2: str | None = None
    errata: tuple[int, ...] = ()
    without_positive: str | None = None
    without_negative: str | None = None
    deviation: str | None = None
    not_yet: str | None = None

    @property
    def is_must(self) -> bool:
        return self.level.startswith("MUST")

    def reason(self, kind: Kind) -> str | None:
        """Why there is no test of this kind."""
        return self.without_positive if kind == "positive" else self.without_negative


@dataclass(frozen=True, slots=True)
class Mark:
    """A test's claim to one line."""

    rule: str
    kind: Kind
    test: str


def load(path: Path = LEDGER) -> dict[str, Rule]:
    """The ledger; a misspelt key or a missing one is a `TypeError`."""
    tables = tomllib.loads(path.read_text())
    return {name: Rule(**{key: _frozen(value) for key, value in table.items()}) for name, table in tables.items()}


def marks(directory: Path = TESTS) -> list[Mark]:
    """Every mark in the tests: `positive(...)`, `negative(...)`, `pytest.mark.rfc(..., kind=...)`."""
    return [mark for path in sorted(directory.rglob("test_*.py")) for mark in marks_in(path.read_text(), path.stem)]


def marks_in(source: str, name: str) -> Iterator[Mark]:
    """The marks in one file; they count where they decorate a test or stand in `pytestmark` or a parameter."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and (kind := _kind(node)) is not None:
            for rule in _strings(node):
                yield Mark(rule, kind, f"{name}:{node.lineno}")


def problems(ledger: dict[str, Rule], marked: list[Mark]) -> list[str]:
    """What a reader must put right, one sentence each."""
    tests: dict[str, set[Kind]] = defaultdict(set)
    for mark in marked:
        tests[mark.rule].add(mark.kind)
    unknown = [f"{mark.test} names {mark.rule}, which the ledger does not have" for mark in marked]
    found = [text for mark, text in zip(marked, unknown, strict=True) if mark.rule not in ledger]
    for name, rule in ledger.items():
        found += [f"{name} {problem}" for problem in _problems(rule, tests[name])]
    return found


def _problems(rule: Rule, tests: set[Kind]) -> Iterator[str]:
    owed = rule.is_must and not TESTED_KINDS.isdisjoint(rule.kinds)
    for kind in KINDS:
        reason = rule.reason(kind) or rule.not_yet
        if owed and kind not in tests and reason is None:
            yield f"has no {kind} test and no reason"
        if kind in tests and rule.reason(kind) is not None:
            yield f"has a {kind} test: without_{kind} is stale"
    if not tests and rule.deviation is not None:
        yield "has no test of what is done instead"
    elif not tests and rule.not_yet is None and set(rule.kinds) != {"D"}:
        yield "has no test, and does not say `not_yet`"
    if rule.not_yet is not None and len(tests) == len(KINDS):
        yield "is tested both ways: `not_yet` is stale"


def _kind(call: ast.Call) -> Kind | None:
    name = ast.unparse(call.func).rpartition(".")[2]
    if name == "rfc":
        given = {keyword.arg: keyword.value for keyword in call.keywords}.get("kind")
        name = given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else ""
    return next((kind for kind in KINDS if kind == name), None)


def _strings(call: ast.Call) -> Iterator[str]:
    """The ids among the arguments. Anything else in a mark is a mistake that must not pass as no claim."""
    ids = [keyword.value for keyword in call.keywords if keyword.arg == "ids"]
    for argument in [*call.args, *ids]:
        for node in ast.walk(argument):
            if isinstance(node, ast.Constant):
                if not _ID.fullmatch(str(node.value)):
                    raise ValueError(f"line {call.lineno}: {node.value!r} is no id of the ledger")
                yield str(node.value)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
