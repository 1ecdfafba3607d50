"""The tutorial, word by word, on two bare Debian machines: what it says is typed, and what it shows is seen."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import IO, Final

import pytest

from failover.lab.network.client import Client
from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from tests.packaging.machine import ROOT, Machine, bare_root_of

pytestmark = [pytest.mark.packaging, pytest.mark.machines]

TUTORIAL: Final = (ROOT / "docs/tutorial.md").read_text()
BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
PROMPT: Final = re.compile(r"^\w+@(\w+):~[#$] (.*)$")
CHECKOUT: Final = "root/failover"
PYTHONS: Final = {"bookworm": "3.11", "trixie": "3.13"}
SECONDS: Final = 30
DIFFERS: Final = (
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME"),
    (r"since \w{3} \d{4}-\d\d-\d\d [\d:]+ \w+; .* ago", "since TIME"),
    (r"^\w{3} \d\d [\d:]+ \S+ (\w+)\[\d+\]", r"TIME HOST \1[N]"),
    (r"\b\d+(\.\d+)? (s|ms|min)\b", "N s"),
    (r"process \d+", "process N"),
    (r"eth0@if\d+", "eth0"),
    (r"[ \t\r]+", " "),
)
"""What is another each time."""


def plain(text: str) -> list[str]:
    """The lines without what is another each time."""
    for pattern, instead in DIFFERS:
        text = re.sub(pattern, instead, text, flags=re.MULTILINE)
    return [line.strip() for line in text.splitlines() if line.strip()]


def as_shown(shown: str) -> str:
    """What matches the same, with anything where the page has left something out."""
    return "\n".join(r"(.|\n)*" if line == "[...]" else re.escape(line) for line in plain(shown))


def typed(block: str) -> Iterator[tuple[str, str, str]]:
    """The commands of a block, each with its host and with what the page shows below it."""
    starts = [*re.finditer(r"^\w+@\w+:~[#$] .*$", block, re.MULTILINE)]
    for start, end in zip(starts, [*(one.start() for one in starts[1:]), len(block)], strict=True):
        found = PROMPT.match(start.group())
        assert found
        yield found[1], found[2], block[start.end() : end]


class Foreground:
    """`failover run` on a terminal."""

    def __init__(self, machine: Machine, command: str, log: IO[bytes]) -> None:
        self._log = Path(log.name)
        self._seen = 0
        self._process = machine.on_terminal(command, log)

    def wait_for(self, shown: str) -> None:
        """Wait for these lines, one below the other, behind what has been seen; the page may leave out others: [...]"""
        for line in plain(shown):
            if line != "[...]":
                wait_until(partial(self._has, line), f"{line} is in {self._log}", SECONDS)
                self._seen += self._unseen().index(line) + 1

    def _has(self, line: str) -> bool:
        return line in self._unseen()

    def _unseen(self) -> list[str]:
        return plain(self._log.read_text())[self._seen :]

    def interrupt(self) -> None:
        """Press Ctrl-C; it ends well."""
        assert self._process.stdin
        self._process.stdin.write(b"\x03")
        assert self._process.wait(20) == 0

    def is_killed(self) -> bool:
        return self._process.wait(20) == 128 + 9


class Reader:
    """Does what the page says, on hosts by their names."""

    def __init__(self, machines: dict[str, Machine], client: Host, directory: Path, stack: ExitStack) -> None:
        self._machines = machines
        self._client = client
        self._directory = directory
        self._stack = stack
        self._running: dict[str, Foreground] = {}
        self.ping: Client | None = None

    def read(self) -> None:
        for language, block in BLOCK.findall(TUTORIAL):
            getattr(self, f"_{language}")(block)

    def _sh(self, block: str) -> None:
        for machine in self._machines.values():
            machine.run("sh", "-euxc", block, seconds=600)

    def _json(self, block: str) -> None:
        ((host, setting),) = re.findall(r'^On `(\w+)`, write the same with `("priority": \d+)`', TUTORIAL, re.MULTILINE)
        for name, machine in self._machines.items():
            text = re.sub(r'"priority": \d+', setting, block) if name == host else block
            (machine.directory / "etc/failover/vrrp-config.json").write_text(text)

    def _text(self, block: str) -> None:
        self._running["two"].wait_for(block)

    def _console(self, block: str) -> None:
        for host, command, shown in typed(block):
            if host == "client":
                self.ping = self._stack.enter_context(Client(self._client, command.split()[1]))
                self.ping.wait_for_answer()
            elif command == "failover run":
                self._run(host, command, shown)
            elif shown.strip():
                self._compare(self._machines[host], command, shown)
            else:
                self._machines[host].run("sh", "-c", command)

    def _run(self, host: str, command: str, shown: str) -> None:
        before, ended, after = shown.partition("^C")
        if host in self._running and before.strip() != "[...]":
            assert self._running.pop(host).is_killed()
        if host not in self._running:
            log = self._stack.enter_context((self._directory / f"{host}.log").open("wb"))
            self._running[host] = Foreground(self._machines[host], command, log)
        self._running[host].wait_for(before)
        if ended:
            self._running[host].interrupt()
            self._running.pop(host).wait_for(ended + after)

    def _compare(self, machine: Machine, command: str, shown: str) -> None:
        said = ""

        def is_as_shown() -> bool:
            nonlocal said
            said = machine.run("sh", "-c", command, check=False)
            return re.fullmatch(as_shown(shown), "\n".join(plain(said))) is not None

        try:
            wait_until(is_as_shown, command, SECONDS)
        except TimeoutError:
            assert plain(said) == plain(shown)
            raise


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository, as it is here, and no more."""
    there = tmp_path_factory.mktemp("checkout") / "failover"
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split("\0"):
        if name and (ROOT / name).exists():
            (there / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, there / name)
    return there


def wheels(suite: str, directory: Path) -> Path:
    """What pip would fetch: there is no way out of the lab."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--dest", str(directory)]
    command += ["--python-version", PYTHONS[suite], "--platform", "manylinux2014_x86_64"]
    subprocess.run([*command, "--platform", "manylinux_2_17_x86_64", *wanted], check=True)
    return directory


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("suite", PYTHONS)
def test_two_hosts_in_ten_minutes_word_by_word(suite: str, checkout: Path, tmp_path: Path) -> None:
    (later,) = re.findall(r"^apt-get install --yes (.+)$", TUTORIAL, re.MULTILINE)
    bare = bare_root_of(suite, later)
    assert not (bare / "usr/bin/python3").exists()
    fetched = wheels(suite, tmp_path / "wheels")
    with Lan() as lan, ExitStack() as stack:
        hosts = [lan.host("one", "192.168.100.1/24"), lan.host("two", "192.168.100.2/24")]
        machines = {host.label: stack.enter_context(Machine(host, suite, bare)) for host in hosts}
        for machine in machines.values():
            shutil.copytree(checkout, machine.directory / CHECKOUT)
            shutil.copytree(fetched, machine.directory / "srv/wheels")
            (machine.directory / "etc/pip.conf").write_text("[global]\nno-index = true\nfind-links = /srv/wheels\n")
        reader = Reader(machines, lan.host("client", "192.168.100.9/24"), tmp_path, stack)
        reader.read()
        assert reader.ping
        reader.ping.wait_for_answer()
