"""The Debian package on a booted Debian: the service, its status, its end, upgrade and removal."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from failover.lab.measure import takeovers
from failover.lab.network.client import Client
from failover.lab.network.lan import Lan
from failover.lab.network.waiting import wait_until
from tests.packaging.machine import ROOT, Machine

pytestmark = [pytest.mark.packaging, pytest.mark.machines]

CONFIGURATION = "etc/failover/vrrp-config.json"
ADDRESS = "192.168.100.100/24"


@pytest.fixture(scope="module")
def package() -> Path:
    found = sorted((ROOT / "dist").glob("failover_*.deb"))
    assert found, "run: make deb"
    return found[-1]


@pytest.fixture(params=["bookworm", "trixie"])
def machine(request: pytest.FixtureRequest, package: Path) -> Iterator[Machine]:
    with Lan() as lan, Machine(lan.host("one", "192.168.100.1/24"), request.param) as made:
        made.install(package)
        yield made


def configure(machine: Machine, **settings: object) -> None:
    path = machine.directory / CONFIGURATION
    path.write_text(json.dumps(json.loads(path.read_text()) | {"interface_name": "eth0"} | settings))


def show(machine: Machine, name: str) -> str:
    return machine.run("systemctl", "show", "failover", f"--property={name}", "--value").strip()


def test_it_runs_after_the_installation_and_says_what_to_edit(machine: Machine) -> None:
    machine.wait_for_status("Active: active (running)")
    machine.wait_for_status(
        "INITIALIZE (VR_1: interface edit-this-file does not exist; this is the sample configuration"
    )
    assert machine.run("systemctl", "is-enabled", "failover").strip() == "enabled"
    said = "VR_1 (ipv4) cannot run: interface edit-this-file does not exist"
    wait_until(lambda: said in machine.run("failover", "status", check=False), "status explains")


def test_the_address_is_there_while_it_is_master_and_gone_when_it_has_stopped(machine: Machine) -> None:
    configure(machine, advert_interval=0.1)
    machine.run("systemctl", "restart", "failover")
    machine.wait_for_status('Status: "1 MASTER"')
    wait_until(lambda: f" {ADDRESS} " in machine.addresses(), "the address is there")
    assert machine.run("ps", "-o", "user=", "-p", show(machine, "MainPID")).strip() == "failover"
    machine.run("systemctl", "stop", "failover")
    assert f" {ADDRESS} " not in machine.addresses()
    assert show(machine, "Result") == "success"


def test_a_reload_takes_another_configuration_and_a_bad_one_changes_nothing(machine: Machine) -> None:
    configure(machine, advert_interval=0.1)
    machine.run("systemctl", "reload", "failover")
    machine.wait_for_status('Status: "1 MASTER"')
    process = show(machine, "MainPID")
    configure(machine, ip_addresses=[ADDRESS, "192.168.100.101/24"])
    machine.run("systemctl", "reload", "failover")
    assert " 192.168.100.101/24 " in machine.addresses()
    configure(machine, vrid=300)
    assert "failed" in machine.run("systemctl", "reload", "failover", check=False)
    machine.wait_for_status("not reloaded, nothing was changed: /etc/failover/vrrp-config.json: 1 problem")
    machine.wait_for_status("300 is out of range; allowed: 1 to 255")
    assert f" {ADDRESS} " in machine.addresses()
    configure(machine, vrid=51)
    machine.run("systemctl", "kill", "--signal=HUP", "--kill-whom=main", "failover")
    reloaded = ("journalctl", "-u", "failover", "FAILOVER_KIND=reloaded", "-o", "cat")
    wait_until(lambda: len(machine.run(*reloaded).splitlines()) == 3, "the third reload, by a signal")
    machine.wait_for_status("Active: active (running)")
    assert (show(machine, "MainPID"), show(machine, "NRestarts")) == (process, "0")


def test_the_agent_is_fenced_also_under_the_unit_s_own_restrictions(machine: Machine) -> None:
    configure(machine, advert_interval=0.1)
    machine.run("systemctl", "restart", "failover")
    machine.wait_for_status('Status: "1 MASTER"')
    daemon = json.loads(machine.run("failover", "status", "--json"))["daemon"]
    assert daemon["agent"]["user"] == int(machine.run("id", "-u", "failover"))
    assert daemon["agent"]["system_call_filter"]
    assert daemon["agent"]["landlock"] > 0
    assert not [warning for warning in daemon["warnings"] if "agent" in warning]


def test_a_killed_daemon_is_started_again(machine: Machine) -> None:
    configure(machine, advert_interval=0.1)
    machine.run("systemctl", "restart", "failover")
    machine.wait_for_status('Status: "1 MASTER"')
    before = show(machine, "MainPID")
    machine.run("kill", "-KILL", before)
    wait_until(lambda: show(machine, "MainPID") not in {before, "0"}, "there is another process")
    machine.wait_for_status('Status: "1 MASTER"')
    assert f" {ADDRESS} " in machine.addresses()


def test_a_daemon_that_hangs_is_started_again_by_the_watchdog(machine: Machine) -> None:
    configure(machine, advert_interval=0.1)
    override(machine, "WatchdogSec=2")
    machine.run("systemctl", "restart", "failover")
    machine.wait_for_status('Status: "1 MASTER"')
    before = show(machine, "MainPID")
    machine.run("kill", "-STOP", before)
    wait_until(lambda: show(machine, "MainPID") not in {before, "0"}, "there is another process", 20)
    machine.wait_for_status('Status: "1 MASTER"')


def test_a_bad_configuration_fails_once_and_says_why(machine: Machine) -> None:
    configure(machine, vrid=300)
    machine.run("systemctl", "restart", "failover", check=False)
    wait_until(lambda: show(machine, "ActiveState") == "failed", "it has failed")
    assert show(machine, "NRestarts") == "0"
    said = machine.run("systemctl", "status", "failover", check=False)
    assert "vrid" in said
    assert "300" in said


def override(machine: Machine, *lines: str) -> None:
    """Settings of the host's administrator."""
    file = machine.directory / "etc/systemd/system/failover.service.d/ours.conf"
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(["[Service]", *lines, ""]))
    machine.run("systemctl", "daemon-reload")


