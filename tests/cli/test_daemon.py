"""The commands that run and clean up, on a veth in a network namespace of the test's own."""

import json
import os
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest

from failover.lab.network.waiting import wait_until
from tests.cli.commands import command, complaint, environment
from tests.cli.host import CLI, OWN, VIRTUAL, Host, ended, host

__all__ = ["host"]

pytestmark = pytest.mark.root


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_holds_the_address_until_it_is_stopped_and_ends_with_0(host: Host, number: signal.Signals) -> None:
    process = host.start_file()
    assert host.addresses() == [OWN, VIRTUAL]
    assert ended(process, number) == 0
    assert host.is_clean()
    assert "Traceback" not in host.log.read_text()


@pytest.mark.parametrize(
    "arguments",
    [["file-mode", "--filename", "CONFIG"], ["run", "file-mode", "--filename", "CONFIG"], ["cli-mode", *CLI]],
)
def test_the_original_modes_run_and_log_where_they_are_told(host: Host, arguments: list[str]) -> None:
    log = host.directory / "their.log"
    given = [str(host.config) if one == "CONFIG" else one for one in arguments]
    process = host.start(*given, "--log-file-path", str(log))
    assert ended(process, signal.SIGTERM) == 0
    assert host.is_clean()
    assert "BACKUP -> MASTER" in log.read_text()
    assert host.log.read_text() == ""


@pytest.mark.parametrize("kind", ["file", "pipe"])
@pytest.mark.parametrize("path", ["/dev/stdout", "/proc/self/fd/1", "/dev/fd/7", "/dev/stderr"])
def test_a_log_to_what_the_daemon_has_open_is_written_there(host: Host, path: str, kind: str) -> None:
    mode = ["file-mode", "--filename", str(host.config)] if kind == "file" else ["cli-mode", *CLI]
    there, other = host.directory / "there", host.directory / "other"
    of_log = {"/dev/fd/7": 7, "/dev/stderr": 2}.get(path, 1)
    of_other = 1 if of_log == 2 else 2
    way = f"{of_log}>there" if kind == "file" else f"{of_log}> >(exec cat >there)"
    redirected = ["bash", "-c", f'cd "$0"; exec "$@" {of_other}>other {way}', str(host.directory)]
    process = host.namespace.popen(
        [*redirected, *command(*mode, "--log-file-path", path)], env=environment(RUNTIME_DIRECTORY=str(host.run))
    )
    wait_until(lambda: there.exists() and "BACKUP -> MASTER" in there.read_text(), "it logs there")
    os.kill(agent_of(process), signal.SIGKILL)
    wait_until(lambda: "the agent (status and log) died" in there.read_text(), "and the next agent does")
    assert ended(process, signal.SIGTERM) == 0
    wait_until(lambda: "stopped" in there.read_text(), "to the end")
    assert other.read_text() == ""
    assert host.is_clean()


def agent_of(process: subprocess.Popen[bytes]) -> int:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    (agent,) = (one for one in children if b"failover.agent" in Path(f"/proc/{one}/cmdline").read_bytes())
    return int(agent)


@pytest.mark.parametrize(("path", "closed"), [("/dev/stdout", ">&-"), ("/dev/fd/7", ""), ("/dev/fd/0", "</dev/null")])
def test_a_log_to_what_is_not_open_is_refused(host: Host, path: str, closed: str) -> None:
    before = ["bash", "-c", f'exec "$@" {closed}', "bash"]
    done = host.failover("file-mode", "--filename", str(host.config), "--log-file-path", path, before=before)
    assert complaint(done, 1) == f"{path}: is not open for writing"
    assert host.is_clean()


def test_what_it_writes_is_writable_for_nobody_else_whatever_the_umask(host: Host) -> None:
    sample, log = host.directory / "etc" / "failover" / "vrrp-config.json", host.directory / "their.log"
    before = os.umask(0)
    try:
        process = host.namespace.popen(
            command("file-mode", "--filename", str(sample), "--log-file-path", str(log)),
            env=environment(RUNTIME_DIRECTORY=str(host.run)),
        )
    finally:
        os.umask(before)
    wait_until(lambda: log.exists() and log.read_text(), "the log")
    written = [sample, sample.parent, sample.parent.parent, log, host.run, *host.run.iterdir()]
    modes = {str(path.relative_to(host.directory)): stat.S_IMODE(path.stat().st_mode) for path in written}
    assert modes.pop("run/control.sock") == 0o660, "the group may ask"
    assert len(modes) == 6
    assert {name: mode for name, mode in modes.items() if mode & 0o022} == {}
    assert ended(process, signal.SIGTERM) == 0


