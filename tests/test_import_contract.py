"""The layers: who may import whom, and what must not be in the engine's process.

`ARROWS` is the drawing in `docs/architecture.md` as data. An arrow is not transitive: it is there for who imports.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import failover

ROOT: Final = Path(failover.__file__).parent

EVERYTHING: Final = frozenset(
    {
        "vrrp",
        "frames",
        "config",
        "linux",
        "messages",
        "events",
        "engine",
        "agent",
        "lab",
        "library",
        "cli",
        "paths",
        "version",
    }
)

ARROWS: Final[dict[str, frozenset[str]]] = {
    "vrrp": frozenset(),
    "frames": frozenset({"vrrp"}),
    "config": frozenset({"vrrp"}),
    "linux": frozenset({"frames", "vrrp"}),
    "messages": frozenset(),
    "events": frozenset({"messages"}),
    "engine": frozenset({"linux", "frames", "vrrp", "config", "messages", "events", "paths", "version"}),
    "agent": frozenset({"config", "linux", "messages", "events", "version"}),
    "lab": frozenset({"config", "vrrp"}),
    "cli": EVERYTHING,
    "library": EVERYTHING,
    "paths": frozenset(),
    "version": frozenset(),
    "__init__": EVERYTHING,
    "__main__": EVERYTHING,
}
"""Each package, or module beside the packages, and what of the project it may import beside itself."""

CORE_MAY_IMPORT: Final = frozenset({"dataclasses", "enum", "ipaddress", "struct", "typing"})
"""Data types. No socket, clock, thread, log, randomness."""

MESSAGES_MAY_IMPORT: Final = frozenset({"msgspec"}) | sys.stdlib_module_names

NOT_IN_THE_ENGINE: Final = frozenset(
    {
        "asyncio",
        "click",
        "concurrent",
        "http",
        "logging",
        "multiprocessing",
        "rich",
        "starlette",
        "subprocess",
        "uvicorn",
    }
)
"""Too slow to start, too large to lock in memory, or a thread that could get in the way."""


def parts() -> list[str]:
    found = [path.stem for path in ROOT.glob("*.py")]
    return sorted(found + [path.name for path in ROOT.iterdir() if path.is_dir() and any(path.glob("*.py"))])


def files(part: str) -> list[Path]:
    module = ROOT / f"{part}.py"
    return [module] if module.exists() else sorted((ROOT / part).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Every module that a file names in an import, wherever the import stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides its arrow"
            assert node.module is not None
            yield node.module
            if node.module == "failover":
                yield from (f"failover.{alias.name}" for alias in node.names)


def arrows(path: Path) -> set[str]:
    """The parts of the project that a file imports."""
    names = (name.split(".") for name in imported(path))
    return {name[1] for name in names if name[0] == "failover" and len(name) > 1} & EVERYTHING


def strangers(path: Path) -> set[str]:
    """What a file imports that is not of the project."""
    return {name.split(".")[0] for name in imported(path)} - {"failover"}


def test_every_part_of_the_project_is_in_the_contract() -> None:
    assert set(parts()) <= set(ARROWS)


@pytest.mark.parametrize("part", parts())
def test_a_part_imports_only_what_it_may(part: str) -> None:
    allowed = ARROWS[part] | {part}
    wrong = {str(path.relative_to(ROOT)): arrows(path) - allowed for path in files(part)}
    assert {path: names for path, names in wrong.items() if names} == {}


def test_the_arrows_go_round_in_no_circle() -> None:
    layered: set[str] = set()
    remaining = {part: names for part, names in ARROWS.items() if names is not EVERYTHING}
    while remaining:
        next_layer = {part for part, names in remaining.items() if names <= layered}
        assert next_layer, f"a circle among {sorted(remaining)}"
        layered |= next_layer
        remaining = {part: names for part, names in remaining.items() if part not in layered}


def test_the_core_imports_data_types_only() -> None:
    assert {
        path.name: strangers(path) - CORE_MAY_IMPORT for path in files("vrrp") if strangers(path) - CORE_MAY_IMPORT
    } == {}


def test_the_messages_import_nothing_but_msgspec() -> None:
    assert [path for path in files("messages") if not strangers(path) <= MESSAGES_MAY_IMPORT] == []


def test_the_engine_starts_without_what_would_slow_it_down() -> None:
    command = [sys.executable, "-c", "import failover.engine, sys; print(*sys.modules)"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert "msgspec" in loaded
    assert loaded & NOT_IN_THE_ENGINE == set()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import failover.linux.clock", {"linux"}),
        ("from failover.engine import loop", {"engine"}),
        ("from failover import agent, version", {"agent", "version"}),
        ("def f():\n    from failover.cli import main", {"cli"}),
        ("import socket", set()),
    ],
)
def test_the_contract_sees_every_kind_of_import(tmp_path: Path, source: str, expected: set[str]) -> None:
    path = tmp_path / "module.py"
    path.write_text(source)
    assert arrows(path) == expected
