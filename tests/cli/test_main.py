"""The command as a process: exit statuses, one line for a failure, never a traceback, and what it imports."""

import ast
import fcntl
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from failover import __version__
from failover.cli import group as commands
from failover.cli import main
from failover.config import sample, schema
from tests.cli.commands import GOOD, SOURCE, WITHOUT_CAPABILITIES, command, complaint, environment, failover
from tests.cli.test_control import serving
from tests.cli.test_status import document

ROOT = SOURCE / "failover"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(GOOD))
    return path


def test_it_tells_its_version() -> None:
    done = failover("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"failover {__version__}\n", "")


def test_help_lists_every_command_and_without_a_command_usage_is_bad() -> None:
    helped, bare = failover("--help"), failover()
    assert helped.returncode == 0
    assert bare.returncode == 2
    assert helped.stdout == bare.stdout
    assert all(f"\n  {name} " in helped.stdout for name in commands.NAMES)


@pytest.mark.parametrize("name", commands.NAMES)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: failover {name} [OPTIONS]")


def test_the_schema_is_json() -> None:
    done = failover("schema")
    assert done.returncode == 0
    assert json.loads(done.stdout) == schema()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["chek"], "No such command 'chek'. Did you mean 'check'? See 'failover --help'."),
        (["statsu"], "No such command 'statsu'. Did you mean 'status'? See 'failover --help'."),
        (["file_mode"], "No such command 'file_mode'. Did you mean 'file-mode'? See 'failover --help'."),
        (["xyz"], "No such command 'xyz'. See 'failover --help'."),
        (["status", "--jsn"], "status: No such option '--jsn'. Did you mean '--json'? See 'failover status --help'."),
        (["--wrong"], "No such option"),
        (["run", "--confg", "x"], "run: No such option"),
        (["run", "--config"], "Option '--config' requires an argument"),
        (["run", "x"], "run: Got unexpected extra argument (x). See 'failover run --help'."),
        (["status", "a", "b"], "status: Got unexpected extra argument (b)"),
        (["lab", "--interval", "0"], "lab: Invalid value for '--interval'"),
        (["cli-mode"], "cli-mode: Missing option '--vrid'"),
        (["cli-mode", "--vrid", "x"], "cli-mode: Invalid value for '--vrid'"),
        (["file-mode", "--action", "jump"], "file-mode: Invalid value for '--action'"),
    ],
)
def test_bad_usage_is_one_line_and_status_2(arguments: list[str], line: str) -> None:
    assert complaint(failover(*arguments), 2).startswith(line)


def test_help_is_in_sentences() -> None:
    """Each paragraph of a command and each line about an option ends with a full stop."""
    for name in commands.NAMES:
        command = commands.group.get_command(click.Context(commands.group), name)
        assert command is not None
        assert command.help is not None
        assert all(paragraph.endswith(".") for paragraph in command.help.rstrip().split("\n\n")), name
        for option in command.params:
            assert not isinstance(option, click.Option) or (option.help or "").endswith("."), (name, option.name)


def test_a_message_is_a_clause_without_a_full_stop_or_sentences_with_one_each() -> None:
    sources = [path for part in ("cli", "agent/api", "config") for path in (ROOT / part).rglob("*.py")]
    said = [text for path in sources for text in strings(ast.parse(path.read_text()))]
    several = [text for text in said if re.search(r"[\w)>`.][.?] [A-Z]", text)]
    assert several
    assert [text for text in several if not text.endswith((".", "?"))] == []


def strings(tree: ast.Module) -> Iterator[str]:
    """The strings of a module but its docstrings, each in one piece; `X` stands for what is computed."""
    docstrings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    pieces = {piece for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for piece in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(piece.value) if isinstance(piece, ast.Constant) else "X" for piece in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings | pieces:
            yield node.value


@pytest.mark.parametrize("arguments", [["run", "--config"], ["file-mode", "--filename"], ["check"]])
def test_a_bad_configuration_is_status_3_with_the_report(arguments: list[str], tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text('{"vrid": 51}')
    done = failover(*arguments, str(path))
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.splitlines()[0] == f"failover: {path}: 2 problems"


@pytest.mark.parametrize("arguments", [["run", "--config"], ["check"]])
def test_a_configuration_that_cannot_be_read_is_status_3(arguments: list[str], tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "none", "No such file"), (tmp_path, "Is a directory")):
        done = failover(*arguments, str(path))
        assert done.returncode == 3
        assert reason in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [["run", "--config", ""], ["run", "--config="], ["check", ""], ["file-mode", "--filename="]]
)
def test_an_empty_name_is_not_the_default_configuration(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "vrrp-config.json").write_text(json.dumps(GOOD))
    done = failover(*arguments, env=environment(SNAP_COMMON=str(tmp_path)))
    assert complaint(done, 2) == "the name of the configuration is empty"


