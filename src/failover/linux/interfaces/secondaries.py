"""Keeps a host's own IPv4 addresses when a virtual one of the same subnet goes.

The address of a subnet that came first is its primary, and by the kernel's own default its removal takes all later
ones along: also one that the administrator added while the virtual address was there. With `promote_secondaries` the
next one becomes the primary instead. It is set by netlink, because /proc/sys is often read-only in a container.
"""

from pathlib import Path
from typing import Final

from failover.linux.interfaces.table import Interface
from failover.linux.netlink.connection import Netlink
from failover.linux.netlink.rtnetlink import promote_secondaries

_SETTINGS: Final = Path("/proc/sys/net/ipv4/conf")


def keep_secondaries(interface: Interface) -> None:
    """Have the next address promoted on this interface, for good; `OSError` where the kernel refuses."""
    # To set what is set already would only tell everybody of a change.
    if not (_is_set("all") or _is_set(interface.name)):
        with Netlink() as netlink:
            netlink.change(promote_secondaries(interface.ifindex))


def _is_set(scope: str) -> bool:
    try:
        return (_SETTINGS / scope / "promote_secondaries").read_text() != "0\n"
    except OSError:
        return False
