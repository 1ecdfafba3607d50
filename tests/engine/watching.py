"""A host's addresses as the kernel announces their changes, with times: polling would miss what lasts a millisecond."""

import select
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from failover.lab.network.lan import Host
from failover.linux.interfaces.monitor import Interfaces
from failover.linux.netlink.addresses import prepare_add, prepare_remove
from failover.linux.netlink.connection import Netlink
from failover.vrrp import VirtualAddress


class Addresses:
    """Follows and changes the addresses of a host's interface from this process."""

    def __init__(self, host: Host, interface: str = "eth0") -> None:
        self.interface = interface
        with host.enter():
            self.netlink = Netlink()
            self.table = Interfaces()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.table.close()
        self.netlink.close()

    def there(self) -> frozenset[VirtualAddress]:
        """The addresses now."""
        self.table.read()
        found = self.table.get(self.interface)
        return frozenset(one.address for one in found.addresses) if found else frozenset()

    def add(self, *addresses: VirtualAddress) -> None:
        """As another daemon of ours would."""
        assert self.netlink.apply(prepare_add(self._ifindex, addresses)) == ()

    def remove(self, *addresses: VirtualAddress) -> None:
        """As somebody else would; what is not there is no matter."""
        self.netlink.apply(prepare_remove(self._ifindex, addresses))

    @property
    def _ifindex(self) -> int:
        found = self.table.get(self.interface)
        assert found is not None
        return found.ifindex

    def wait(self, condition: Callable[[frozenset[VirtualAddress]], bool], seconds: float = 5) -> float:
        """Wait for a condition of the addresses; how many seconds it took."""
        poll = select.poll()
        poll.register(self.table.fileno(), select.POLLIN)
        began = time.monotonic()
        while not condition(self.there()):
            assert time.monotonic() - began < seconds, f"still {sorted(map(str, self.there()))}"
            with suppress(InterruptedError):
                poll.poll(100)
        return time.monotonic() - began
