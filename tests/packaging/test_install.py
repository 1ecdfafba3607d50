"""The README's section on installation, block by block, as far as it can be done here."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from failover.lab.network.lan import Lan
from failover.lab.network.waiting import wait_until
from tests.packaging.machine import ROOT, Machine

pytestmark = pytest.mark.packaging

_, _, INSTALL = (ROOT / "README.md").read_text().partition("## Install\n")
AS_ROOT = 'set -eu\nsudo() { "$@"; }\neditor() { echo "edit $1"; }\n'
"""Root needs no sudo, and nobody sits before an editor."""


def section(title: str) -> list[str]:
    """The blocks of a part of it."""
    (text,) = re.findall(rf"^### {title}\n(.*?)(?=^##)", INSTALL, re.DOTALL | re.MULTILINE)
    return re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def without(block: str, *beginnings: str) -> str:
    """But for the lines that begin so."""
    return "".join(line for line in block.splitlines(keepends=True) if not line.startswith(beginnings))


@pytest.mark.machines
@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_the_debian_package(suite: str) -> None:
    install, edit = section("Debian 12 and 13")
    with Lan() as lan, Machine(lan.host("one", "192.168.100.1/24"), suite) as machine:
        (machine.directory / "root/dist").mkdir()
        for package in (ROOT / "dist").glob("failover_*.deb"):
            shutil.copy(package, machine.directory / "root/dist")
        machine.run("sh", "-c", f"{AS_ROOT}cd /root\n{without(install, 'make ')}")
        machine.wait_for_status("interface edit-this-file does not exist")
        file = machine.directory / "etc/failover/vrrp-config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"interface_name": "eth0", "advert_interval": 0.1}))
        said = machine.run("sh", "-c", AS_ROOT + edit)
        assert "Active: active (running)" in said
        machine.wait_for_status('Status: "1 MASTER"')


def test_snap_as_far_as_packing() -> None:
    (block,) = section("Snap")
    assert block.startswith("make snap\nsudo snap install --dangerous ./dist/failover_*.snap\n")
    assert list((ROOT / "dist").glob("failover_*.snap"))
    assert "/var/snap/failover/common/vrrp-config.json" in block


def in_a_copy(block: str, tmp_path: Path) -> str:
    """Run it where `dist` is; what takes the present directory or /opt for itself gets one of ours."""
    shutil.copytree(ROOT / "dist", tmp_path / "dist")
    script = AS_ROOT + without(block, "make ").replace("/opt/failover", str(tmp_path / "venv"))
    # The daemon would stay in the foreground.
    script = script.replace("file-mode", "file-mode --help")
    environment = {**os.environ, "PATH": f"{ROOT / '.venv/bin'}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(
        ["sh", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("place", [0, 1], ids=["uv", "pip"])
def test_the_wheel(place: int, tmp_path: Path) -> None:
    assert "file-mode" in in_a_copy(section("uv or pip")[place], tmp_path)


@pytest.mark.machines
def test_what_systemctl_shows_is_what_the_readme_shows() -> None:
    """But for numbers and times, which differ each time."""
    with Lan() as lan, Machine(lan.host("one", "192.168.100.1/24")) as machine:
        machine.install(next((ROOT / "dist").glob("failover_*.deb")))
        file = machine.directory / "etc/failover/vrrp-config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"interface_name": "eth0"}))
        machine.run("systemctl", "restart", "failover")
        machine.wait_for_status('Status: "1 MASTER"')
        wait_until(lambda: "BACKUP -> MASTER" in machine.run("systemctl", "status", "failover"), "the log is there")
        shown = re.findall(r"^```text\n(.*?)^```", INSTALL, re.DOTALL | re.MULTILINE)
        assert plain(machine.run("systemctl", "status", "failover")) == plain(shown[0])


def plain(status: str) -> list[str]:
    """What stays the same from one time to the next: keys, states and sentences."""
    lines = [line.strip() for line in status.splitlines()]
    kept = [line for line in lines if line.startswith(("Loaded:", "Active:", "Status:")) or " -> " in line]
    return [re.sub(r"since .*|^.*failover\[\d+\]|\d+\.\d+ s$", "", line) for line in kept]
