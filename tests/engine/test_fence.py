"""What the agent cannot do, tried from inside its process (`probe`), as root starts it and as the unit does."""

import json
import os
import shutil
import signal
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from failover.lab.network.lan import Host
from failover.lab.network.waiting import wait_until
from failover.linux.confinement import landlock, users
from tests.engine import probe
from tests.engine.daemons import ENVIRONMENT, PACKAGE, OurDaemon, ask, router

pytestmark = pytest.mark.root

SERVICE: Final = 4711
"""The user of a unit that is not root."""
AS_THE_UNIT: Final = (
    *("setpriv", f"--reuid={SERVICE}", f"--regid={SERVICE}", "--clear-groups"),
    *("--bounding-set=-all,+net_admin,+net_raw", "--inh-caps=-all,+net_admin,+net_raw"),
    *("--ambient-caps=-all,+net_admin,+net_raw", "--no-new-privs"),
)
BARE_ROOT: Final = ("setpriv", "--bounding-set=-all,+net_admin,+net_raw", "--inh-caps=-all")
"""User 0 of a container that has two capabilities and cannot change users."""
AS_COMPOSE_DOES: Final = ("setpriv", "--bounding-set=-all,+net_admin,+net_raw,+setuid,+setgid", "--inh-caps=-all")
"""User 0 of a container that can change users, and then has no right over those that have changed."""
SYSTEM: Final = Path("/usr/bin/python3")


