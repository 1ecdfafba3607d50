"""`failover file-mode`, an original command: run what a file says, and write a sample where there is none."""

import os
from pathlib import Path

import click

from failover.cli import modes
from failover.cli.failures import tell
from failover.cli.group import declared
from failover.cli.options import RUNTIME_DIR, SOCKET, Option

FILENAME = Option(
    "--filename",
    "FILE",
    "The configuration; a sample is written there if it does not exist."
    " Default: $SNAP_COMMON/vrrp-config.json, else /etc/failover/vrrp-config.json.",
)


def _file_mode(
    *,
    filename: str | None,
    log_file_path: str | None,
    action: str | None,
    teardown: bool,
    runtime_dir: str | None,
    socket: str | None,
) -> int:
    """Run the daemon with a configuration file (a command of the original Failover).

    If the file does not exist, a sample is written there. The sample does nothing until you edit it, because it names
    an interface that no host has. The action may also come before the mode: `failover teardown file-mode`.
    """
    from failover import config  # noqa: PLC0415 - not for `--help`
    from failover.cli import configuration, launch, leftovers, places  # noqa: PLC0415 - not for `--help`

    path = configuration.path_of(filename)
    where = places.find(runtime_dir, socket)
    if modes.is_teardown(action, teardown=teardown):
        return leftovers.remove(path, where)
    log_file = Path(log_file_path) if log_file_path is not None else None
    if path.exists():
        return launch.run(configuration.load(path), where, path, log_file)
    sample = config.sample()
    return launch.run(config.parse(sample, str(path)), where, path, log_file, lambda: _write(path, sample))


def _write(path: Path, sample: str) -> None:
    """Write the sample, with the directories that it needs; where that fails, leave nothing. `OSError`."""
    from failover.engine.process import directories  # noqa: PLC0415 - not for `--help`
    from failover.linux.errors import reason  # noqa: PLC0415 - not for `--help`

    made = directories.make(path.parent)
    try:
        # Never through a link, and writable for nobody else whatever the umask: routers are started from it.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        with os.fdopen(descriptor, "w") as file:
            try:
                file.write(sample)
                file.flush()
            except OSError:
                path.unlink()
                raise
    except OSError as error:
        directories.remove(made)
        raise OSError(error.errno, reason(error), str(path)) from error
    tell(f"{path} did not exist; it is a sample now: edit interface_name and ip_addresses, then run failover reload")


command = click.Command(
    "file-mode",
    params=[
        declared(FILENAME),
        declared(modes.LOG_FILE),
        *modes.action_options(),
        declared(RUNTIME_DIR),
        declared(SOCKET),
    ],
    callback=_file_mode,
    help=_file_mode.__doc__,
)
