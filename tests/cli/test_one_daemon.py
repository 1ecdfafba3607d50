"""One daemon for each virtual router of a network namespace, whatever runtime directories are used."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from failover.lab.network.waiting import wait_until
from tests.cli.commands import GOOD, command, complaint, environment
from tests.cli.host import CLI, OWN, VIRTUAL, Host, ended, host

__all__ = ["host"]

pytestmark = pytest.mark.root

OTHER_VIRTUAL = "192.0.2.101/24"
OTHER_CLI = ["--vrid", "52", "--interface-name", "v0", "--ip-address", OTHER_VIRTUAL, "--advert-interval", "0.1"]


def elsewhere(host: Host) -> Path:
    return host.directory / "elsewhere"


@pytest.mark.parametrize("before", [(), ("unshare", "--mount", "--pid", "--fork", "--mount-proc")])
def test_a_second_daemon_of_a_virtual_router_is_refused_by_name_and_leaves_nothing(
    host: Host, before: tuple[str, ...]
) -> None:
    process = host.start_file()
    who = "in another container" if before else f"process {process.pid}"
    for arguments in (["run", "--config", str(host.config)], ["cli-mode", *CLI]):
        line = complaint(host.failover(*arguments, run=elsewhere(host), before=before), 1)
        assert line == (
            f"another failover, {who}, already runs virtual router 51 (ipv4) on v0;"
            " stop it, or give one of them another vrid or interface"
        )
        assert not elsewhere(host).exists() or not list(elsewhere(host).iterdir())
    assert host.addresses() == [OWN, VIRTUAL]
    assert host.log.read_text().count("-> MASTER") == 1
    assert ended(process, signal.SIGTERM) == 0
    assert host.is_clean()


def test_it_is_refused_for_an_interface_that_does_not_exist_yet_too(host: Host) -> None:
    host.namespace.ip("link delete v0")
    run = ["run", "--config", str(host.config)]
    with host.log.open("ab") as log:
        process = host.namespace.popen(command(*run), output=log, env=environment(RUNTIME_DIRECTORY=str(host.run)))
    wait_until(lambda: "does not exist" in host.log.read_text(), "the first runs")
    assert f"process {process.pid}" in complaint(host.failover(*run, run=elsewhere(host)), 1)
    assert ended(process, signal.SIGTERM) == 0


def test_daemons_for_different_virtual_routers_of_an_interface_run_side_by_side(host: Host) -> None:
    one = host.start("cli-mode", *CLI)
    two = host.start("cli-mode", *OTHER_CLI, until=OTHER_VIRTUAL, run=elsewhere(host))
    assert host.addresses() == [OWN, VIRTUAL, OTHER_VIRTUAL]
    assert ended(one, signal.SIGTERM) == 0
    assert host.addresses() == [OWN, OTHER_VIRTUAL]
    assert ended(two, signal.SIGTERM) == 0


def test_a_daemon_that_was_killed_keeps_nobody_from_its_virtual_router(host: Host) -> None:
    assert ended(host.start_file(), signal.SIGKILL) == -signal.SIGKILL
    wait_until(lambda: not host.namespace.pids(), "the agent has ended too")
    began = host.log.read_text().count("-> MASTER")
    process = host.start("cli-mode", *CLI, run=elsewhere(host))
    wait_until(lambda: host.log.read_text().count("-> MASTER") > began, "MASTER again")
    assert ended(process, signal.SIGTERM) == 0


def test_of_two_that_start_at_once_exactly_one_runs(host: Host) -> None:
    with host.log.open("ab") as log:
        both = [
            host.namespace.popen(
                command("run", "--config", str(host.config)),
                output=log,
                env=environment(RUNTIME_DIRECTORY=str(host.directory / f"run{n}")),
            )
            for n in range(2)
        ]
    wait_until(lambda: any(one.poll() is not None for one in both), "one of them is refused")
    wait_until(lambda: VIRTUAL in host.addresses(), "the other one runs")
    assert sorted(str(one.poll()) for one in both) == ["1", "None"]
    (running,) = (one for one in both if one.poll() is None)
    assert ended(running, signal.SIGTERM) == 0


@pytest.mark.parametrize(
    "arguments", [["teardown", "--config", "CONFIG"], ["teardown", "--config", "/none"], ["teardown", "cli-mode", *CLI]]
)
def test_teardown_leaves_a_living_daemon_its_addresses_and_says_whose_they_are(
    host: Host, arguments: list[str]
) -> None:
    process = host.start_file()
    host.namespace.ip("link add v8 type veth peer name v9")
    host.mark("198.51.100.7/24", "v8")
    given = [str(host.config) if one == "CONFIG" else one for one in arguments]
    done = host.failover(*given, run=elsewhere(host))
    assert done.returncode == 1
    assert (
        f"failover: v0: {VIRTUAL} left alone, because another failover, process {process.pid},"
        " runs virtual router 51 (ipv4) on v0: stop it, and it removes its addresses"
    ) in done.stderr.splitlines()
    assert done.stdout == ("" if "cli-mode" in given else "removed 198.51.100.7/24 from v8\n")
    assert host.addresses() == [OWN, VIRTUAL]
    assert "by another program; restored" not in host.log.read_text()
    assert ended(process, signal.SIGTERM) == 0


def test_teardown_of_a_dead_daemon_leaves_one_that_lives_on_the_same_interface(host: Host) -> None:
    dead = host.start("cli-mode", *CLI)
    living = host.start("cli-mode", *OTHER_CLI, until=OTHER_VIRTUAL, run=elsewhere(host))
    assert ended(dead, signal.SIGKILL) == -signal.SIGKILL
    done = host.failover("teardown", "cli-mode", *CLI)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"removed {VIRTUAL} from v0\n", "")
    assert host.addresses() == [OWN, OTHER_VIRTUAL]
    assert ended(living, signal.SIGTERM) == 0


def test_a_lock_of_an_open_file_keeps_nobody_from_its_virtual_router_and_hides_nobody(host: Host) -> None:
    """Any user may take one: it belongs to no process."""
    script = (
        "import fcntl, os, struct, time; f = os.open('/proc/self/ns/net', os.O_RDONLY)\n"
        "fcntl.fcntl(f, 37, struct.pack('@hhqqi4x', fcntl.F_RDLCK, 0, 0, 0, 0)); print('locked', flush=True)\n"
        "time.sleep(60)"
    )
    nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set", "-all"]
    with host.namespace.enter():
        locker = subprocess.Popen([*nobody, "/usr/bin/python3", "-c", script], stdout=subprocess.PIPE, text=True)
    with locker:
        assert locker.stdout is not None
        assert locker.stdout.readline() == "locked\n"
        process = host.start_file()
        line = complaint(host.failover("run", "--config", str(host.config), run=elsewhere(host)), 1)
        assert line.startswith(f"another failover, process {process.pid}, already runs virtual router 51 (ipv4) on v0")
        added = [GOOD, {**GOOD, "name": "VR_2", "vrid": 52, "ip_addresses": [OTHER_VIRTUAL]}]
        host.config.write_text(json.dumps(added))
        assert host.failover("reload").returncode == 0
        wait_until(lambda: OTHER_VIRTUAL in host.addresses(), "the new router is MASTER")
        assert ended(process, signal.SIGTERM) == 0
        locker.kill()


def test_a_lock_of_a_user_s_process_keeps_nobody_from_its_virtual_router_and_no_address_from_going(host: Host) -> None:
    """The whole file, and the daemon sees no other user's processes, as behind the unit's ProtectProc."""
    script = (
        "import fcntl, os, struct, time; f = os.open('/proc/self/ns/net', os.O_RDONLY)\n"
        "fcntl.fcntl(f, fcntl.F_SETLK, struct.pack('@hhqqi4x', fcntl.F_RDLCK, 0, 0, 0, 0))\n"
        "print('locked', flush=True); time.sleep(60)"
    )
    user = ["setpriv", "--clear-groups", "--reuid"]
    hidden = ("unshare", "--mount", "sh", "-c", 'mount -t proc -o hidepid=2 proc /proc && exec "$@"', "sh")
    powers = ("--inh-caps", "-all,+net_admin,+net_raw", "--ambient-caps", "-all,+net_admin,+net_raw")
    unit = (*hidden, *user, "65533", "--regid", "65533", *powers)
    with host.namespace.enter():
        locker = subprocess.Popen(
            [*user, "65534", "--regid", "65534", "/usr/bin/python3", "-c", script], stdout=subprocess.PIPE, text=True
        )
    with locker:
        assert locker.stdout is not None
        assert locker.stdout.readline() == "locked\n"
        process = host.start_file()
        refused = host.failover("cli-mode", *CLI, run=elsewhere(host))
        assert f"another failover, process {process.pid}, already runs" in complaint(refused, 1)
        assert ended(process, signal.SIGKILL) == -signal.SIGKILL
        done = host.failover("teardown", "cli-mode", *CLI, before=unit, run=elsewhere(host))
        assert (done.returncode, done.stdout) == (0, f"removed {VIRTUAL} from v0\n")
        assert "Permission denied: only addresses are removed" in done.stderr, "root's lock is not its to read"
        assert ended(host.start_file(), signal.SIGTERM) == 0
        locker.kill()


def test_teardown_tells_the_dead_ones_address_from_the_living_ones_though_no_file_does(host: Host) -> None:
    dead = host.start("cli-mode", *CLI)
    living = host.start("cli-mode", *OTHER_CLI, until=OTHER_VIRTUAL, run=elsewhere(host))
    assert ended(dead, signal.SIGKILL) == -signal.SIGKILL
    done = host.failover("teardown", "--config", "/none")
    assert (done.returncode, done.stdout) == (1, f"removed {VIRTUAL} from v0\n")
    assert f"v0: {OTHER_VIRTUAL} left alone, because another failover, process {living.pid}," in done.stderr
    assert host.addresses() == [OWN, OTHER_VIRTUAL]
    assert ended(living, signal.SIGTERM) == 0


def test_a_second_daemon_with_an_address_of_the_first_is_refused_by_name(host: Host) -> None:
    first = host.start("cli-mode", *CLI)
    other = ["--vrid", "52", "--interface-name", "v0", "--ip-address", "192.0.2.100/32"]
    line = complaint(host.failover("cli-mode", *other, run=elsewhere(host)), 1)
    assert line == (
        f"another failover, process {first.pid}, already has 192.0.2.100 on v0;"
        " stop it, or give one of them another address or interface"
    )
    assert host.addresses() == [OWN, VIRTUAL]
    assert ended(first, signal.SIGTERM) == 0


def test_an_address_that_goes_from_router_to_router_in_a_reload_stays_claimed_and_one_that_goes_is_free(
    host: Host,
) -> None:
    def routers(*addresses: str) -> str:
        numbered = enumerate(addresses, 51)
        return json.dumps([{"vrid": vrid, "interface_name": "v0", "ip_addresses": [one]} for vrid, one in numbered])

    host.config.write_text(routers(VIRTUAL, OTHER_VIRTUAL))
    first = host.start_file()
    host.config.write_text(routers("192.0.2.102/24", VIRTUAL))
    assert host.failover("reload").returncode == 0
    said = complaint(host.failover("cli-mode", *CLI[2:], "--vrid", "9", run=elsewhere(host)), 1)
    assert f"process {first.pid}, already has 192.0.2.100 on v0" in said
    second = host.start("cli-mode", *OTHER_CLI[2:], "--vrid", "9", until=OTHER_VIRTUAL, run=elsewhere(host))
    host.config.write_text(routers("192.0.2.102/24", OTHER_VIRTUAL))
    done = host.failover("reload")
    assert done.returncode == 1
    assert f"process {second.pid}, already has 192.0.2.101 on v0" in done.stderr
    assert ended(second, signal.SIGTERM) == 0
    assert host.failover("reload").returncode == 0
    assert ended(first, signal.SIGTERM) == 0
    assert host.is_clean()


def test_a_thousand_claims_cost_a_start_next_to_nothing(host: Host) -> None:
    routers = [
        {"vrid": 1 + n % 250, "interface_name": f"x{n // 250}", "ip_addresses": [f"10.{n // 250}.{n % 250}.1/32"]}
        for n in range(1000)
    ]
    host.config.write_text(json.dumps(routers))
    script = (
        "import sys, time; from failover.config import load\n"
        "from failover.engine.process.claims import exclusively\n"
        "from failover.engine.intended import claims, intended\n"
        "wanted = claims(intended(load(sys.argv[1]))); began = time.process_time()\n"
        "with exclusively(wanted) as held: print(held.warnings, time.process_time() - began)"
    )
    done = host.python(script, str(host.config))
    warnings, seconds = done.rsplit(maxsplit=1)
    assert warnings == "[]"
    assert float(seconds) < 0.1
