"""Has what is sent to the addresses of routers with Accept_Mode False dropped (RFC 9568 §6.4.3).

In whatever state they are: without its addresses a host would not take such packets anyway. So a takeover has nothing
to do about it, and no packet comes before it is done.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from failover.engine.environment import AddressFilter, Host
from failover.engine.events import EventSink
from failover.engine.fleet.registry import Registry
from failover.engine.intended import Intended
from failover.events import Kind
from failover.linux.errors import reason
from failover.linux.faults import FaultReason
from failover.vrrp import Address

_AT_ONCE: Final = 100
"""Addresses in one transaction: half a millisecond of the kernel's work."""

_Dropped = tuple[str, Address]
"""The name of the interface, where that matters: for a link-local address. And an address."""


class AcceptMode:
    """Of all routers of an engine."""

    def __init__(self, host: Host, registry: Registry, events: EventSink) -> None:
        self._host = host
        self._registry = registry
        self._events = events
        self._filter: AddressFilter | None = None
        self._dropped: set[_Dropped] = set()

    def follow(self, coming: Iterable[Intended] = ()) -> Iterator[None]:
        """The steps that have dropped what is sent to the routers there are, and to those that are `coming`.

        The host's own addresses stay reachable. Where the kernel refuses, that is told, and tried again the next time.
        """
        wanted = self._wanted(coming)
        while self._dropped != wanted:
            try:
                self._change(
                    set(islice(wanted - self._dropped, _AT_ONCE)), set(islice(self._dropped - wanted, _AT_ONCE))
                )
            except OSError as error:
                warning = f"packets to virtual addresses are accepted although accept_mode is false: {reason(error)}"
                self._events.tell(Kind.DEGRADED, {"warning": warning})
                return
            yield
        if not wanted:
            self.close()

    def follow_now(self) -> None:
        """All of these steps at once."""
        for _ in self.follow():
            pass

    def close(self) -> None:
        """Drop nothing more."""
        self._dropped.clear()
        if self._filter is not None:
            self._filter.close()
            self._filter = None

    def _change(self, added: set[_Dropped], removed: set[_Dropped]) -> None:
        if self._filter is None:
            self._filter = self._host.address_filter()
        self._filter.change(added, removed)
        self._dropped = self._dropped - removed | added

    def _wanted(self, coming: Iterable[Intended]) -> set[_Dropped]:
        # Without another source address the host keeps one that is configured as virtual, and is reached by it.
        running = (
            instance.intended
            for instance in self._registry.instances
            if instance.fault is None or instance.fault.reason != FaultReason.NO_SOURCE_ADDRESS
        )
        own = {address.ip for port in self._registry.ports.values() for address in port.own.all}
        return {
            (one.interface if address.ip.is_link_local else "", address.ip)
            for one in (*running, *coming)
            if not (one.router.accept_mode or one.router.is_address_owner)
            for address in one.router.held_addresses
            if address.ip not in own
        }