@pytest.fixture
def stranger() -> Iterator[Path]:
    """A directory that everybody may read, with the probe in the place of the library that reads HTTP."""
    with tempfile.TemporaryDirectory(prefix="probe-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        (directory / "h11").mkdir()
        shutil.copy(probe.__file__, directory / "h11/__init__.py")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as open_to_all:
            open_to_all.bind(str(directory / "socket"))
            (directory / "socket").chmod(0o666)
            yield directory


def daemon_with(stranger: Path, host: Host, *, settings: dict[str, Any] | None = None, **given: Any) -> OurDaemon:
    environment: dict[str, Any] = {
        "PYTHONPATH": f"{stranger}:{PACKAGE.parent}",
        "PROBE_RUNTIME": str(host.directory / "failover"),
        "PROBE_SOCKET": str(stranger / "socket"),
        "PROBE_CONFIG": str(host.directory / "failover.json"),
    }
    return OurDaemon(host, router(), settings=settings, **given, **environment)


def probed(daemon: OurDaemon) -> dict[str, Any]:
    """What the probe has found; the daemon works all the same."""
    daemon.wait_for("MASTER")
    (line,) = (line for line in daemon.log().splitlines() if line.startswith(probe.MARK))
    found: dict[str, Any] = json.loads(line.removeprefix(probe.MARK))
    assert found["pid"] == daemon.agent()
    return found


def owned_by_the_service(host: Host) -> None:
    host.directory.parent.chmod(0o755)
    os.chown(host.directory, SERVICE, SERVICE)


def assert_fenced(found: dict[str, Any]) -> None:
    refused = {"EPERM", "EACCES", "ENOSYS"}
    assert {name: came for name, came in found["tries"].items() if came not in refused} == {}
    assert set(found["works"].values()) == {"done"}
    assert found["descriptors"] == [3, 4], "the channel and the control socket"
    assert found["isolated"]
    assert not found["server"], "nothing that serves was imported before"


def capabilities(pid: int | None) -> set[str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {line for line in lines if line.startswith("Cap") and int(line.split()[1], 16)}


def test_an_agent_that_root_has_started_is_nobody_and_can_do_nothing(host: Host, stranger: Path) -> None:
    daemon = daemon_with(stranger, host)
    found = probed(daemon)
    user = users.unprivileged()
    assert found["ids"] == [[user.uid] * 3, [user.gid] * 3, []]
    assert user.uid != 0
    assert_fenced(found)
    assert not capabilities(found["pid"])
    document = daemon.status()
    assert document is not None
    assert document["daemon"]["agent"] == {
        "user": user.uid,
        "landlock": landlock.level(),
        "system_call_filter": True,
    }
    assert document["daemon"]["warnings"] == []
    assert daemon.stop() == 0


def test_an_agent_of_the_engine_s_own_user_can_do_nothing_to_it(host: Host, stranger: Path) -> None:
    owned_by_the_service(host)
    daemon = daemon_with(stranger, host, prefix=AS_THE_UNIT)
    found = probed(daemon)
    assert found["ids"] == [[SERVICE] * 3, [SERVICE] * 3, []]
    assert_fenced(found)
    assert daemon.router()["state"] == "MASTER"
    assert daemon.stop() == 0


def test_the_configured_user_is_taken(host: Host, stranger: Path) -> None:
    daemon = daemon_with(stranger, host, settings={"agent_user": str(SERVICE)})
    found = probed(daemon)
    assert found["ids"] == [[SERVICE] * 3, [SERVICE] * 3, []]
    assert_fenced(found)


def test_root_that_may_not_change_users_is_fenced_all_the_same_and_says_so_once(host: Host, stranger: Path) -> None:
    daemon = daemon_with(stranger, host, prefix=BARE_ROOT)
    found = probed(daemon)
    assert found["ids"][0] == [0, 0, 0]
    assert_fenced(found)
    said = "the agent stays root and could not become user"
    assert daemon.log().count(said) == 1
    document = daemon.status()
    assert document is not None
    assert [warning for warning in document["daemon"]["warnings"] if said in warning]
    assert document["daemon"]["agent"]["user"] == 0


def test_where_a_mechanism_is_missing_the_other_stands_and_one_line_says_so(host: Host, stranger: Path) -> None:
    """As under a container's own filter, which knows no Landlock; or on a machine without a list of system calls."""
    for missing, line in (
        ("landlock", "Landlock does not keep the agent from files: Function not implemented"),
        ("system_calls", "the agent's system calls are not filtered: Function not implemented"),
    ):
        without = stranger / missing
        shutil.copytree(PACKAGE, without / "failover", ignore=shutil.ignore_patterns("__pycache__"))
        module = without / f"failover/linux/confinement/{missing}.py"
        name = "Ruleset.__init__" if missing == "landlock" else "restrict_self"
        body = "    raise OSError(38, 'Function not implemented')"
        refusal = f"\n\ndef _refuse(*_: object) -> None:\n{body}\n\n\n{name} = _refuse\n"
        module.write_text(module.read_text() + refusal)
        daemon = OurDaemon(host, router(), label=missing, PYTHONPATH=str(without))
        daemon.wait_for("MASTER")
        assert daemon.log().count(line) == 1
        document = daemon.status()
        assert document is not None
        agent = document["daemon"]["agent"]
        assert (agent["landlock"] == 0, agent["system_call_filter"]) == (missing == "landlock", missing == "landlock")
        assert document["daemon"]["warnings"] == [line]
        assert daemon.stop() == 0


def test_a_program_that_only_root_may_read_is_run_by_nobody(host: Host) -> None:
    """As a virtual environment below /root: the right to read stays until all is loaded."""
    with tempfile.TemporaryDirectory(prefix="private-") as name:
        assert stat.S_IMODE(Path(name).stat().st_mode) == 0o700
        shutil.copytree(PACKAGE, Path(name) / "failover")
        daemon = OurDaemon(host, router(), PYTHONPATH=name)
        daemon.wait_for("MASTER")
        document = daemon.status()
        assert document is not None
        assert document["daemon"]["agent"]["user"] == users.unprivileged().uid
        agent = daemon.agent()
        assert not capabilities(agent)
        daemon.config.write_text(json.dumps([router(), router(52, "192.0.2.101/24")]))
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: bool(daemon.router(1)), "the new configuration runs")
        assert daemon.agent() == agent
        assert daemon.stop() == 0
        assert "Error" not in daemon.log()


@pytest.mark.skipif(
    SYSTEM.exists() and not SYSTEM.resolve().name.endswith(f"3.{sys.version_info.minor}"),
    reason="needs the system's Python in the version of the tests",
)
def test_installed_for_a_user_it_runs_isolated_and_not_what_lies_where_it_was_started(host: Host) -> None:
    """As `pip install --user`, where an isolated Python does not look by itself; and editable, from a checkout."""
    base = host.directory / "base"
    site = base / f"lib/python3.{sys.version_info.minor}/site-packages"
    site.mkdir(parents=True)
    (site / "editable.pth").write_text(f"{PACKAGE.parent}\n{Path(msgspec.__file__).parents[1]}\n")
    start = host.directory / "start"
    start.mkdir()
    (start / "h11.py").write_text("import os\nos.write(2, b'STRANGER')\n")
    config, runtime, log = (host.directory / name for name in ("config.json", "run", "log"))
    config.write_text(json.dumps([router()]))
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "PYTHONPATH"}
    command = [str(SYSTEM), "-m", "failover", "run", f"--config={config}", f"--runtime-dir={runtime}"]
    with log.open("ab") as output:
        there = ("env", "-C", str(start), f"PYTHONUSERBASE={base}")
        process = host.popen([*there, *command], output=output, env=environment)
    wait_until(lambda: "BACKUP -> MASTER" in log.read_text(), "it is MASTER")
    config.write_text(json.dumps([router(), router(52, "192.0.2.101/24")]))
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: "reloaded the configuration: 1 added" in log.read_text(), "the reader runs as well")
    (agent,) = children(process.pid)
    assert b"-I" in Path(f"/proc/{agent}/cmdline").read_bytes().split(b"\0")
    process.terminate()
    assert process.wait(20) == 0
    assert "STRANGER" not in log.read_text()


