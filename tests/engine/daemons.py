"""A daemon of ours on a host of the lab, as an operator would run it, and how tests ask it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import failover
from failover.lab.network.lan import Host
from failover.lab.network.waiting import wait_until

PACKAGE: Final = Path(failover.__file__).parent
_FOR_SERVICES: Final = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "RUNTIME_DIRECTORY", "FAILOVER_SOCKET")
ENVIRONMENT: Final[Mapping[str, str]] = {
    **{name: value for name, value in os.environ.items() if name not in _FOR_SERVICES},
    "PYTHONPATH": str(PACKAGE.parent),
}
"""For a Python in which `failover` is this one."""

INTERVAL: Final = 0.05
"""Seconds: what tests use, to be quick."""


class ControlConnection(http.client.HTTPConnection):
    """HTTP over a control socket."""

    def __init__(self, path: Path, timeout: float = 5) -> None:
        super().__init__("failover", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask(path: Path, resource: str = "/status", method: str = "GET") -> tuple[int, Any]:
    """HTTP status and JSON document."""
    connection = ControlConnection(path)
    try:
        connection.request(method, resource)
        answer = connection.getresponse()
        body = answer.read()
        is_json = answer.headers.get_content_type() == "application/json"
        return answer.status, json.loads(body) if is_json else body.decode()
    finally:
        connection.close()


def router(vrid: int = 51, *addresses: str, **settings: Any) -> dict[str, Any]:
    """An entry of the configuration."""
    return {
        "vrid": vrid,
        "interface_name": "eth0",
        "ip_addresses": list(addresses) or ["192.0.2.100/24"],
        "advert_interval": INTERVAL,
        **settings,
    }


class OurDaemon:
    """`failover run` on a host; it ends with the host at the latest."""

    def __init__(
        self,
        host: Host,
        *routers: dict[str, Any],
        label: str = "failover",
        prefix: Sequence[str] = (),
        settings: Mapping[str, Any] | None = None,
        trackers: Sequence[Mapping[str, Any]] = (),
        **environment: str,
    ) -> None:
        """`label` names its files; `prefix` is a command that runs it; `settings` are those of the daemon.

        With `settings` or `trackers` the file has the long form.
        """
        self.host = host
        self.log_file = host.directory / f"{label}.log"
        self.runtime = host.directory / label
        self.control = self.runtime / "control.sock"
        self.config = host.directory / f"{label}.json"
        long = {"virtual_routers": routers, "trackers": trackers, "daemon": settings or {}}
        self.config.write_text(json.dumps(long if settings is not None or trackers else routers))
        given = ["--config", str(self.config), "--runtime-dir", str(self.runtime)]
        command = [sys.executable, "-m", "failover", "run", *given]
        with self.log_file.open("ab") as log:
            self.process = host.popen([*prefix, *command], output=log, env={**ENVIRONMENT, **environment})

    @property
    def pid(self) -> int:
        return self.process.pid

    def agent(self) -> int | None:
        """The process number of the agent, None while there is none."""
        try:
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        except FileNotFoundError:
            return None
        return int(children[0]) if children else None

    def log(self) -> str:
        return self.log_file.read_text()

    def status(self) -> dict[str, Any] | None:
        """The document, None while nobody answers or nothing is known yet."""
        try:
            code, document = ask(self.control)
        except (OSError, http.client.HTTPException):
            return None
        return document if code == 200 else None

    def router(self, number: int = 0) -> dict[str, Any]:
        """A router's status, empty while there is none."""
        status = self.status()
        routers: list[dict[str, Any]] = status["virtual_routers"] if status else []
        return routers[number] if number < len(routers) else {}

    def wait_for(self, state: str, fault: str | None = None, number: int = 0) -> None:
        """Wait until status says so."""

        def reached() -> bool:
            assert self.process.poll() is None, "the daemon has ended"
            found = self.router(number)
            return bool(found) and found["state"] == state and (found["fault"] or {}).get("reason") == fault

        wait_until(reached, f"router {number} of {self.host.label} is {state}, fault {fault}")

    def wait_for_log(self, text: str, count: int = 1) -> None:
        wait_until(lambda: self.log().count(text) >= count, f"{count} times in the log: {text}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it with a signal; its exit status."""
        self.process.send_signal(number)
        return self.process.wait(10)

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL to the daemon alone: its agent notices by itself."""
        self.process.kill()
        self.process.wait(10)


def run_to_the_end(host: Host, *routers: dict[str, Any], **environment: str) -> subprocess.CompletedProcess[str]:
    """A daemon that is expected to refuse."""
    config = host.directory / "refused.json"
    config.write_text(json.dumps(list(routers)))
    runtime = str(host.directory / "refused")
    command = [sys.executable, "-m", "failover", "run", "--config", str(config), "--runtime-dir", runtime]
    with host.enter():
        return subprocess.run(
            command, env={**ENVIRONMENT, **environment}, capture_output=True, text=True, timeout=20, check=False
        )