def test_an_interface_that_comes_after_the_boot_is_waited_for(machine: Machine) -> None:
    configure(machine, advert_interval=0.1, interface_name="late0")
    machine.run("systemctl", "restart", "failover")
    machine.wait_for_status("interface late0 does not exist")
    machine.run("ip", "link", "add", "late0", "type", "veth", "peer", "name", "late1")
    machine.run("ip", "address", "add", "192.168.100.1/24", "dev", "late0")
    machine.run("ip", "link", "set", "late1", "up")
    machine.run("ip", "link", "set", "late0", "up")
    machine.wait_for_status('Status: "1 MASTER"')


def test_a_missing_capability_is_named(machine: Machine) -> None:
    override(machine, "AmbientCapabilities=", "AmbientCapabilities=CAP_NET_ADMIN")
    machine.run("systemctl", "restart", "failover", check=False)
    machine.wait_for_status("needs CAP_NET_RAW")


def test_a_user_that_does_not_exist_is_named_by_systemd(machine: Machine) -> None:
    override(machine, "DynamicUser=no", "User=nobody-of-that-name")
    machine.run("systemctl", "restart", "failover", check=False)
    machine.wait_for_status("status=217/USER")


def test_a_second_daemon_is_told_which_one_there_is(machine: Machine) -> None:
    configure(machine, advert_interval=0.1)
    machine.run("systemctl", "restart", "failover")
    machine.wait_for_status('Status: "1 MASTER"')
    said = machine.run("failover", "run", "--runtime-dir", "/run/another", check=False)
    assert f"process {show(machine, 'MainPID')}" in said
    machine.wait_for_status('Status: "1 MASTER"')


def test_a_runtime_directory_that_cannot_be_written_is_named(machine: Machine) -> None:
    override(machine, "ReadOnlyPaths=/run/failover")
    machine.run("systemctl", "restart", "failover", check=False)
    machine.wait_for_status("Read-only file system")
    assert "/run/failover" in show(machine, "StatusText")


def test_a_full_runtime_directory_is_named(machine: Machine) -> None:
    machine.run("systemctl", "stop", "failover")
    machine.run("mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=1", "full", "/mnt")
    override(machine, "RuntimeDirectory=", "ReadWritePaths=/mnt", "Environment=RUNTIME_DIRECTORY=/mnt/failover")
    machine.run("systemctl", "start", "failover", check=False)
    machine.wait_for_status("/mnt/failover")
    assert "No space left on device" in machine.run("systemctl", "status", "failover", check=False)


