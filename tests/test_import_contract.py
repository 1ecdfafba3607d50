"""The layers and the floors: who may import whom, and what must not be in the engine's process.

`ARROWS` is the drawing in `docs/architecture.md` as data, `FLOORS` what its folders may use of each other. An arrow is
not transitive: it is there for who imports.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
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
        "wording",
        "events",
        "rate_limit",
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
    "wording": frozenset({"messages"}),
    "events": frozenset({"messages", "wording"}),
    "rate_limit": frozenset({"events", "wording"}),
    "engine": frozenset(
        {"linux", "frames", "vrrp", "config", "messages", "wording", "events", "rate_limit", "paths", "version"}
    ),
    "agent": frozenset({"linux", "messages", "events", "rate_limit"}),
    "lab": frozenset({"config", "vrrp"}),
    "cli": EVERYTHING,
    "library": EVERYTHING,
    "paths": frozenset(),
    "version": frozenset(),
    "__init__": EVERYTHING,
    "__main__": EVERYTHING,
}
"""Each package, or module beside the packages, and what of the project it may import beside itself."""

FLOORS: Final[dict[str, dict[str, frozenset[str]]]] = {
    "engine": {
        "daemon": frozenset(
            {"agent_link", "reload", "fleet", "router", "account", "process", "loop", "events", "intended"}
        ),
        "reload": frozenset({"fleet", "router", "process", "environment", "intended"}),
        "agent_link": frozenset({"fleet", "router", "process", "environment", "events"}),
        "fleet": frozenset({"router", "account", "transmit", "port", "environment", "events", "tracking", "intended"}),
        "router": frozenset(
            {"account", "transmit", "port", "flood", "authentication", "environment", "events", "tracking", "intended"}
        ),
        "authentication": frozenset(),
        "account": frozenset({"events", "intended"}),
        "transmit": frozenset({"port", "environment"}),
        "port": frozenset({"flood", "environment"}),
        "flood": frozenset({"environment"}),
        "environment": frozenset({"loop"}),
        "loop": frozenset(),
        "process": frozenset(),
        "events": frozenset(),
        "tracking": frozenset({"intended"}),
        "intended": frozenset(),
        "__init__": frozenset({"fleet", "loop"}),
    },
    "vrrp": {
        "standing": frozenset({"machine", "protocol"}),
        "machine": frozenset({"packet", "router", "protocol", "units"}),
        "packet": frozenset({"router", "authentication", "scope", "protocol", "units"}),
        "router": frozenset({"authentication", "scope", "timers", "protocol", "units"}),
        "authentication": frozenset({"protocol", "units"}),
        "scope": frozenset({"protocol"}),
        "timers": frozenset({"protocol", "units"}),
        "protocol": frozenset(),
        "units": frozenset(),
        "__init__": frozenset({"standing", "machine", "packet", "router", "authentication", "protocol", "units"}),
    },
    "lab": {
        "demo": frozenset({"judge", "measure", "router", "timeline", "network"}),
        "judge": frozenset({"network"}),
        "measure": frozenset({"network"}),
        "router": frozenset({"network"}),
        "timeline": frozenset(),
        "network": frozenset(),
        "__init__": frozenset(),
    },
    "agent": {
        "__main__": frozenset({"api", "link", "log"}),
        "api": frozenset({"link", "complaints", "timestamp"}),
        "log": frozenset({"timestamp"}),
        "link": frozenset({"complaints"}),
        "complaints": frozenset(),
        "timestamp": frozenset(),
        "__init__": frozenset(),
    },
    "linux": {
        "host": frozenset({"sockets", "interfaces", "filter", "netlink", "nftables"}),
        "sockets": frozenset({"filter", "packet", "errors"}),
        "interfaces": frozenset({"netlink", "faults"}),
        "confinement": frozenset({"process", "filter", "errors"}),
        "filter": frozenset({"packet"}),
        "nftables": frozenset({"netlink"}),
        "netlink": frozenset(),
        "process": frozenset(),
        "packet": frozenset(),
        "faults": frozenset(),
        "clock": frozenset(),
        "errors": frozenset(),
        "__init__": frozenset(),
    },
}
"""Each folder, or module beside the folders, of a package, from the top floor down, and what of the package it may use
beside itself."""

LONGEST_FILE: Final = 300
LONGEST_FOLDER: Final = 1050
"""Lines: what a reader takes in at once, and what he finds his way in."""

CORE_MAY_IMPORT: Final = frozenset({"dataclasses", "enum", "ipaddress", "struct", "typing"})
"""Data types. No socket, clock, thread, log, randomness."""

MESSAGES_MAY_IMPORT: Final = frozenset({"msgspec"}) | sys.stdlib_module_names

NOT_IN_THE_ENGINE: Final = frozenset(
    {
        "asyncio",
        "click",
        "concurrent",
        "h11",
        "http",
        "logging",
        "multiprocessing",
        "subprocess",
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
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def arrows(path: Path) -> set[str]:
    """The parts of the project that a file imports."""
    names = (name.split(".") for name in imported(path))
    return {name[1] for name in names if name[0] == "failover" and len(name) > 1} & EVERYTHING


def within(package: str, path: Path) -> set[str]:
    """The modules of its own package that a file imports."""
    known = {module_of(other) for other in files(package)}
    prefix = f"failover.{package}."
    return {name for name in imported(path) if name.startswith(prefix) and name in known}


def module_of(path: Path) -> str:
    """As it is imported; a package by its `__init__`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(("failover", *(parts[:-1] if parts[-1] == "__init__" else parts)))