def test_a_configuration_from_another_command_is_read(config: Path) -> None:
    done = subprocess.run(
        command("check", "/dev/stdin"), input=config.read_bytes(), env=environment(), capture_output=True, check=False
    )
    assert done.returncode == 0, done


@pytest.mark.root
def test_a_log_that_is_a_pipe_which_nobody_reads_is_one_line(config: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    run = ["--runtime-dir", str(tmp_path / "run"), "--log-file-path", str(tmp_path / "pipe")]
    line = complaint(failover("file-mode", "--filename", str(config), *run), 1)
    assert line == f"{tmp_path}/pipe: No such device or address"
    assert not (tmp_path / "run").exists()


def test_status_without_a_daemon_is_status_1(tmp_path: Path) -> None:
    assert "no daemon runs on" in complaint(failover("status", "--runtime-dir", str(tmp_path)), 1)
    done = failover("status", env=environment(FAILOVER_SOCKET=str(tmp_path / "s")))
    assert str(tmp_path / "s") in complaint(done, 1)


@pytest.mark.root
def test_without_capabilities_the_line_names_them(config: Path, tmp_path: Path) -> None:
    router = ["--vrid", "1", "--interface-name", "v0", "--ip-address", "192.0.2.100/24"]
    run = ["--runtime-dir", str(tmp_path / "run")]
    for arguments in (
        ["run", "--config", str(config)],
        ["file-mode", "--filename", str(config)],
        ["cli-mode", *router],
    ):
        line = complaint(failover(*arguments, *run, before=WITHOUT_CAPABILITIES), 1)
        assert line == "needs CAP_NET_ADMIN and CAP_NET_RAW: run it as root, or from its systemd unit"
    line = complaint(failover("teardown", "--config", str(config), *run, before=WITHOUT_CAPABILITIES), 1)
    assert line == "needs CAP_NET_ADMIN: run it as root"
    assert not (tmp_path / "run").exists()


@pytest.mark.root
def test_check_needs_no_privilege(config: Path) -> None:
    done = failover("check", str(config), before=WITHOUT_CAPABILITIES)
    assert (done.returncode, done.stderr) == (0, "")
    assert "interface v0 does not exist" in done.stdout


@pytest.mark.root
def test_a_runtime_directory_that_cannot_be_made_is_one_line(config: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = failover("run", "--config", str(config), "--runtime-dir", str(tmp_path / "file" / "run"))
    assert complaint(done, 1) == f"{tmp_path}/file/run: Not a directory"


@pytest.mark.root
def test_a_control_socket_in_the_way_is_one_line_and_leaves_nothing(config: Path, tmp_path: Path) -> None:
    (tmp_path / "s").write_text("precious")
    arguments = ["--runtime-dir", str(tmp_path / "run"), "--socket", str(tmp_path / "s")]
    done = failover("run", "--config", str(config), *arguments)
    assert complaint(done, 1) == f"{tmp_path}/s: control socket: exists and is not a socket"
    assert (tmp_path / "s").read_text() == "precious"
    assert not (tmp_path / "run").exists()
    done = failover("run", "--config", str(config), *arguments[:2], "--socket", str(tmp_path / ("x" * 120)))
    assert "too long" in complaint(done, 1)


@pytest.mark.root
@pytest.mark.root
@pytest.mark.parametrize("exists", [True, False])
def test_a_log_file_that_is_a_symbolic_link_is_refused_and_what_it_points_to_is_left(
    config: Path, tmp_path: Path, *, exists: bool
) -> None:
    target, link = tmp_path / "shadow", tmp_path / "log"
    if exists:
        target.write_text("secret\n")
    link.symlink_to(target)
    run = str(tmp_path / "run")
    done = failover("file-mode", "--filename", str(config), "--log-file-path", str(link), "--runtime-dir", run)
    assert complaint(done, 1).startswith(f"{link}: is a symbolic link")
    assert target.exists() == exists
    assert not exists or target.read_text() == "secret\n"


@pytest.mark.root
@pytest.mark.parametrize("command", ["run", "teardown"])
@pytest.mark.parametrize("text", [b"hello\n", b"\xff\n", b""])
def test_a_lock_that_some_other_program_holds_is_told_in_a_line(
    config: Path, tmp_path: Path, command: str, text: bytes
) -> None:
    lock = tmp_path / "run" / "failover.pid"
    lock.parent.mkdir()
    lock.write_bytes(text)
    with lock.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = failover(command, "--config", str(config), "--runtime-dir", str(lock.parent))
    assert str(lock.parent) in complaint(done, 1)
    assert lock.read_bytes() == text


def test_a_log_file_that_cannot_be_written_is_known_before_anything_starts(config: Path, tmp_path: Path) -> None:
    run = str(tmp_path / "run")
    done = failover("file-mode", "--filename", str(config), "--log-file-path", str(tmp_path), "--runtime-dir", run)
    assert complaint(done, 1) == f"{tmp_path}: Is a directory"
    assert not Path(run).exists()


@pytest.mark.root
@pytest.mark.parametrize("lacking", ["capabilities", "a runtime directory", "a log file", "room for the sample"])
def test_a_start_that_fails_leaves_neither_sample_nor_log_nor_directories(tmp_path: Path, lacking: str) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "file").write_text("precious")
    paths = {
        "--filename": there / "etc" / "failover" / "config.json",
        "--log-file-path": there / "log",
        "--runtime-dir": there / "new" / "run",
    }
    before: tuple[str, ...] = ()
    if lacking == "capabilities":
        before = WITHOUT_CAPABILITIES
    elif lacking == "a runtime directory":
        paths["--runtime-dir"] = there / "file" / "run"
    elif lacking == "a log file":
        paths["--log-file-path"] = there / "missing" / "log"
    else:
        paths["--filename"] = Path("/proc/failover/config.json")
    done = failover("file-mode", *(f"{option}={path}" for option, path in paths.items()), before=before)
    complaint(done, 1)
    assert [str(path.relative_to(there)) for path in there.rglob("*")] == ["file"]


def test_a_sample_that_does_not_fit_on_the_disk_is_named_and_not_left_in_part(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.json"
    limited = "import resource, sys; from pathlib import Path; from failover.cli.commands.file_mode import _write\n"
    limited += "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    limited += "from failover.cli.failures import exit_status\n"
    limited += "resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))\n"
    limited += "sys.exit(exit_status(lambda: _write(Path(sys.argv[1]), 'x' * 100)))"
    done = subprocess.run(
        [sys.executable, "-c", limited, str(path)], env=environment(), capture_output=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert done.stderr.decode() == f"failover: {path}: File too large\n"
    assert not path.parent.exists()


def test_a_reader_that_leaves_is_no_traceback() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as out:
        done = subprocess.run(
            command("schema"), env=environment(), stdout=out, stderr=subprocess.PIPE, timeout=30, check=False
        )
    assert (done.returncode, done.stderr) == (1, b"")


def imported(tmp_path: Path, *arguments: str) -> set[str]:
    """The modules that a command has loaded at its end."""
    modules = tmp_path / "modules"
    script = (
        "import sys, pathlib\n"
        "from failover.cli import main\n"
        "main(sys.argv[2:])\n"
        "pathlib.Path(sys.argv[1]).write_text('\\n'.join(sys.modules))\n"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(modules), *arguments],
        env=environment(),
        capture_output=True,
        timeout=30,
        check=True,
    )
    return {name.partition(".")[0] for name in modules.read_text().split("\n")}


def test_run_loads_neither_click_nor_asyncio(config: Path, tmp_path: Path) -> None:
    # It loads the whole engine, then finds a file where its runtime directory should be, or that it may not.
    loaded = imported(tmp_path, "run", "--config", str(config), "--runtime-dir", str(config / "run"))
    assert {"failover", "msgspec", "select"} <= loaded
    assert loaded.isdisjoint({"click", "asyncio", "subprocess", "logging", "http", "argparse", "h11"})


def test_status_loads_no_engine_and_no_library_but_click(tmp_path: Path) -> None:
    answer = b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps(document()).encode()
    with serving(tmp_path / "control.sock", answer):
        loaded = imported(tmp_path, "status", "--runtime-dir", str(tmp_path))
    assert "click" in loaded
    assert loaded.isdisjoint({"msgspec", "http", "asyncio", "h11"})


def test_lab_hands_its_interval_over(monkeypatch: pytest.MonkeyPatch) -> None:
    from failover.lab import demo  # noqa: PLC0415 - the lab is slow to import, and this test alone needs it

    asked: list[float] = []

    def demonstrate(interval: float) -> int:
        asked.append(interval)
        return 1

    monkeypatch.setattr(demo, "demonstrate", demonstrate)
    assert main(["lab", "--interval", "0.1"]) == 1
    assert main(["lab"]) == 1
    assert asked == [0.1, 1.0]


def test_the_sample_of_file_mode_is_good(tmp_path: Path) -> None:
    (tmp_path / "vrrp-config.json").write_text(sample())
    assert failover("check", env=environment(SNAP_COMMON=str(tmp_path))).returncode == 0
