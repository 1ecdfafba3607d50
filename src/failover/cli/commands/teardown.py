"""`failover teardown`: remove what a daemon that died has left on this host."""

import click

from failover.cli.group import declared
from failover.cli.options import CONFIG, RUNTIME_DIR, SOCKET


def _teardown(*, config: str | None, runtime_dir: str | None, socket: str | None) -> int:
    """Remove what a dead daemon may have left.

    That is: addresses that carry the daemon's mark on any interface, the addresses of the configuration on theirs,
    and what is stale in the runtime directory. What a living daemon has claimed stays, and what the host would lose:
    an address owner's own (priority 255), and the only address of a family on its interface, or the only one that is
    not link-local. Refuses while a daemon runs there.
    """
    from failover.cli import configuration, leftovers, places  # noqa: PLC0415 - not for `--help`

    return leftovers.remove(configuration.path_of(config), places.find(runtime_dir, socket))


command = click.Command(
    "teardown",
    params=[declared(option) for option in (CONFIG, RUNTIME_DIR, SOCKET)],
    callback=_teardown,
    help=_teardown.__doc__,
)
