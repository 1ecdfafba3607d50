"""Virtual addresses that a killed daemon has left on this host: where no daemon runs, nobody else tells of them."""

from contextlib import closing
from typing import Final

from failover.cli.living import Living
from failover.linux.interfaces.monitor import Interfaces
from failover.wording import was

_MOST: Final = 3
"""Addresses that are named; more are counted."""


def abandoned() -> str | None:
    """Which there are, and what removes them, as a sentence; None where there are none, or nothing can be found out.

    They are known by the daemon's mark (IFA_PROTO, Linux 5.18 or later). What another running daemon claims is not one.
    """
    try:
        with closing(Living()) as living, closing(Interfaces()) as interfaces:
            left = [
                f"{assigned.address} on {interface.name}"
                for interface in interfaces
                for assigned in interface.addresses
                if assigned.is_tagged and not living.has(interface.name, assigned.address)
            ]
    except OSError:
        return None
    if not left:
        return None
    listed = ", ".join(left[:_MOST]) + (f" and {len(left) - _MOST} more" if len(left) > _MOST else "")
    return f"{listed} {was(listed)} left by a daemon that was killed: start the daemon, or run failover teardown"