def test_the_sample_of_file_mode_changes_nothing_and_says_what_to_edit_until_it_is_edited(host: Host) -> None:
    sample = host.directory / "common" / "vrrp-config.json"
    with host.log.open("ab") as log:
        process = host.namespace.popen(
            command("file-mode"),
            output=log,
            env=environment(RUNTIME_DIRECTORY=str(host.run), SNAP_COMMON=str(sample.parent)),
        )
    wait_until(lambda: "this is the sample configuration" in host.log.read_text(), "what to edit is said")
    done = host.failover("status")
    assert (
        "VR_1 (ipv4) cannot run: interface edit-this-file does not exist;"
        " this is the sample configuration: set interface_name and ip_addresses for this host"
    ) in done.stdout.splitlines()
    assert host.addresses() == [OWN]
    edited = json.loads(sample.read_text()) | {"interface_name": "v0", "ip_addresses": [VIRTUAL]}
    sample.write_text(json.dumps(edited | {"advert_interval": 0.1}))
    assert host.failover("reload").returncode == 0
    wait_until(lambda: VIRTUAL in host.addresses(), "the edited file is in force")
    assert ended(process, signal.SIGTERM) == 0
    assert host.is_clean()


def test_an_interface_that_does_not_exist_is_waited_for(host: Host) -> None:
    host.namespace.ip("link delete v0")
    with host.log.open("ab") as log:
        process = host.namespace.popen(
            command("run", "--config", str(host.config)),
            output=log,
            env=environment(RUNTIME_DIRECTORY=str(host.run)),
        )
    wait_until(lambda: "does not exist" in host.log.read_text(), "the missing interface logged")
    done = host.failover("status")
    assert "VR_1 (ipv4) cannot run: interface v0 does not exist" in done.stdout.splitlines()
    assert ended(process, signal.SIGTERM) == 0


def test_status_answers_from_the_first_moment_of_the_socket(host: Host) -> None:
    process = host.namespace.popen(
        command("run", "--config", str(host.config)), env=environment(RUNTIME_DIRECTORY=str(host.run))
    )
    wait_until((host.run / "control.sock").exists, "the control socket")
    done = host.failover("status", "--json")
    assert done.returncode == 0, done.stderr
    (router,) = json.loads(done.stdout)["virtual_routers"]
    assert router["name"] == "VR_1"
    assert ended(process, signal.SIGTERM) == 0
    assert "no daemon runs on" in complaint(host.failover("status"), 1)


def test_a_second_daemon_and_a_teardown_are_refused_while_one_runs(host: Host) -> None:
    process = host.start_file()
    for arguments in (["run", "--config", str(host.config)], ["cli-mode", *CLI]):
        line = complaint(host.failover(*arguments), 1)
        assert f"another failover, process {process.pid}, uses this directory" in line
    for arguments in (["teardown", "--config", str(host.config)], ["teardown", "cli-mode", *CLI]):
        line = complaint(host.failover(*arguments), 1)
        assert f"a daemon runs on {host.run}, process {process.pid}" in line
    assert host.failover("status").returncode == 0
    assert host.addresses() == [OWN, VIRTUAL]
    assert ended(process, signal.SIGTERM) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["teardown", "--config", "CONFIG"],
        ["teardown", "file-mode", "--filename", "CONFIG"],
        ["file-mode", "--filename", "CONFIG", "--teardown"],
        ["cli-mode", *CLI, "--action", "teardown"],
    ],
)
def test_teardown_removes_what_a_killed_daemon_left_and_then_finds_nothing(host: Host, arguments: list[str]) -> None:
    assert ended(host.start_file(), signal.SIGKILL) == -signal.SIGKILL
    wait_until(lambda: not host.namespace.pids(), "the agent has ended too")
    assert host.addresses() == [OWN, VIRTUAL]
    given = [str(host.config) if one == "CONFIG" else one for one in arguments]
    done = host.failover(*given)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"removed {VIRTUAL} from v0\n", "")
    assert host.is_clean()
    done = host.failover(*given)
    assert (done.returncode, done.stdout, done.stderr) == (0, "nothing to remove\n", "")