def floor_of(package: str, module: str) -> str:
    """The folder of a package that a module is in, or the module itself where it is in none."""
    inside = module.removeprefix(f"failover.{package}").strip(".")
    return inside.split(".")[0] or "__init__"


def imports_against(package: str, floors: Mapping[str, frozenset[str]]) -> list[str]:
    """Every import that no arrow allows."""
    return [
        f"{module_of(path)} imports {name}, and {floor} may use {sorted(floors.get(floor, ()))} of {package}"
        for path in files(package)
        for floor in (floor_of(package, module_of(path)),)
        for name in sorted(within(package, path))
        if floor_of(package, name) not in floors.get(floor, frozenset()) | {floor}
    ]


def imports_of(package: str) -> dict[str, list[str]]:
    """What of its own package each module imports."""
    return {module_of(path): sorted(within(package, path)) for path in files(package)}


def circle(imports: Mapping[str, Sequence[str]]) -> list[str]:
    """Modules of which each imports the next one and the last the first; none where there is no circle."""
    done: set[str] = set()

    def follow(module: str, way: tuple[str, ...]) -> list[str]:
        if module in way:
            return list(way[way.index(module) :])
        if module in done:
            return []
        for name in imports.get(module, ()):
            if found := follow(name, (*way, module)):
                return found
        done.add(module)
        return []

    return next((found for module in imports if (found := follow(module, ()))), [])


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


@pytest.mark.parametrize("package", FLOORS)
def test_inside_a_package_a_folder_imports_only_what_it_may(package: str) -> None:
    assert imports_against(package, FLOORS[package]) == []


@pytest.mark.parametrize("package", FLOORS)
def test_every_folder_of_a_package_is_in_the_contract_and_no_other(package: str) -> None:
    assert {floor_of(package, module_of(path)) for path in files(package)} == set(FLOORS[package])


@pytest.mark.parametrize("package", FLOORS)
def test_nothing_runs_back_up(package: str) -> None:
    """What stands above uses what stands below."""
    above: set[str] = set()
    for floor, used in FLOORS[package].items():
        assert not used & above or floor == "__init__", f"{floor} uses {used & above}, which stand above it"
        above.add(floor)


@pytest.mark.parametrize("package", sorted(set(ARROWS) - {"__init__", "__main__"}))
def test_no_files_of_a_package_import_each_other_in_a_circle(package: str) -> None:
    assert circle(imports_of(package)) == []


def test_nobody_but_a_scope_and_the_message_for_it_knows_the_vrrp_groups() -> None:
    """Whoever needs to know where a router advertises asks its scope."""
    known = "failover.vrrp.scope.GROUPS"
    found = {module_of(path) for package in sorted(ARROWS) for path in files(package) if known in set(imported(path))}
    assert found == {"failover.vrrp.packet.advertisement"}


def test_the_engine_is_handed_its_clock_and_its_host() -> None:
    """Who reads the clock or opens a socket by himself cannot be simulated."""
    real = {"failover.linux.clock.now", "failover.linux.host", "time"}
    allowed = {"daemon": {"failover.linux.host"}, "process": real}
    found = {
        module_of(path): names
        for path in files("engine")
        if (names := set(imported(path)) & real - allowed.get(floor_of("engine", module_of(path)), set()))
    }
    assert found == {}


def test_no_file_and_no_folder_is_too_long_to_read() -> None:
    """A folder is what is in it, without the folders in it."""
    lengths = {path: len(path.read_text().splitlines()) for path in ROOT.rglob("*.py")}
    assert [str(path.relative_to(ROOT)) for path, length in lengths.items() if length > LONGEST_FILE] == []
    folders = {path.parent for path in lengths}
    whole = {folder: sum(lengths[path] for path in folder.glob("*.py")) for folder in folders}
    assert [str(folder.relative_to(ROOT)) for folder, length in whole.items() if length > LONGEST_FOLDER] == []


def test_a_circle_is_found_and_named() -> None:
    assert circle({"a": ["b"], "b": ["c", "d"], "c": [], "d": ["b"]}) == ["b", "d"]
    assert circle({"a": ["a"]}) == ["a"]
    assert circle({"a": ["b", "c"], "b": ["c"], "c": []}) == []


def test_an_import_against_the_contract_is_named() -> None:
    floors = {**FLOORS["engine"], "port": frozenset[str]()}
    found = imports_against("engine", floors)
    assert "failover.engine.port.receiver imports failover.engine.environment, and port may use [] of engine" in found


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
