"""The snap: its recipe against the published schema, the packed result against the recipe, and both run unpacked."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from failover.version import __version__
from tests.packaging.machine import ROOT
from tests.packaging.schemas import problems
from tools.snap_metadata import metadata

pytestmark = pytest.mark.packaging

RECIPE = ROOT / "snap/snapcraft.yaml"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    (packed,) = (ROOT / "dist").glob(f"failover_{__version__}_*.snap")
    there = tmp_path_factory.mktemp("snap") / "failover"
    subprocess.run(["unsquashfs", "-quiet", "-no-progress", "-dest", there, packed], check=True)
    return there


def test_the_recipe_is_what_snapcraft_takes() -> None:
    assert problems("vendor.snapcraft", RECIPE) == ""


def test_the_packed_metadata_is_what_the_recipe_says(unpacked: Path) -> None:
    packed = yaml.safe_load((unpacked / "meta/snap.yaml").read_text())
    recipe = yaml.safe_load(RECIPE.read_text())
    (architecture,) = packed["architectures"]
    assert architecture in recipe["platforms"]
    assert packed == metadata(recipe, architecture)


def test_two_builds_are_the_same(tmp_path: Path) -> None:
    (packed,) = (ROOT / "dist").glob(f"failover_{__version__}_*.snap")
    subprocess.run([ROOT / "packaging/build-snap", tmp_path], check=True, capture_output=True)
    assert (tmp_path / packed.name).read_bytes() == packed.read_bytes()


def test_commands_and_hooks_are_there_and_can_be_run(unpacked: Path) -> None:
    meta = yaml.safe_load((unpacked / "meta/snap.yaml").read_text())
    lines = [app[kind] for app in meta["apps"].values() for kind in ("command", "reload-command") if kind in app]
    commands = [unpacked / line.split()[0] for line in lines]
    hooks = [unpacked / "meta/hooks" / name for name in ("install", "remove")]
    assert [path for path in (*commands, *hooks) if not os.access(path, os.X_OK)] == []
    assert meta["hooks"].keys() <= {hook.name for hook in hooks}


class Snap:
    """The unpacked snap on a host, with what snapd sets."""

    def __init__(self, tree: Path, host: Host, common: Path) -> None:
        self._host = host
        self._tree = tree
        self.common = common
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "SNAP": str(tree),
            "SNAP_NAME": "failover",
            "SNAP_COMMON": str(common),
            "RUNTIME_DIRECTORY": str(common / "run"),
        }
        self._inside = ["env", "-i", *(f"{name}={value}" for name, value in environment.items())]

    def run(self, *command: str) -> str:
        """What a command in the snap says."""
        return self._host.run([*self._inside, str(self._tree / command[0]), *command[1:]]).stdout

    def start(self) -> subprocess.Popen[bytes]:
        """The daemon."""
        return self._host.popen([*self._inside, str(self._tree / "bin/failover"), "run"])


@pytest.fixture
def snap(unpacked: Path, tmp_path: Path) -> Iterator[tuple[Snap, Host]]:
    with Lan() as lan:
        host = lan.host("one", "192.168.100.1/24")
        made = Snap(unpacked, host, tmp_path)
        made.run("meta/hooks/install")
        yield made, host


def test_the_install_hook_makes_a_sample_once(snap: tuple[Snap, Host]) -> None:
    made, _ = snap
    sample = made.common / "vrrp-config.json"
    assert json.loads(sample.read_text())["interface_name"] == "edit-this-file"
    sample.write_text("mine")
    made.run("meta/hooks/install")
    assert sample.read_text() == "mine"


def test_the_daemon_holds_its_address_until_it_is_stopped_and_removal_removes_what_a_killed_one_left(
    snap: tuple[Snap, Host],
) -> None:
    made, host = snap
    file = made.common / "vrrp-config.json"
    sample = json.loads(file.read_text())
    file.write_text(json.dumps(sample | {"interface_name": "eth0", "advert_interval": 0.1}))

    def holds() -> bool:
        return sample["ip_addresses"][0] in map(str, host.held())

    daemon = made.start()
    wait_until(holds, "the address is there")
    assert "MASTER" in made.run("bin/failover", "status")
    again = sample | {"interface_name": "eth0", "advert_interval": 0.1, "excluded_ip_addresses": ["192.168.100.101/24"]}
    file.write_text(json.dumps(again))
    reload = yaml.safe_load(RECIPE.read_text())["apps"]["daemon"]["reload-command"]
    assert made.run(*reload.split()) == "changed: VR_1\nunchanged: 0 virtual routers\n"
    assert "192.168.100.101/24" in map(str, host.held())
    daemon.terminate()
    assert daemon.wait(10) == 0
    assert not holds()
    killed = made.start()
    wait_until(holds, "the address is there")
    killed.kill()
    killed.wait(10)
    assert holds()
    made.run("meta/hooks/remove")
    assert not holds()
