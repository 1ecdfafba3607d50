"""System errors in words."""

import ast
import errno
import os
from pathlib import Path

import pytest

import failover
from failover.linux.errors import describe, reason


def test_the_reason_has_no_number_and_no_file() -> None:
    assert reason(OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))) == "Network is unreachable"
    assert reason(OSError(errno.ENOENT, "No such file", "/x")) == "No such file"
    assert reason(OSError("AF_UNIX path too long")) == "AF_UNIX path too long"


def test_a_description_has_the_file_too() -> None:
    assert describe(OSError(errno.ENOENT, "No such file", "/x")) == "/x: No such file"
    assert describe(OSError(errno.EPERM, "needs root")) == "needs root"


def shown_whole(source: str) -> list[int]:
    """The lines that turn a caught `OSError` into text as a whole, number and all."""
    handlers = [
        (handler.name, handler)
        for handler in ast.walk(ast.parse(source))
        if isinstance(handler, ast.ExceptHandler)
        and handler.name
        and isinstance(handler.type, ast.Name)
        and handler.type.id == "OSError"
    ]
    return [
        node.lineno
        for name, handler in handlers
        for node in ast.walk(handler)
        if (isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.Name) and node.value.id == name)
        or (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"str", "repr"}
            and any(isinstance(argument, ast.Name) and argument.id == name for argument in node.args)
        )
    ]


@pytest.mark.parametrize(
    ("handler", "lines"),
    [
        ("tell(str(error))", [4]),
        ("tell(f'no: {error}')", [4]),
        ("tell(reason(error))", []),
        ("tell(f'no: {error.strerror}')", []),
    ],
)
def test_a_system_error_that_is_shown_whole_is_found(handler: str, lines: list[int]) -> None:
    assert shown_whole(f"try:\n    pass\nexcept OSError as error:\n    {handler}\n") == lines


def test_nowhere_is_a_system_error_shown_whole() -> None:
    root = Path(failover.__file__).parent
    found = {str(path.relative_to(root)): shown_whole(path.read_text()) for path in root.rglob("*.py")}
    assert {name: lines for name, lines in found.items() if lines} == {}
