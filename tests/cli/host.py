"""A host of a test's own, an interface in a network namespace, and the commands run there."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Interface
from pathlib import Path

import pytest

from failover.lab.network.namespaces import Namespace
from failover.lab.network.waiting import wait_until
from failover.linux.netlink.addresses import prepare_add
from failover.linux.netlink.connection import Netlink
from tests.cli.commands import GOOD, command, environment

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

    def failover(
        self, *arguments: str, run: Path | None = None, before: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        """To its end, with the runtime directory of this host, or another one."""
        with self.namespace.enter():
            return subprocess.run(
                [*before, *command(*arguments)],
                env=environment(RUNTIME_DIRECTORY=str(run or self.run)),
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )

    def start(self, *arguments: str, until: str = VIRTUAL, run: Path | None = None) -> subprocess.Popen[bytes]:
        """A daemon, MASTER when this returns."""
        with self.log.open("ab") as log:
            process = self.namespace.popen(
                command(*arguments), output=log, env=environment(RUNTIME_DIRECTORY=str(run or self.run))
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

    def python(self, script: str, *arguments: str) -> str:
        """What a script of Python printed here."""
        with self.namespace.enter():
            done = subprocess.run(
                [sys.executable, "-c", script, *arguments],
                env=environment(),
                capture_output=True,
                text=True,
                timeout=30,
                check=True,
            )
        return done.stdout.strip()

    def mark(self, address: str, interface: str = "v0") -> None:
        """Put an address on an interface as a daemon does."""
        with self.namespace.enter(), Netlink() as netlink:
            index = socket.if_nametoindex(interface)
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


def ended(process: subprocess.Popen[bytes], number: int) -> int:
    process.send_signal(number)
    return process.wait(10)
