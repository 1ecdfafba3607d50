"""What the lab asks of a router, whoever wrote it, and the one that we ship: `failover run`.

Drivers of other daemons are test code; they keep to `Router`.
"""

import json
import os
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_interface
from pathlib import Path
from typing import IO, Any, ClassVar, Final

from failover.lab.lan import INTERFACE, Host
from failover.vrrp.protocol import Address, Family, Version, VirtualAddress
from failover.vrrp.timers import master_down_interval, skew_time
from failover.vrrp.units import Interval, seconds

_STOP_SECONDS: Final = 10
_NOT_INHERITED: Final = frozenset({"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "RUNTIME_DIRECTORY"})
"""What the service manager told the lab and not its daemons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterSpec:
    """One virtual router as any daemon can be configured to run it; one address family."""

    addresses: tuple[str, ...]
    """With prefix lengths; version 6: a link-local one first."""
    vrid: int = 51
    version: int = 3
    priority: int = 100
    interval: float = 1.0
    """Seconds."""
    preempt: bool = True
    excluded: tuple[str, ...] = ()
    """Addresses that are held while MASTER but not advertised."""
    interface: str = INTERFACE
    """Where it runs, on a host with several."""

    @property
    def virtual_addresses(self) -> tuple[VirtualAddress, ...]:
        """The advertised addresses as such."""
        return tuple(ip_interface(address) for address in self.addresses)

    @property
    def family(self) -> Family:
        """The family of the addresses."""
        return Family(self.virtual_addresses[0].version)

    @property
    def skew_time(self) -> Interval:
        """What a BACKUP waits for after a MASTER has resigned."""
        return skew_time(Version(self.version), self.priority, seconds(self.interval))

    @property
    def master_down_interval(self) -> Interval:
        """What a BACKUP waits for after the last advertisement of a MASTER with the same interval."""
        return master_down_interval(Version(self.version), self.priority, seconds(self.interval))


class Router(ABC):
    """A daemon on a host that puts addresses on the host's own interface, as ours and keepalived do."""

    program: ClassVar[str]
    """Names the log."""
    unsupported: ClassVar[Mapping[str, str]] = {}
    """Scenario to the reason why this daemon cannot do it, found by trying."""

    def __init__(self, host: Host, *specs: RouterSpec) -> None:
        self.host = host
        self.specs = specs
        self.processes: list[subprocess.Popen[bytes]] = []

    @abstractmethod
    def start(self) -> None:
        """Start it; returns before it has decided anything."""

    @property
    def log_file(self) -> Path:
        """Where the daemon's output goes; it grows over restarts."""
        return self.host.directory / f"{self.program}.log"

    def stop(self) -> None:
        """SIGTERM, and wait until it has ended; several processes one by one, the last started first."""
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            process.wait(_STOP_SECONDS)

    def kill(self) -> None:
        """SIGKILL to all its processes: what a crash leaves behind stays behind."""
        self.host.kill()

    def is_master(self, spec: RouterSpec) -> bool:
        """Whether the host holds every address now."""
        return self.host.held().issuperset(spec.virtual_addresses)

    def mac(self, spec: RouterSpec) -> str:  # noqa: ARG002 - others have one for each virtual router
        """The MAC address under which it answers for the addresses while MASTER."""
        return self.host.mac

    def source(self, spec: RouterSpec) -> Address:
        """Where its advertisements come from: the interface's first IPv4 or its link-local address."""
        return self.host.ipv4.ip if spec.family is Family.IPV4 else self.host.link_local

    def log(self) -> str:
        """What it has said."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    @contextmanager
    def output(self) -> Iterator[IO[bytes]]:
        """The log, open for a new process."""
        with self.log_file.open("ab") as log:
            yield log


class Daemon(Router):
    """Our own daemon, as `failover run` under the same Python."""

    program = "failover"

    @property
    def runtime_directory(self) -> Path:
        """`--runtime-dir`."""
        return self.host.directory / "run"

    def start(self) -> None:
        """Write the configuration and run the daemon."""
        config = self.host.directory / "failover.json"
        config.write_text(json.dumps(self.configuration(), indent=2))
        self.runtime_directory.mkdir(exist_ok=True)
        options = ["--config", str(config), "--runtime-dir", str(self.runtime_directory)]
        command = [sys.executable, "-m", "failover", "run", *options]
        with self.output() as log:
            self.processes = [self.host.popen(command, output=log, env=self.environment())]

    def environment(self) -> dict[str, str]:
        """The environment that it runs in."""
        return {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}

    def configuration(self) -> dict[str, Any]:
        """The content of the configuration file."""
        return {"virtual_routers": [self.settings(spec) for spec in self.specs]}

    def settings(self, spec: RouterSpec) -> dict[str, Any]:
        """The object for one virtual router; who wants other options adds them."""
        return {
            "name": f"VR_{spec.interface}_{spec.vrid}_{spec.family.label}",
            "vrid": spec.vrid,
            "interface_name": spec.interface,
            "ip_addresses": list(spec.addresses),
            "excluded_ip_addresses": list(spec.excluded),
            "priority": spec.priority,
            "advert_interval": spec.interval,
            "preempt_mode": spec.preempt,
            "version": spec.version,
        }

    def status(self) -> dict[str, Any]:
        """`failover status --json` of this daemon."""
        socket = self.runtime_directory / "control.sock"
        command = [sys.executable, "-m", "failover", "status", "--json", "--socket", str(socket)]
        answer: dict[str, Any] = json.loads(self.host.run(command).stdout)
        return answer
