"""Keeps a host's own IPv4 addresses when a virtual address of the same subnet is removed.

The first address of a subnet is its primary. By the kernel's default, its removal also removes all later ones, even one
that the administrator added while the virtual address was there. With the interface's `promote_secondaries` the next
address becomes the primary instead (ip-sysctl.rst of the kernel). It is set by netlink, because /proc/sys is often
read-only in a container.
"""

from pathlib import Path
from typing import Final

from failover.linux.interfaces.table import Interface
from failover.linux.netlink.connection import Netlink
from failover.linux.netlink.requests import promote_secondaries

_SETTINGS: Final = Path("/proc/sys/net/ipv4/conf")


def keep_secondaries(interface: Interface) -> None:
    """Set `promote_secondaries` on this interface, for good; `OSError` where the kernel refuses."""
    # Setting it again would only send everybody a notification.
    if not (_is_set("all") or _is_set(interface.name)):
        with Netlink() as netlink:
            netlink.change(promote_secondaries(interface.ifindex))


def _is_set(scope: str) -> bool:
    try:
        return (_SETTINGS / scope / "promote_secondaries").read_text() != "0\n"
    except OSError:
        return False
