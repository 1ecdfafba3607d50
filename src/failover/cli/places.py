"""Where the daemon keeps its things, from the options given and the environment."""

import os
from pathlib import Path
from typing import Final, NamedTuple

from failover.cli.failures import USAGE, Failure
from failover.paths import CONTROL_SOCKET

SYSTEM_RUNTIME_DIRECTORY: Final = "/run/failover"


class Places(NamedTuple):
    """Where one daemon is."""

    runtime_directory: Path
    control_socket: Path | None
    """None: in the runtime directory, and as much the daemon's own."""

    @property
    def socket(self) -> Path:
        """The control socket to connect to."""
        return self.control_socket or self.runtime_directory / CONTROL_SOCKET


def find(runtime_dir: str | None, socket: str | None) -> Places:
    """What `--runtime-dir` and `--socket` mean, absent ones replaced; `Failure` where one is empty."""
    for flag, value in (("--runtime-dir", runtime_dir), ("--socket", socket)):
        if value == "":
            raise Failure(f"{flag} is empty", USAGE)
    # The service manager lists several directories with colons between them; the first one is the daemon's.
    configured = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    control = socket or os.environ.get("FAILOVER_SOCKET")
    return Places(Path(runtime_dir or configured or SYSTEM_RUNTIME_DIRECTORY), Path(control) if control else None)