def test_teardown_without_a_configuration_removes_marked_addresses_and_says_so(host: Host) -> None:
    host.namespace.ip("address add 192.0.2.7/24 dev v0")
    host.mark("192.0.2.8/24")
    missing = host.directory / "none.json"
    done = host.failover("teardown", "--config", str(missing))
    assert (done.returncode, done.stdout) == (0, "removed 192.0.2.8/24 from v0\n")
    assert done.stderr == f"failover: {missing} does not exist: looking for marked addresses only\n"
    assert host.addresses() == [OWN, "192.0.2.7/24"]


def test_teardown_with_a_bad_configuration_does_what_it_can_and_fails(host: Host) -> None:
    host.mark(VIRTUAL)
    host.config.write_text("{")
    done = host.failover("teardown", "--config", str(host.config))
    assert (done.returncode, done.stdout) == (3, f"removed {VIRTUAL} from v0\n")
    assert str(host.config) in done.stderr
    assert host.addresses() == [OWN]


TO_A_FULL_DISK = ["env", "-u", "PYTHONUNBUFFERED", "sh", "-c", 'exec "$@" >/dev/full', "sh"]
FULL = "No space left on device"


def test_teardown_removes_everything_also_where_it_cannot_say_so(host: Host) -> None:
    host.namespace.ip("link add v2 type veth peer name v3")
    host.mark("192.0.2.8/24")
    host.mark("192.0.2.9/24")
    host.mark("198.51.100.100/24", "v2")
    done = host.failover("teardown", "--config", str(host.config), before=TO_A_FULL_DISK)
    assert complaint(done, 1) == FULL
    assert host.failover("teardown", "--config", str(host.config)).stdout == "nothing to remove\n"
    assert host.is_clean()


def test_a_daemon_goes_on_and_ends_well_whose_output_and_log_go_to_a_full_disk(host: Host) -> None:
    own = ["--filename", str(host.config), "--log-file-path", "/dev/stdout"]
    with host.log.open("ab") as log:
        process = host.namespace.popen(
            [*TO_A_FULL_DISK, *command("file-mode", *own)],
            output=log,
            env=environment(RUNTIME_DIRECTORY=str(host.run)),
        )
    wait_until(lambda: VIRTUAL in host.addresses(), "it is MASTER")
    done = host.failover("status", before=TO_A_FULL_DISK)
    assert complaint(done, 1) == FULL
    done = host.failover("reload", before=TO_A_FULL_DISK)
    assert complaint(done, 1) == FULL
    assert ended(process, signal.SIGTERM) == 0
    assert "BACKUP -> MASTER" in host.log.read_text(), "standard error has the log instead"
    assert "Exception" not in host.log.read_text()


READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'


def test_teardown_removes_addresses_where_the_runtime_directory_cannot_be_written(host: Host) -> None:
    host.run.mkdir()
    host.mark(VIRTUAL)
    before = ["unshare", "--mount", "sh", "-c", READ_ONLY, str(host.run)]
    done = host.failover("teardown", "--config", str(host.config), before=before)
    assert (done.returncode, done.stdout) == (0, f"removed {VIRTUAL} from v0\n")
    assert done.stderr == f"failover: {host.run}/failover.pid: Read-only file system: only addresses are removed\n"
    assert host.is_clean()


def test_teardown_removes_addresses_where_the_runtime_directory_is_none(host: Host) -> None:
    host.run.write_text("precious")
    host.mark(VIRTUAL)
    done = host.failover("teardown", "--config", str(host.config))
    assert (done.returncode, done.stdout) == (0, f"removed {VIRTUAL} from v0\n")
    assert done.stderr == f"failover: {host.run}/failover.pid: Not a directory: only addresses are removed\n"
    assert host.run.read_text() == "precious"


def test_teardown_leaves_an_address_that_was_added_beside_a_virtual_one(host: Host) -> None:
    for scope in ("all", "v0"):
        host.namespace.sysctl(f"ipv4/conf/{scope}/promote_secondaries", "0")
    host.mark("198.51.100.100/24")
    host.namespace.ip("address add 198.51.100.7/24 dev v0")
    done = host.failover("teardown", "--config", str(host.config))
    assert (done.returncode, done.stdout) == (0, "removed 198.51.100.100/24 from v0\n")
    assert host.addresses() == [OWN, "198.51.100.7/24"]


