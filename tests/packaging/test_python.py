"""The forms for Python's own tools: built, installed where nothing else is, run; and what goes with a release."""

import json
import os
import subprocess
import sys
import zipfile
from email.parser import BytesParser
from pathlib import Path

import pytest

from failover.version import __version__
from tests.packaging.machine import ROOT
from tools.sbom import bill

pytestmark = pytest.mark.packaging

UV = Path(sys.executable).with_name("uv")
ENVIRONMENT = {**os.environ, "SOURCE_DATE_EPOCH": "1790000000"}
Built = tuple[Path, Path]


def uv_build(*arguments: str | Path) -> None:
    """By the tools of this environment, as of a certain time."""
    command: list[str | Path] = [UV, "build", "--quiet", "--no-build-isolation", "--python", sys.executable]
    subprocess.run([*command, *arguments], check=True, env=ENVIRONMENT)


def build(output: Path) -> Built:
    """Wheel and source distribution."""
    uv_build("--out-dir", output, ROOT)
    (wheel,), (source,) = output.glob("*.whl"), output.glob("*.tar.gz")
    return wheel, source


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tmp_path_factory.mktemp("dist"))


def test_the_wheel_has_the_package_and_nothing_else(built: Built) -> None:
    with zipfile.ZipFile(built[0]) as wheel:
        names = wheel.namelist()
        metadata = BytesParser().parsebytes(wheel.read(f"failover-{__version__}.dist-info/METADATA"))
    assert {name.split("/")[0] for name in names} == {"failover", f"failover-{__version__}.dist-info"}
    assert {"failover/py.typed", f"failover-{__version__}.dist-info/licenses/LICENSE"} <= set(names)
    assert (metadata["Version"], metadata["License-Expression"]) == (__version__, "MIT")
    assert metadata["Description-Content-Type"] == "text/markdown"


def test_the_source_distribution_makes_the_same_wheel(built: Built, tmp_path: Path) -> None:
    subprocess.run(["tar", "-xzf", built[1], "-C", tmp_path], check=True)
    (unpacked,) = tmp_path.iterdir()
    uv_build("--wheel", unpacked)
    (again,) = (unpacked / "dist").glob("*.whl")
    assert again.read_bytes() == built[0].read_bytes()


def test_two_builds_are_the_same(built: Built, tmp_path: Path) -> None:
    assert [one.read_bytes() for one in build(tmp_path)] == [one.read_bytes() for one in built]


def test_uv_installs_it_as_a_tool(built: Built, tmp_path: Path) -> None:
    environment = {**os.environ, "UV_TOOL_DIR": str(tmp_path / "tools"), "UV_TOOL_BIN_DIR": str(tmp_path / "bin")}
    command: list[str | Path] = [UV, "tool", "install", "--quiet", "--python", "/usr/bin/python3", built[0]]
    subprocess.run(command, check=True, env=environment)
    said = subprocess.run([tmp_path / "bin/failover", "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.strip().endswith(__version__)


def test_pip_installs_it(built: Built, tmp_path: Path) -> None:
    subprocess.run(["/usr/bin/python3", "-m", "venv", tmp_path], check=True)
    subprocess.run([tmp_path / "bin/pip", "install", "--quiet", built[0]], check=True)
    example = ROOT / "docs/examples/vrrp-config.json"
    said = subprocess.run([tmp_path / "bin/failover", "check", example], capture_output=True, text=True, check=True)
    assert "VR_1" in said.stdout


@pytest.mark.parametrize(("shell", "says"), [("bash", "complete"), ("zsh", "#compdef failover"), ("fish", "complete")])
def test_completions_know_commands_and_options(shell: str, says: str) -> None:
    command = Path(sys.executable).with_name("failover")
    script = subprocess.run(
        [command],
        env={**os.environ, "_FAILOVER_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert says in script.stdout
    asked = {
        "bash": {"COMP_WORDS": "failover st", "COMP_CWORD": "1"},
        "zsh": {"COMP_WORDS": "failover st", "COMP_CWORD": "1"},
        "fish": {"COMP_WORDS": "failover st", "COMP_CWORD": "st"},
    }[shell]
    answer = subprocess.run(
        [command],
        env={**os.environ, **asked, "_FAILOVER_COMPLETE": f"{shell}_complete"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "status" in answer.stdout


def test_the_bill_of_materials_has_every_pin() -> None:
    pins = (ROOT / "requirements/runtime.txt").read_text()
    components = bill(pins)["components"]
    named = [line.split("==")[0] for line in pins.splitlines() if "==" in line and not line.startswith((" ", "#"))]
    assert [one["name"] for one in components] == named
    assert all(one["properties"] for one in components)
    said = subprocess.run([sys.executable, ROOT / "tools/sbom.py"], capture_output=True, text=True, check=True)
    assert json.loads(said.stdout)["metadata"]["component"]["version"] == __version__
