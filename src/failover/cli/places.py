"""Finds the daemon's runtime directory and control socket, from options and environment."""

import os
from pathlib import Path
from typing import Final, NamedTuple

from failover.cli.failures import USAGE, Failure
from failover.paths import CONTROL_SOCKET

SYSTEM_RUNTIME_DIRECTORY: Final = "/run/failover"


class Places(NamedTuple):
    """The paths of one daemon."""

    runtime_directory: Path
    control_socket: Path | None
    """None: the one in the runtime directory."""

    @property
    def socket(self) -> Path:
        """The control socket to connect to."""
        return self.control_socket or self.runtime_directory / CONTROL_SOCKET


def find(runtime_dir: str | None, socket: str | None) -> Places:
    """The paths that `--runtime-dir` and `--socket` give, or the environment, or the defaults.

    `Failure` where an option is given but empty.
    """
    for flag, value in (("--runtime-dir", runtime_dir), ("--socket", socket)):
        if value == "":
            raise Failure(f"{flag} is empty", USAGE)
    # systemd separates several directories with colons (systemd.exec(5)); the first one is the daemon's.
    configured = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    control = socket or os.environ.get("FAILOVER_SOCKET")
    return Places(Path(runtime_dir or configured or SYSTEM_RUNTIME_DIRECTORY), Path(control) if control else None)