def test_teardown_in_a_read_only_runtime_directory_still_sees_the_daemon_that_runs_there(host: Host) -> None:
    process = host.start_file()
    before = ["unshare", "--mount", "sh", "-c", READ_ONLY, str(host.run)]
    line = complaint(host.failover("teardown", "--config", str(host.config), before=before), 1)
    assert f"a daemon runs on {host.run}, process {process.pid}" in line
    assert ended(process, signal.SIGTERM) == 0


def test_teardown_removes_configured_addresses_without_a_mark_but_not_an_owners(host: Host) -> None:
    host.namespace.ip("address add 192.0.2.7/24 dev v0", "address add 192.0.2.8/32 dev v0")
    routers = [
        {"vrid": 1, "interface_name": "v0", "ip_addresses": ["192.0.2.7/24"], "priority": 255},
        {"vrid": 2, "interface_name": "v0", "ip_addresses": ["192.0.2.8/24"]},
        {"vrid": 3, "interface_name": "v9", "ip_addresses": [OWN]},
    ]
    host.config.write_text(json.dumps(routers))
    done = host.failover("teardown", "--config", str(host.config))
    assert (done.returncode, done.stdout) == (0, "removed 192.0.2.8/32 from v0\n")
    assert host.addresses() == [OWN, "192.0.2.7/24"]


def test_teardown_of_cli_mode_leaves_other_routers_addresses(host: Host) -> None:
    host.mark(VIRTUAL)
    host.mark("192.0.2.8/24")
    assert host.failover("teardown", "cli-mode", *CLI).returncode == 0
    assert host.addresses() == [OWN, "192.0.2.8/24"]


def test_teardown_of_cli_mode_removes_what_an_owner_was_given_and_leaves_it_its_own(host: Host) -> None:
    host.mark(VIRTUAL)
    owner = [*CLI, "--ip-address", OWN, "--priority", "255"]
    done = host.failover("teardown", "cli-mode", *owner)
    assert (done.returncode, done.stdout) == (0, f"removed {VIRTUAL} from v0\n")
    assert host.addresses() == [OWN]


def test_a_signal_that_the_parent_had_ignored_does_not_stop_the_daemon(host: Host) -> None:
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = host.start_file()
    finally:
        signal.signal(signal.SIGHUP, previous)
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1)
    assert ended(process, signal.SIGTERM) == 0
    assert host.is_clean()


def test_run_cleans_up_after_a_daemon_that_was_killed_and_holds_the_address_anew(host: Host) -> None:
    assert ended(host.start_file(), signal.SIGKILL) == -signal.SIGKILL
    wait_until(lambda: not host.namespace.pids(), "the agent has ended too")
    started = time.monotonic()
    process = host.start_again()
    assert f"removed what an earlier run left on v0: {VIRTUAL}" in host.log.read_text()
    assert time.monotonic() - started > 0.3  # an election, not an assumption
    assert host.addresses() == [OWN, VIRTUAL]
    assert ended(process, signal.SIGTERM) == 0
    assert host.is_clean()


def test_an_agent_that_outlives_its_daemon_keeps_no_other_from_starting(host: Host) -> None:
    daemon = host.start_file()
    (agent,) = host.namespace.pids() - {daemon.pid}
    os.kill(agent, signal.SIGSTOP)
    assert ended(daemon, signal.SIGKILL) == -signal.SIGKILL
    after = host.start_again()
    assert json.loads(host.failover("status", "--json").stdout)["daemon"]["pid"] == after.pid
    os.kill(agent, signal.SIGCONT)
    assert ended(after, signal.SIGTERM) == 0
    assert host.is_clean()


def test_watch_follows_until_it_is_interrupted(host: Host) -> None:
    daemon = host.start_file()
    out = host.directory / "watched"
    with out.open("wb") as log:
        watch = host.namespace.popen(
            command("status", "--watch", "--json"), output=log, env=environment(RUNTIME_DIRECTORY=str(host.run))
        )
    wait_until(lambda: out.read_text().count("\n") >= 2, "two documents")
    os.kill(watch.pid, signal.SIGINT)
    assert watch.wait(10) == 0
    states = [json.loads(line)["virtual_routers"][0]["state"] for line in out.read_text().splitlines()]
    assert set(states) == {"MASTER"}
    assert ended(daemon, signal.SIGTERM) == 0
