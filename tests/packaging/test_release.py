"""The release script: what it refuses, and what it leaves. A script plays `make`, and writes what it is told to."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from failover.version import __version__
from tests.packaging.machine import ROOT

pytestmark = pytest.mark.packaging

MAKE = """#!/bin/sh
echo "$1" >> "$MADE"
[ "$1" != dist ] || { mkdir -p dist; cat "$CONTENT" > dist/a; }
"""


class Checkout:
    """One that could be released."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "checkout"
        for name in ("tools", "packaging/debian"):
            shutil.copytree(ROOT / name, self.directory / name)
        version = self.directory / "src/failover/version.py"
        version.parent.mkdir(parents=True)
        shutil.copy(ROOT / "src/failover/version.py", version)
        self.write("CHANGELOG.md", f"## [{__version__}] - 2026-01-01\n")
        self.write(".gitignore", "build/\ndist/\n")
        make = directory / "bin/make"
        make.parent.mkdir()
        make.write_text(MAKE)
        make.chmod(0o755)
        self.made = directory / "made"
        self.content = directory / "content"
        self.content.write_text("the same each time")
        self._environment = {
            **os.environ,
            "PATH": f"{make.parent}:/usr/bin:/bin",
            "MADE": str(self.made),
            "CONTENT": str(self.content),
            **{f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }
        self.git("init", "--quiet")
        self.commit()

    def write(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text)

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.directory, env=self._environment, check=True)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=x")

    def release(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["tools/release"],
            cwd=self.directory,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def refusal(self) -> str:
        done = self.release()
        assert done.returncode == 1
        return done.stderr.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_everything_is_made_twice_and_what_is_to_be_published_has_its_sums(checkout: Checkout) -> None:
    done = checkout.release()
    assert done.returncode == 0, done.stderr
    assert checkout.made.read_text().split() == ["test", "dist", "dist", "package-test"]
    subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=checkout.directory / "dist", check=True)
    assert f"git tag -s v{__version__}" in done.stdout


def test_two_builds_that_differ_are_no_release(checkout: Checkout) -> None:
    checkout.content.unlink()
    checkout.content.symlink_to("/proc/sys/kernel/random/uuid")
    assert "two builds differ" in checkout.refusal()
    assert not (checkout.directory / "dist/SHA256SUMS").exists()


def test_what_is_not_ready_is_refused_before_anything_is_made(checkout: Checkout) -> None:
    checkout.write("CHANGELOG.md", "## [Unreleased]\n")
    assert checkout.refusal() == "no release: there are changes that are not committed"
    checkout.commit()
    assert checkout.refusal() == f"no release: CHANGELOG.md has no section [{__version__}] with a date"
    checkout.write("CHANGELOG.md", f"## [{__version__}] - 2026-01-01\n")
    changelog = (checkout.directory / "packaging/debian/changelog").read_text()
    checkout.write("packaging/debian/changelog", changelog.replace(f"({__version__})", "(0.0.1)"))
    checkout.commit()
    assert checkout.refusal() == f"no release: packaging/debian/changelog is not at {__version__}"
    checkout.write("packaging/debian/changelog", changelog)
    checkout.commit()
    checkout.git("tag", f"v{__version__}")
    assert checkout.refusal() == f"no release: there is a tag v{__version__}"
    assert not checkout.made.exists()
