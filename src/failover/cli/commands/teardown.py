"""`failover teardown`: remove what a daemon that died has left on this host."""

import click

from failover.cli.group import declared
from failover.cli.options import CONFIG, RUNTIME_DIR, SOCKET


def _teardown(*, config: str | None, runtime_dir: str | None, socket: str | None) -> int:
    """Remove what a killed daemon has left.

    It removes the addresses of the configuration, all addresses that have the daemon's mark, and old files in the
    runtime directory. It keeps the addresses of a running daemon, those of an address owner (priority 255), and those
    that the host needs to be reachable: its only address of a family on an interface, or its only one that is not
    link-local. It refuses to run while a daemon uses this runtime directory.
    """
    from failover.cli import configuration, leftovers, places  # noqa: PLC0415 - not for `--help`

    return leftovers.remove(configuration.path_of(config), places.find(runtime_dir, socket))


command = click.Command(
    "teardown",
    params=[declared(option) for option in (CONFIG, RUNTIME_DIR, SOCKET)],
    callback=_teardown,
    help=_teardown.__doc__,
)
