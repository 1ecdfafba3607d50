"""One daemon for each virtual router of a network namespace, whatever runtime directories they have."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from failover.config import Configuration
from failover.linux.claims import Claims, VirtualRouterId, words
from failover.linux.errors import reason
from failover.vrrp.protocol import family_of


@contextmanager
def exclusively(configuration: Configuration) -> Iterator[list[str]]:
    """Hold the claims of a configuration; `OSError` EBUSY names who has one of them.

    Where the system has no such locks the daemon runs without: yields what to warn of.
    """
    try:
        claims = Claims()
    except OSError as error:
        yield [_unguarded(error)]
        return
    try:
        yield _take(claims, configuration)
    finally:
        claims.close()


def routers_of(configuration: Configuration) -> list[VirtualRouterId]:
    """What a configuration runs, an entry for each family of each."""
    return [
        VirtualRouterId(router.interface_name, family, router.vrid)
        for router in configuration.virtual_routers
        for family in sorted({family_of(address) for address in router.ip_addresses})
    ]


def _take(claims: Claims, configuration: Configuration) -> list[str]:
    try:
        taken = claims.take(routers_of(configuration))
    except OSError as error:
        return [_unguarded(error)]
    if taken:
        raise OSError(errno.EBUSY, f"{words(taken)}; stop it, or give one of them another vrid or interface")
    return []


def _unguarded(error: OSError) -> str:
    return f"another daemon for the same virtual routers would not be noticed: {reason(error)}"
