"""Failover: a VRRP daemon for Linux, and the same as a library.

    from failover import VirtualRouter, run

    await run([VirtualRouter(vrid=51, interface_name="eth0", ip_addresses=["192.168.100.100/24"])])

`failover.vrrp` is the protocol by itself. Names are imported when they are first used, so that a command which
needs none of them starts at once.
"""

from failover.version import __version__

# Not imported from `typing`: that takes 7 ms, in which a signal would still kill a daemon that is starting.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from failover.config import VirtualRouter
    from failover.library import run

__all__ = ["VirtualRouter", "__version__", "run"]


def __getattr__(name: str) -> object:
    if name == "VirtualRouter":
        from failover.config import VirtualRouter  # noqa: PLC0415 - see above

        return VirtualRouter
    if name == "run":
        from failover.library import run  # noqa: PLC0415 - see above

        return run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
