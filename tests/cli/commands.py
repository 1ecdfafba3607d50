"""Running the command `failover` as people do: a process, its exit status, what it said."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[2] / "src"
NOT_INHERITED = (
    "RUNTIME_DIRECTORY",
    "STATE_DIRECTORY",
    "SNAP_COMMON",
    "FAILOVER_SOCKET",
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
)
WITHOUT_CAPABILITIES = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all")
"""As root, so that a test's files can be read, but with the powers of anybody."""

GOOD: dict[str, Any] = {
    "name": "VR_1",
    "vrid": 51,
    "interface_name": "v0",
    "ip_addresses": ["192.0.2.100/24"],
    "advert_interval": 0.1,
}


def command(*arguments: str) -> list[str]:
    """The command line of `failover` under this Python."""
    return [sys.executable, "-m", "failover", *arguments]


def environment(**changes: str) -> dict[str, str]:
    """This environment without what a service manager might have put there."""
    kept = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    return {**kept, "PYTHONPATH": str(SOURCE), **changes}


def failover(
    *arguments: str, before: Sequence[str] = (), env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        [*before, *command(*arguments)],
        env=env or environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def complaint(done: subprocess.CompletedProcess[str], status: int) -> str:
    """The one line that a failed command said, without `failover: `."""
    assert done.returncode == status, done
    assert done.stdout == ""
    assert done.stderr.startswith("failover: ")
    (line,) = done.stderr.splitlines()
    return line.removeprefix("failover: ")
