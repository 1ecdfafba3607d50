"""`failover run` for click, which gets it only for `--help` or a mistake; usually `failover.cli` runs it directly."""

import click

from failover.cli import options
from failover.cli.group import declared


def _run(**given: str | None) -> int:
    """Run the daemon in the foreground.

    It waits for interfaces that do not exist yet, and logs to standard error. SIGTERM or Ctrl-C shuts it down cleanly:
    a MASTER resigns, and its addresses are removed. SIGHUP reloads the configuration, unless the daemon has a terminal.
    Exit status: 0 stopped, 1 failed, 2 bad usage, 3 bad configuration.
    """
    from failover.cli import launch  # noqa: PLC0415 - the engine, which `--help` does not need

    return launch.run_file(**given)


command = click.Command("run", params=[declared(option) for option in options.RUN], callback=_run, help=_run.__doc__)
