"""`Router`: what the lab needs of any VRRP daemon. `Daemon`: our own, `failover run`.

The drivers of other daemons are in the tests; they derive from `Router`.
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

from failover.lab.network.lan import INTERFACE, Host
from failover.vrrp.protocol import Address, Family, Version, VirtualAddress
from failover.vrrp.timers import master_down_interval, skew_time
from failover.vrrp.units import Interval, seconds

_STOP_SECONDS: Final = 10
_NOT_INHERITED: Final = frozenset({"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "RUNTIME_DIRECTORY"})
"""Environment variables that systemd has set for the lab, and that are not meant for the daemons in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterSpec:
    """One virtual router of one address family, in terms that any daemon can be configured with."""

    addresses: tuple[str, ...]
    """The virtual addresses with prefix lengths; for IPv6, a link-local one first. Without any, it is of IPv4."""
    vrid: int = 51
    version: int = 3
    priority: int = 100
    interval: float = 1.0
    """The advertisement interval in seconds."""
    preempt: bool = True
    excluded: tuple[str, ...] = ()
    """Addresses that the MASTER holds but does not advertise."""
    interface: str = INTERFACE
    """The interface that it runs on."""
    peers: tuple[str, ...] = ()
    """Where there are some, they are advertised to instead of the VRRP group; the host itself may be among them."""
    group: str = ""
    """The multicast group, where it is not that of VRRP."""

    @property
    def virtual_addresses(self) -> tuple[VirtualAddress, ...]:
        """The advertised addresses as objects."""
        return tuple(ip_interface(address) for address in self.addresses)

    @property
    def family(self) -> Family:
        """The family of the addresses."""
        return Family(self.virtual_addresses[0].version) if self.addresses else Family.IPV4

    @property
    def skew_time(self) -> Interval:
        """How long a BACKUP waits after a MASTER has resigned, in nanoseconds."""
        return skew_time(Version(self.version), self.priority, seconds(self.interval))

    @property
    def master_down_interval(self) -> Interval:
        """How long a BACKUP waits after the last advertisement of a MASTER with the same interval, in nanoseconds."""
        return master_down_interval(Version(self.version), self.priority, seconds(self.interval))


class Router(ABC):
    """A VRRP daemon on a host. By default one that adds addresses to the host's own interface, as ours does."""

    program: ClassVar[str]
    """The program's name, which is also that of the log file."""
    unsupported: ClassVar[Mapping[str, str]] = {}
    """The scenarios that this daemon cannot do, by name, each with the reason; found by trying."""

    def __init__(self, host: Host, *specs: RouterSpec) -> None:
        self.host = host
        self.specs = specs
        self.processes: list[subprocess.Popen[bytes]] = []

    @abstractmethod
    def start(self) -> None:
        """Start the daemon; returns at once, before it has elected a MASTER."""

    @property
    def log_file(self) -> Path:
        """The file that the daemon's output is appended to, over all restarts."""
        return self.host.directory / f"{self.program}.log"

    def stop(self) -> None:
        """Stop the daemon with SIGTERM and wait for its end: process by process, the last started one first.

        `subprocess.TimeoutExpired` where a process takes longer than 10 s.
        """
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            process.wait(_STOP_SECONDS)

    def kill(self) -> None:
        """Kill everything that runs on the host with SIGKILL. As after a crash, nothing is cleaned up."""
        self.host.kill()

    def is_master(self, spec: RouterSpec) -> bool:
        """Whether the host has every advertised address of `spec` now."""
        return self.host.held().issuperset(spec.virtual_addresses)

    def mac(self, spec: RouterSpec) -> str:  # noqa: ARG002 - others have one for each virtual router
        """The MAC address that it announces for the addresses while MASTER."""
        return self.host.mac

    def source(self, spec: RouterSpec) -> Address:
        """The source of its advertisements: the interface's first IPv4 address or its link-local address."""
        return self.host.ipv4.ip if spec.family is Family.IPV4 else self.host.link_local

    def log(self) -> str:
        """The content of the log file; empty where there is none yet."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    @contextmanager
    def output(self) -> Iterator[IO[bytes]]:
        """The log file, open for appending, as the output of a new process."""
        with self.log_file.open("ab") as log:
            yield log


class Daemon(Router):
    """Our own daemon: `failover run`, by the Python that runs the lab."""

    program = "failover"

    @property
    def runtime_directory(self) -> Path:
        """The daemon's `--runtime-dir`."""
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
        """The environment variables that the daemon gets."""
        return {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}

    def configuration(self) -> dict[str, Any]:
        """The content of the configuration file."""
        return {"virtual_routers": [self.settings(spec) for spec in self.specs]}

    def settings(self, spec: RouterSpec) -> dict[str, Any]:
        """The object for one virtual router in the configuration file; a subclass may add options."""
        return {
            "name": f"VR_{spec.interface}_{spec.vrid}_{spec.family.label}",
            "vrid": spec.vrid,
            "interface_name": spec.interface,
            **({"ip_addresses": list(spec.addresses)} if spec.addresses else {"no_ip_addresses": True}),
            "excluded_ip_addresses": list(spec.excluded),
            **({"unicast_peers": list(spec.peers)} if spec.peers else {}),
            **({"multicast_group": spec.group} if spec.group else {}),
            "priority": spec.priority,
            "advert_interval": spec.interval,
            "preempt_mode": spec.preempt,
            "version": spec.version,
        }

    def status(self) -> dict[str, Any]:
        """The document that `failover status --json` prints for this daemon; `CommandError` where it fails."""
        socket = self.runtime_directory / "control.sock"
        command = [sys.executable, "-m", "failover", "status", "--json", "--socket", str(socket)]
        answer: dict[str, Any] = json.loads(self.host.run(command).stdout)
        return answer
