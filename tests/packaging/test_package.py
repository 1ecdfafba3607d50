"""What can be said of the packages and the unit without booting anything."""

import re
import subprocess
from pathlib import Path

import pytest

from failover.version import __version__
from tests.packaging.machine import ROOT, root_of

pytestmark = pytest.mark.packaging

UNIT = ROOT / "packaging/systemd/failover.service"
MOST_EXPOSED = 20
"""Tenths."""
TOOLS = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


def said(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=TOOLS)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def package() -> Path:
    return ROOT / "dist" / f"failover_{__version__}_{said('dpkg', '--print-architecture').strip()}.deb"


def test_the_unit_is_exposed_as_little_as_it_can_be() -> None:
    said("systemd-analyze", "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", UNIT)


def test_the_package_has_the_version_of_the_program(package: Path) -> None:
    assert said("dpkg-deb", "--field", package, "Version").strip() == __version__


def test_lintian_has_nothing_to_say(package: Path) -> None:
    assert said("lintian", "--fail-on", "error,warning,info", "--allow-root", package) == ""


def test_the_package_has_what_its_users_look_for(package: Path) -> None:
    listed = re.findall(r"\./(\S+)", said("dpkg-deb", "--contents", package))
    wanted = [
        "usr/bin/failover",
        "etc/failover/vrrp-config.json",
        "usr/share/man/man1/failover.1.gz",
        "usr/share/man/man5/vrrp-config.json.5.gz",
        "usr/share/bash-completion/completions/failover",
        "usr/share/zsh/vendor-completions/_failover",
        "usr/share/fish/vendor_completions.d/failover.fish",
        "usr/lib/sysusers.d/failover.conf",
    ]
    assert [path for path in wanted if path not in listed] == []
    assert any(path.endswith("systemd/system/failover.service") for path in listed)
    assert not [path for path in listed if path.endswith(".pyc")], "made at installation, for the Python that is there"


def test_bytecode_is_made_before_the_start_and_removed_after_the_stop(package: Path) -> None:
    """By whatever Python 3 is Debian's: no range of versions leaves out the one of a release."""
    script = said("dpkg-deb", "--info", package, "postinst")
    (compiled,) = re.finditer(r"^\s*py3compile -p failover:\w+ /usr/lib/failover/site$", script, re.MULTILINE)
    assert compiled.start() < script.index("deb-systemd-invoke $_dh_action")
    script = said("dpkg-deb", "--info", package, "prerm")
    assert script.index("deb-systemd-invoke stop") < script.index("py3clean -p failover:")
    assert "./usr/share/python3/runtime.d/failover.rtupdate" in said("dpkg-deb", "--contents", package)


def test_two_builds_are_the_same(package: Path, tmp_path: Path) -> None:
    said(ROOT / "packaging/build-deb", tmp_path)
    assert (tmp_path / package.name).read_bytes() == package.read_bytes()


@pytest.mark.machines
@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_installed_and_purged_nothing_is_left(package: Path, suite: str, tmp_path: Path) -> None:
    """As piuparts sees it, which compares the whole root directory with what it was before."""
    base = tmp_path / "base.tgz"
    said("tar", "--directory", root_of(suite, "ca-certificates"), "--create", "--gzip", "--file", base, ".")
    # Debian 13 itself has links that lead nowhere.
    flags = ["--no-symlinks", "--no-eatmydata", "--skip-logrotatefiles-test", "--warn-on-leftovers-after-purge"]
    log = said("piuparts", f"--basetgz={base}", "--distribution", suite, *flags, package)
    assert "PASS: All tests." in log
    assert not re.findall(r"(?:WARN|ERROR|FAIL): .*", log)
