"""The commands that run and clean up, on a veth in a network namespace of the test's own."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from ipaddress import IPv4Interface
from pathlib import Path

import pytest

from failover.lab.namespaces import Namespace
from failover.lab.waiting import wait_until
from failover.linux.addresses import prepare_add
from failover.linux.netlink_socket import Netlink
from tests.cli.commands import GOOD, command, complaint, environment

pytestmark = pytest.mark.root

VIRTUAL = "192.0.2.100/24"
OWN = "192.0.2.1/24"
CLI = ["--vrid", "51", "--interface-name", "v0", "--ip-address", VIRTUAL, "--advert-interval", "0.1"]


class Host:
    """A namespace with an interface `v0`, and the commands run there."""

    def __init__(self, namespace: Namespace, directory: Path) -> None:
        self.namespace = namespace
        self.directory = directory
        self.config = directory / "config.json"
        self.config.write_text(json.dumps(GOOD))
        self.run = directory / "run"
        self.log = directory / "log"

    def failover(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """To its end, with the runtime directory of this host."""
        with self.namespace.enter():
            return subprocess.run(
                command(*arguments),
                env=environment(RUNTIME_DIRECTORY=str(self.run)),
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )

    def start(self, *arguments: str, until: str = VIRTUAL) -> subprocess.Popen[bytes]:
        """A daemon, MASTER when this returns."""
        with self.log.open("ab") as log:
            process = self.namespace.popen(
                command(*arguments), output=log, env=environment(RUNTIME_DIRECTORY=str(self.run))
            )
        wait_until(lambda: until in self.addresses(), f"{until} held")
        return process

    def start_file(self) -> subprocess.Popen[bytes]:
        return self.start("run", "--config", str(self.config))

    def start_again(self) -> subprocess.Popen[bytes]:
        """A daemon after one that was killed: MASTER when it has said so, for the address is there already."""
        before = self.log.read_text().count("BACKUP -> MASTER")
        process = self.start_file()
        wait_until(lambda: self.log.read_text().count("BACKUP -> MASTER") > before, "MASTER again")
        return process

    def mark(self, address: str) -> None:
        """Put an address on v0 as a daemon does."""
        with self.namespace.enter(), Netlink() as netlink:
            index = socket.if_nametoindex("v0")
            assert netlink.apply(prepare_add(index, [IPv4Interface(address)])) == ()

    def addresses(self) -> list[str]:
        """The IPv4 addresses of v0."""
        listed = json.loads(self.namespace.run(["ip", "-4", "-j", "address", "show", "dev", "v0"]).stdout)
        return [f"{one['local']}/{one['prefixlen']}" for one in listed[0]["addr_info"]] if listed else []

    def is_clean(self) -> bool:
        """Nothing of a daemon is left."""
        return self.addresses() == [OWN] and not (self.run.exists() and list(self.run.iterdir()))


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with Namespace("cli") as namespace:
        namespace.ip(
            "link add v0 type veth peer name v1", "link set v0 up", "link set v1 up", f"address add {OWN} dev v0"
        )
        yield Host(namespace, tmp_path)


def ended(process: subprocess.Popen[bytes], number: signal.Signals) -> int:
    process.send_signal(number)
    return process.wait(10)


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
    assert f"removed addresses left on v0: {VIRTUAL}" in host.log.read_text()
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
