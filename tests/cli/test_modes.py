"""The spellings of the original commands, down to what they would do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from failover import config
from failover.cli import launch, leftovers, main
from failover.cli.commands.cli_mode import OPTION_OF, one_each
from failover.cli.modes import mode_first
from failover.cli.places import Places

CLI = ["--vrid", "51", "--interface-name", "eth7", "--ip-address", "192.0.2.100/24"]


class Calls(NamedTuple):
    run: list[tuple[Any, ...]]
    removed: list[Any]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """What would have been run or removed, instead of doing it."""
    made = Calls([], [])

    def run(
        loaded: config.Configuration,
        _: Places,
        file: Path | None = None,
        log_file: Path | None = None,
        provide: Callable[[], None] = lambda: None,
    ) -> int:
        made.run.append((loaded, file, log_file))
        provide()
        return 0

    def remove(what: Any, _: Places) -> int:
        made.removed.append(what)
        return 0

    monkeypatch.setattr(launch, "run", run)
    monkeypatch.setattr(leftovers, "remove", remove)
    monkeypatch.setattr(leftovers, "remove_configured", remove)
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "vrrp-config.json"
    path.write_text(json.dumps({"vrid": 51, "interface_name": "eth7", "ip_addresses": ["192.0.2.100/24"]}))
    return path


BEFORE: list[list[str]] = [[], ["run"]]
AFTER: list[list[str]] = [[], ["--action", "run"], ["--action=RUN"]]
TEARDOWN = [(["teardown"], []), ([], ["--action", "teardown"]), ([], ["--teardown"]), (["teardown"], ["--teardown"])]


@pytest.mark.parametrize(("before", "after"), [(b, []) for b in BEFORE] + [([], a) for a in AFTER])
def test_file_mode_runs_in_every_spelling(calls: Calls, file: Path, before: list[str], after: list[str]) -> None:
    assert main([*before, "file-mode", "--filename", str(file), *after]) == 0
    assert calls.run == [(config.load(file), file, None)]


@pytest.mark.parametrize(("before", "after"), TEARDOWN)
def test_file_mode_tears_down_in_every_spelling(calls: Calls, file: Path, before: list[str], after: list[str]) -> None:
    assert main([*before, "file-mode", "--filename", str(file), *after]) == 0
    assert calls.removed == [file]
    assert not calls.run


@pytest.mark.parametrize(("before", "after"), [(b, []) for b in BEFORE] + [([], a) for a in AFTER])
def test_cli_mode_runs_in_every_spelling(calls: Calls, before: list[str], after: list[str]) -> None:
    assert main([*before, "cli-mode", *CLI, *after]) == 0
    (router,) = calls.run[0][0].virtual_routers
    expected = config.VirtualRouter(
        vrid=51, interface_name="eth7", ip_addresses=["192.0.2.100/24"], preempt_mode=False, name="VR_51"
    )
    assert router == expected


@pytest.mark.parametrize(("before", "after"), TEARDOWN)
def test_cli_mode_tears_down_in_every_spelling(calls: Calls, before: list[str], after: list[str]) -> None:
    assert main([*before, "cli-mode", *CLI, *after]) == 0
    assert [router.vrid for router in calls.removed[0].virtual_routers] == [51]
    assert not calls.run


@pytest.mark.parametrize("mode", [["file-mode"], ["cli-mode", *CLI]])
@pytest.mark.parametrize("action", [["run", ["--teardown"]], ["", ["--action", "run", "--teardown"]]])
def test_to_run_and_to_tear_down_at_once_is_bad_usage(calls: Calls, mode: list[str], action: list[Any]) -> None:
    before, after = action
    assert main([*([before] if before else []), *mode, *after]) == 2
    assert not calls.run
    assert not calls.removed


def test_every_option_of_cli_mode_arrives(calls: Calls, tmp_path: Path) -> None:
    options = ["--name", "GW", "--priority", "101", "--advert-interval", "2", "--preempt-mode", "--vrrp-version", "2"]
    assert main(["cli-mode", *CLI, *options, "--log-file-path", str(tmp_path / "log")]) == 0
    ((loaded, file, log_file),) = calls.run
    expected = config.VirtualRouter(
        name="GW",
        vrid=51,
        interface_name="eth7",
        ip_addresses=["192.0.2.100/24"],
        priority=101,
        advert_interval=2,
        preempt_mode=True,
        version=2,
    )
    assert loaded.virtual_routers == (expected,)
    assert (file, log_file) == (None, tmp_path / "log")


@pytest.mark.parametrize(
    "addresses",
    [
        ["--ip-address", "192.0.2.1/24", "192.0.2.2/24", "192.0.2.3/24"],
        ["--ip-address", "192.0.2.1/24", "--ip-address", "192.0.2.2/24", "192.0.2.3/24"],
        ["--ip-address=192.0.2.1/24", "192.0.2.2/24", "--ip-address=192.0.2.3/24"],
    ],
)
@pytest.mark.parametrize("last", [[], ["--priority", "9"]])
def test_addresses_may_follow_one_option_or_several(calls: Calls, addresses: list[str], last: list[str]) -> None:
    assert main(["cli-mode", "--vrid", "51", "--interface-name", "eth7", *addresses, *last]) == 0
    (router,) = calls.run[0][0].virtual_routers
    assert [str(address) for address in router.ip_addresses] == ["192.0.2.1/24", "192.0.2.2/24", "192.0.2.3/24"]


def test_only_values_of_the_address_option_are_spread() -> None:
    arguments = ["--name", "a", "b", "--ip-address", "c", "--vrid", "1", "d"]
    assert one_each(arguments) == arguments


@pytest.mark.parametrize("mode", ["file-mode", "cli-mode"])
def test_an_action_before_something_else_stays_where_it_is(mode: str) -> None:
    assert mode_first(["run", mode, "x"]) == [mode, "--action", "run", "x"]
    for arguments in ([], ["run"], [mode], ["check", mode], ["teardown", "--config", mode], [mode, "run"]):
        assert mode_first(arguments) == arguments


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (["--vrid", "0"], "--vrid: 0 is out of range; allowed: 1 to 255"),
        (["--priority", "256"], "--priority: 256 is out of range; allowed: 1 to 254, or 255"),
        (["--vrrp-version", "4"], "--vrrp-version: 4 is out of range; allowed: 2 or 3"),
        (["--advert-interval", "0"], "--advert-interval: 0.0 is out of range; allowed: 0.01 to 40.95"),
        (["--advert-interval", "nan"], "--advert-interval: "),
        (["--name", " "], "--name: "),
        (["--interface-name", "a b"], '--interface-name: "a b" cannot be the name of an interface'),
        (["--ip-address", "192.0.2.300/24"], '--ip-address: "192.0.2.300/24" is not an IP address'),
        (["--vrrp-version", "2", "--advert-interval", "0.5"], "--advert-interval: 0.5 is not possible with version 2"),
    ],
)
def test_an_impossible_value_names_its_option(
    calls: Calls, capsys: pytest.CaptureFixture[str], changes: list[str], line: str
) -> None:
    assert main(["cli-mode", *CLI, *changes]) == 3
    said = capsys.readouterr().err
    assert said.startswith(f"failover: {line}")
    assert len(said.splitlines()) == 1
    assert not calls.run


def test_every_impossible_value_is_reported(calls: Calls, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cli-mode", *CLI, "--vrid", "0", "--priority", "0"]) == 3
    assert [line.split(":")[1] for line in capsys.readouterr().err.splitlines()] == [" --vrid", " --priority"]


@pytest.mark.parametrize("missing", [0, 2, 4])
def test_without_a_required_option_usage_is_bad(calls: Calls, capsys: pytest.CaptureFixture[str], missing: int) -> None:
    assert main(["cli-mode", *CLI[:missing], *CLI[missing + 2 :]]) == 2
    assert f"'{CLI[missing]}'" in capsys.readouterr().err


def test_every_setting_of_the_original_file_has_its_option() -> None:
    assert set(json.loads(config.sample())) | {"version"} == set(OPTION_OF)
    assert set(OPTION_OF) <= set(config.SETTINGS)


def test_file_mode_writes_the_sample_where_there_is_no_file(
    calls: Calls, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new" / "vrrp-config.json"
    assert main(["file-mode", "--filename", str(path)]) == 0
    assert path.read_text() == config.sample()
    assert calls.run[0][0] == config.parse(config.sample())
    assert str(path) in capsys.readouterr().err


def test_without_a_name_the_sample_is_written_where_run_reads(
    calls: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SNAP_COMMON", str(tmp_path / "common"))
    monkeypatch.chdir(tmp_path)
    assert main(["file-mode"]) == 0
    path = tmp_path / "common" / "vrrp-config.json"
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [path]
    assert path.read_text() == config.sample()
    assert capsys.readouterr().err == (
        f"failover: {path} did not exist; it is a sample now:"
        " edit interface_name and ip_addresses, then run failover reload\n"
    )


@pytest.mark.parametrize("command", ["run", "check"])
def test_where_there_is_no_file_it_is_said_what_makes_one(
    calls: Calls, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    path = tmp_path / "none.json"
    assert main([command, *(["--config"] if command == "run" else []), str(path)]) == 3
    assert capsys.readouterr().err == (
        f"failover: {path}: 1 problem\n  cannot be read: No such file or directory\n"
        f"  `failover file-mode --filename {path}` writes a sample there and runs it\n"
    )
    assert not path.exists()


def test_file_mode_leaves_a_bad_file_as_it_is(calls: Calls, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text("{")
    assert main(["file-mode", "--filename", str(path)]) == 3
    assert path.read_text() == "{"
    assert not calls.run


def test_file_mode_takes_the_default_file(calls: Calls, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNAP_COMMON", str(file.parent))
    assert main(["file-mode"]) == 0
    assert calls.run[0][0] == config.load(file)


def test_a_teardown_creates_no_sample(calls: Calls, tmp_path: Path) -> None:
    assert main(["teardown", "file-mode", "--filename", str(tmp_path / "none.json")]) == 0
    assert not list(tmp_path.iterdir())
