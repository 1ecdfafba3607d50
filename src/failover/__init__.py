"""Failover: a VRRP daemon for Linux, and the same as a library.

    from failover import VirtualRouter, running

    async with running([VirtualRouter(vrid=51, interface_name="eth0", ip_addresses=["192.168.100.100/24"])]):
        await stop.wait()

`failover.vrrp` is the protocol by itself. Names are imported when they are first used, so that a command which
needs none of them starts at once.
"""

from failover.version import __version__

# Not imported from `typing`: that takes 7 ms, in which a signal would still kill a daemon that is starting.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from failover.config import ConfigError, VirtualRouter
    from failover.library import run, running

__all__ = ["ConfigError", "VirtualRouter", "__version__", "run", "running"]


def __getattr__(name: str) -> object:
    if name in {"ConfigError", "VirtualRouter"}:
        from failover import config  # noqa: PLC0415 - see above

        return getattr(config, name)
    if name in {"run", "running"}:
        from failover import library  # noqa: PLC0415 - see above

        return getattr(library, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