def test_an_unknown_user_is_refused_before_anything_runs(host: Host) -> None:
    daemon = OurDaemon(host, router(), settings={"agent_user": "no-such-user"})
    assert daemon.process.wait(20) == 1
    assert 'agent_user: /etc/passwd has no user "no-such-user"' in daemon.log()
    assert not daemon.runtime.exists()


def test_a_log_file_that_only_root_may_open_is_written_and_rotated(host: Host) -> None:
    """The agent has no right to its directory; the keeper opens it."""
    directory = host.directory / "private"
    directory.mkdir(mode=0o700)
    log = directory / "failover.log"
    given = ["--log-file-path", str(log), "--vrid=51", "--interface-name=eth0", "--ip-address=192.0.2.100/24"]
    command = [sys.executable, "-m", "failover", "cli-mode", *given, "--runtime-dir", str(host.directory / "run")]
    process = host.popen(command, env=ENVIRONMENT)
    wait_until(lambda: log.exists() and "started" in log.read_text(), "it logs")
    log.rename(log.with_suffix(".1"))
    process.terminate()
    assert process.wait(20) == 0
    assert "stopped" in log.read_text()
    assert "stopped" not in log.with_suffix(".1").read_text()


def test_an_agent_without_a_descriptor_for_the_rotated_log_says_so_on_standard_error_in_one_line(host: Host) -> None:
    log, output, run = (host.directory / name for name in ("failover.log", "output", "run"))
    given = ["--log-file-path", str(log), "--vrid=51", "--interface-name=eth0", "--ip-address=192.0.2.100/24"]
    command = [sys.executable, "-m", "failover", "cli-mode", *given, f"--runtime-dir={run}"]
    with output.open("wb") as written:
        process = host.popen(["prlimit", "--nofile=40:40", *command], output=written, env=ENVIRONMENT)
    wait_until(lambda: log.exists() and "MASTER" in log.read_text(), "it logs")
    log.rename(log.with_suffix(".1"))
    with ExitStack() as clients:
        for _ in range(50):
            idle = clients.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            idle.connect(str(run / "control.sock"))
        wait_until(lambda: "Too many open files" in output.read_text(), "it is out of descriptors")
    wait_until(lambda: ask(run / "control.sock")[0] == 200, "it serves")
    process.terminate()
    assert process.wait(20) == 0
    assert "stopped" in log.read_text()
    (line,) = output.read_text().splitlines()
    assert "could not accept a client of the control socket: Too many open files" in line


def test_an_agent_whose_keeper_was_killed_is_started_anew_with_another(host: Host) -> None:
    log = host.directory / "failover.log"
    given = ["--log-file-path", str(log), "--vrid=51", "--interface-name=eth0", "--ip-address=192.0.2.100/24"]
    command = [sys.executable, "-m", "failover", "cli-mode", *given, "--runtime-dir", str(host.directory / "run")]
    process = host.popen(command, env=ENVIRONMENT)
    wait_until(lambda: log.exists() and "MASTER" in log.read_text(), "it logs")
    (agent,) = children(process.pid)
    (keeper,) = children(agent)
    os.kill(keeper, signal.SIGKILL)
    host.ip("address del 192.0.2.100/24 dev eth0")
    wait_until(lambda: "the agent (status and log) died" in log.read_text(), "another agent says so")
    process.terminate()
    assert process.wait(20) == 0
    assert "stopped" in log.read_text()


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_root_that_may_not_kill_other_users_reloads_and_stops(host: Host) -> None:
    """What reads the file for it has become another user by the time it is buried."""
    daemon = OurDaemon(host, router(), prefix=AS_COMPOSE_DOES)
    daemon.wait_for("MASTER")
    status = daemon.status()
    assert status
    assert status["daemon"]["agent"]["user"] == users.unprivileged().uid
    for address in ("192.0.2.101/24", "192.0.2.102/24"):
        daemon.config.write_text(json.dumps([router(excluded_ip_addresses=[address])]))
        code, answer = ask(daemon.control, "/reload", "POST")
        assert (code, answer["changed"]["count"]) == (200, 1)
    assert len(Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read_text().split()) == 1, "the agent alone"
    agent = daemon.agent()
    assert agent
    os.kill(agent, signal.SIGSTOP)  # it does not go by itself
    try:
        assert daemon.stop() == 0
    finally:
        os.kill(agent, signal.SIGKILL)
