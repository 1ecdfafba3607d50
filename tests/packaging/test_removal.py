"""What the Debian package puts on a booted Debian beside its files, such as bytecode, and that none of it stays."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from failover.lab.network.lan import Lan
from tests.packaging.machine import ROOT, Machine

pytestmark = [pytest.mark.packaging, pytest.mark.machines]

SITE: Final = "/usr/lib/failover/site"
PYTHON: Final = "/usr/lib/failover/bin/python3"
ADDRESS: Final = "192.168.100.100/24"
OTHERS: Final = (
    r"/run/(systemd|log|user|udev|dbus)/|/var/(log|cache|tmp)/|/tmp/"  # the system's own work
    r"|/var/lib/(dpkg/(?!info/)|systemd/(timers|random-seed|catalog))"
    r"|/etc/(\.pwd\.lock|(passwd|group|shadow|gshadow)-?)$"  # the user stays, as Debian's system users do
    r"|/root/failover_[^/]*\.deb$|/var/lib/apt/"
)


@pytest.fixture(params=["bookworm", "trixie"])
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    with Lan() as lan, Machine(lan.host("one", "192.168.100.1/24"), request.param) as made:
        yield made


@pytest.fixture
def package() -> Path:
    (found,) = (ROOT / "dist").glob("failover_*.deb")
    return found


def files(machine: Machine) -> set[str]:
    """Everything on the machine but what Debian itself writes at any time."""
    listed = machine.run("find", "/", "/run", "-xdev").splitlines()
    return {path for path in listed if not re.match(OTHERS, path)}


def test_a_start_compiles_nothing(machine: Machine, package: Path) -> None:
    """Neither for the daemon's user, who may not write bytecode, nor for root, whose would stay."""
    machine.install(package)
    assert ".pyc" in machine.run("find", SITE, "-name", "*.pyc")
    said = machine.run("runuser", "-u", "failover", "--", PYTHON, "-vI", "-m", "failover", "check")
    # By way of the links below lib.
    loaded = re.findall(r"code object from '?(/usr/lib/failover/[^']*?)'?$", said, re.MULTILINE)
    assert loaded
    assert [path for path in loaded if "/__pycache__/" not in path] == []
    compiled = {path for path in files(machine) if path.endswith(".pyc")}
    for command in ("check", "status", "health", "schema"):
        machine.run("failover", command, check=False)
    assert {path for path in files(machine) if path.endswith(".pyc")} == compiled


@pytest.mark.parametrize("steps", [["--purge"], ["--remove", "--purge"]], ids=["purge", "remove and purge"])
def test_after_a_purge_everything_is_as_before_the_installation(
    machine: Machine, package: Path, steps: list[str]
) -> None:
    """Also where root has used the program, and where the daemon was killed and could not clean up."""
    before = files(machine)
    machine.install(package)
    file = machine.directory / "etc/failover/vrrp-config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"interface_name": "eth0", "advert_interval": 0.1}))
    machine.run("systemctl", "reload", "failover")
    machine.wait_for_status('Status: "1 MASTER"')
    machine.run("systemctl", "mask", "--runtime", "failover")  # it is not started again
    machine.run("systemctl", "kill", "--signal=KILL", "failover")
    assert f" {ADDRESS} " in machine.addresses()
    machine.run("systemctl", "unmask", "--runtime", "failover")
    # By hand, and killed as well: the runtime directory stays.
    script = "failover run & until failover status; do sleep 0.1; done; kill -KILL $!; wait"
    machine.run("sh", "-c", script, check=False)
    assert f" {ADDRESS} " in machine.addresses()
    assert machine.run("ls", "/run/failover")
    for step in steps:
        machine.run("dpkg", step, "failover")
    assert f" {ADDRESS} " not in machine.addresses()
    assert files(machine) - before == set()
    assert before - files(machine) == set()
