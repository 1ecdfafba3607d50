"""Turns this process into the daemon, for `run`, `file-mode` and `cli-mode`. Without click: the daemon stays small."""

import os
from collections.abc import Callable
from pathlib import Path

from failover.cli import configuration, places
from failover.cli.failures import FINE
from failover.config import Configuration
from failover.engine import daemon
from failover.linux.process import descriptors


def run_file(config: str | None, runtime_dir: str | None, socket: str | None) -> int:
    """Do `failover run` with these option values; None for an option that was not given."""
    path = configuration.path_of(config)
    return run(configuration.load(path), places.find(runtime_dir, socket), path)


def run(
    loaded: Configuration,
    where: places.Places,
    file: Path | None = None,
    log_file: Path | None = None,
    provide: Callable[[], None] = lambda: None,
) -> int:
    """Run the daemon until it is stopped, and return the exit status. `OSError` where it cannot start.

    `file` is what a reload reads; `provide` is called just before the start, to write files that must exist then.
    """
    # Standard output and its like are handed over: in the agent these names stand for something else.
    descriptor = descriptors.written_by(log_file) if log_file is not None else None
    opened = log_file if descriptor is None else None

    def prepare() -> None:
        if opened is None:
            provide()
            return
        from failover.agent.log.log_file import open_log  # noqa: PLC0415 - needed for a log file alone

        # The agent writes to it, but if it cannot be opened that must be known before the routers run.
        made = not opened.exists()
        os.close(open_log(opened))
        try:
            provide()
        except OSError:
            if made:
                opened.unlink()
            raise

    daemon.run(
        loaded,
        daemon.Settings(
            runtime_directory=where.runtime_directory,
            control_socket=where.control_socket,
            log_file=opened,
            log_descriptor=descriptor,
            configuration_file=file,
            configuration_digest=loaded.digest if file is not None else None,
        ),
        prepare,
    )
    return FINE
