"""Starts the daemon in this process, for `run` and the original modes. No click here: the daemon stays small."""

from pathlib import Path

from failover.cli import configuration, places
from failover.cli.failures import FINE
from failover.config import Configuration
from failover.engine import daemon


def run_file(config: str | None, runtime_dir: str | None, socket: str | None) -> int:
    """`failover run`."""
    loaded = configuration.load(configuration.path_of(config))
    return run(loaded, places.find(runtime_dir, socket))


def run(loaded: Configuration, where: places.Places, log_file: Path | None = None) -> int:
    """Run until stopped; `OSError` where it could not start."""
    if log_file is not None:
        # The agent will write it, but by then the routers would be running.
        log_file.open("a").close()
    daemon.run(
        loaded,
        daemon.Settings(
            runtime_directory=where.runtime_directory,
            control_socket=where.control_socket,
            log_file=log_file,
        ),
    )
    return FINE