def test_an_upgrade_keeps_the_configuration_and_a_purge_leaves_nothing(machine: Machine, package: Path) -> None:
    configure(machine, advert_interval=0.1)
    kept = (machine.directory / CONFIGURATION).read_text()
    machine.run("systemctl", "restart", "failover")
    machine.wait_for_status('Status: "1 MASTER"')
    before = show(machine, "MainPID")
    machine.install(package)
    machine.wait_for_status('Status: "1 MASTER"')
    assert show(machine, "MainPID") != before
    assert (machine.directory / CONFIGURATION).read_text() == kept
    machine.run("dpkg", "--purge", "failover")
    assert f" {ADDRESS} " not in machine.addresses()
    left = machine.run("find", "/etc", "/usr", "/var/lib", "/run", "-xdev", "-iname", "*failover*", check=False).split()
    assert [path for path in left if "dpkg/info" not in path] == []


def test_journal_entries_have_fields(machine: Machine) -> None:
    configure(machine, advert_interval=0.1)
    machine.run("systemctl", "restart", "failover")
    machine.wait_for_status('Status: "1 MASTER"')
    wanted = ["journalctl", "-u", "failover", "-o", "json", "FAILOVER_KIND=state_changed", "FAILOVER_CURRENT=MASTER"]
    wait_until(lambda: machine.run(*wanted), "it is in the journal")
    entry = json.loads(machine.run(*wanted).splitlines()[-1])
    assert (entry["FAILOVER_NAME"], entry["FAILOVER_CAUSE"], entry["PRIORITY"]) == ("VR_1", "no_master", "5")
    assert entry["_SYSTEMD_UNIT"] == "failover.service"
    assert entry["MESSAGE"].startswith("VR_1 (ipv4): BACKUP -> MASTER: ")


NETWORK = """[Unit]
DefaultDependencies=no
Conflicts=shutdown.target
Before=network.target shutdown.target
Wants=network.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=true
ExecStop=sh -c 'ip -o address show dev eth0 >/root/at-the-end'
ExecStop=ip link set dev eth0 down
"""
"""What brings the network up and down, as far as the daemon's unit can see."""


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_at_shutdown_it_resigns_before_the_network_goes(package: Path, suite: str) -> None:
    with Lan() as lan, Machine(lan.host("one", "192.168.100.1/24"), suite) as machine, lan.capture() as capture:
        machine.install(package)
        configure(machine, advert_interval=0.1)
        (machine.directory / "etc/systemd/system/network-here.service").write_text(NETWORK)
        override(machine, "ExecStop=sleep 1")  # whatever does not wait for it is done long before
        machine.run("systemctl", "start", "network-here")
        machine.run("systemctl", "restart", "failover")
        machine.wait_for_status('Status: "1 MASTER"')
        machine.power_off()
        assert capture.adverts()[-1].priority == 0
        assert f" {ADDRESS} " not in (machine.directory / "root/at-the-end").read_text()


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_two_machines_and_a_client(package: Path, suite: str) -> None:
    """One loses its power: the other takes over; it boots, and takes back without a gap."""
    with (
        Lan() as lan,
        Machine(lan.host("one", "192.168.100.1/24"), suite) as one,
        Machine(lan.host("two", "192.168.100.2/24"), suite) as two,
        lan.capture() as capture,
    ):
        for machine, priority in ((one, 200), (two, 100)):
            machine.install(package)
            configure(machine, advert_interval=0.1, priority=priority)
            machine.run("systemctl", "restart", "failover")
        one.wait_for_status('Status: "1 MASTER"')
        two.wait_for_status('Status: "1 BACKUP"')
        with Client(lan.host("client", "192.168.100.9/24"), ADDRESS.partition("/")[0]) as client:
            client.wait_for_answer()
            one.lose_power()
            two.wait_for_status('Status: "1 MASTER"')
            client.wait_for_answer()
            back = time.time_ns()
            one.boot()
            one.wait_for_status('Status: "1 MASTER"')
            two.wait_for_status('Status: "1 BACKUP"')
            client.wait_for_answer()
            failover, *_ = takeovers(capture.adverts())[-2:]
            outage = client.longest_outage()
            assert outage is not None
            # Ten probes and more would be another cause than the wire shows.
            assert outage.duration < failover.gap + 100_000_000
            assert client.outages(since=back) == []
        assert two.run("journalctl", "-u", "failover", "FAILOVER_CAUSE=master_down")
