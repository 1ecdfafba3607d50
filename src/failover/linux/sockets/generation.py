"""`Generation`: one family's part of an interface, from its making to its end.

The kernel keeps for each interface and family a part of its own. Memberships, addresses and settings live in it, and go
with it: when the interface is deleted or leaves the namespace, and when its MTU is too small for the family (below 68
bytes for IPv4, 1280 for IPv6). The next one may come within microseconds, with the same index and name and even the
same addresses, and no notification of it needs to arrive. So neither tells whether it is still the same.

Its settings below /proc/sys/net do: a file that is open fails with ENOENT from its end on, for ever. A renamed
interface gets other files too, and so counts as made anew, which does no harm.
"""

import os
from contextlib import suppress
from typing import Final

from failover.vrrp.protocol import Family

_SETTING: Final = {
    Family.IPV4: "/proc/sys/net/ipv4/conf/{}/promote_secondaries",
    Family.IPV6: "/proc/sys/net/ipv6/conf/{}/disable_ipv6",
}
"""One that every supported kernel has, by the interface."""
_ALL: Final = "all"
"""The name of what is there whatever interfaces there are."""


class Generation:
    """The part of one family of the interface that had this name when this was made."""

    def __init__(self, family: Family, interface: str) -> None:
        """Never raises: where there is no such part, it is over."""
        self._descriptor = -1
        self._is_over = False
        try:
            self._descriptor = _open(family, interface)
        except FileNotFoundError:
            self._is_over = _is_visible(family)
        except OSError:
            pass  # a sandbox that shows no settings

    @property
    def is_current(self) -> bool | None:
        """Whether it is there still; None where that cannot be known, for there is no /proc/sys to be read."""
        if self._is_over:
            return False
        if self._descriptor < 0:
            return None
        try:
            os.pread(self._descriptor, 1, 0)
        except OSError:
            self._is_over = True
        return not self._is_over

    def close(self) -> None:
        """Watch no more; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _open(family: Family, interface: str) -> int:
    return os.open(_SETTING[family].format(interface), os.O_RDONLY | os.O_CLOEXEC)


def _is_visible(family: Family) -> bool:
    with suppress(OSError):
        os.close(_open(family, _ALL))
        return True
    return False
