"""Keeps virtual IPv4 addresses behind the host's own, so that none of them is the source of what the host sends.

Linux sends into a subnet from the first address there, its primary, and to wherever it has no address by the first
primary of the interface. A virtual address gets to be that when the host's own goes, such as when DHCP adds another and
then removes the old one, or when the own one came later.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Interface
from itertools import takewhile
from typing import Final

from failover.engine.environment import Host, Netlink
from failover.engine.events import EventSink
from failover.engine.port.port import Port
from failover.engine.router.address_guard import RESTORE_EVERY
from failover.engine.router.instance import Instance
from failover.engine.transmit.transmitter import Transmitter
from failover.events import Kind
from failover.linux.errors import reason
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.addresses import STEPS_BEHIND, Failure, prepare_behind
from failover.linux.netlink.rtnetlink import SCOPE_GLOBAL
from failover.vrrp import Address, Instant, Interval, VirtualAddress, seconds
from failover.wording import Fields

_LONGEST_PAUSE: Final = seconds(60)
_FAILURES_TOLD: Final = 3


@dataclass(frozen=True, slots=True)
class Misplaced:
    """Virtual addresses that come before an address of the host's own, in their subnet or on the interface."""

    own: VirtualAddress
    before: tuple[VirtualAddress, ...]
    """A subnet's primary first, then others in their order."""


class Pause:
    """When something may be done again that somebody seems to undo: twice as long after it each time."""

    def __init__(self) -> None:
        self.until = Instant(0)
        self._length: Interval = RESTORE_EVERY

    def begin(self, now: Instant) -> None:
        """It is done now."""
        is_calm = now - self.until > _LONGEST_PAUSE
        self._length = RESTORE_EVERY if is_calm else min(Interval(2 * self._length), _LONGEST_PAUSE)
        self.until = Instant(now + self._length)


class AddressOrder:
    """Keeps the order on all interfaces of an engine."""

    def __init__(self, host: Host, netlink: Netlink, transmitter: Transmitter, events: EventSink) -> None:
        self._host = host
        self._netlink = netlink
        self._transmitter = transmitter
        self._events = events
        self._pauses: dict[str, Pause] = {}
        """By the name of the interface."""

    def keep(self, port: Port, instances: Iterable[Instance], at: Instant) -> Instant | None:
        """Put what the MASTERs of a port hold behind the host's own addresses, unless that was done just now.

        `transmitter` does it at the end of the round. When to look whether it has helped; None where all is well.
        """
        interface = port.seen
        if interface is None:
            return None
        masters = (one for one in instances if one.is_master)
        ours = frozenset[VirtualAddress]().union(*(one.held - port.own.all for one in masters))
        found = misplaced(interface, ours, port.virtual_addresses)
        if not found:
            return None
        pause = self._pauses.setdefault(port.name, Pause())
        if at >= pause.until:
            pause.begin(at)
            self._put_behind(interface, found, at)
        return pause.until

    def _put_behind(self, interface: Interface, found: Sequence[Misplaced], at: Instant) -> None:
        addresses = [address for one in found for address in one.before]
        try:
            # Without it the host's own address would go with the primary.
            self._host.keep_secondaries(interface)
        except OSError as error:
            self._failed(at, len(addresses), f"promote_secondaries is off and could not be set: {reason(error)}")
            return
        batch = prepare_behind(interface.ifindex, addresses, self._netlink.reserve(len(addresses) * STEPS_BEHIND))
        self._transmitter.change(batch, partial(self._done, at))
        fields: Fields = {
            "interface": interface.name,
            "addresses": ", ".join(map(str, addresses)),
            "own": ", ".join(str(one.own) for one in found),
        }
        self._events.tell_seldom(Kind.ADDRESSES_REORDERED, {"interface": interface.name}, at, fields)

    def _done(self, at: Instant, failures: tuple[Failure, ...]) -> None:
        if failures:
            self._failed(at, len(failures), "; ".join(map(str, failures[:_FAILURES_TOLD])))

    def _failed(self, at: Instant, count: int, errors: str) -> None:
        fields: Fields = {"doing": "reordering", "count": count, "errors": errors}
        self._events.tell_seldom(Kind.ADDRESSES_FAILED, {"doing": "reordering"}, at, fields)


def misplaced(
    interface: Interface, ours: Collection[VirtualAddress], virtual: Collection[Address]
) -> tuple[Misplaced, ...]:
    """Which of `ours` come before an address of the host's own. Of the host's own is none that is `virtual` or tagged.

    Those of one network and prefix length have an order among themselves; what counts between networks is which primary
    is the first of all.
    """
    there = [one for one in interface.addresses if isinstance(one.address, IPv4Interface)]
    own = [one for one in there if not (one.is_tagged or one.address.ip in virtual or one.address in ours)]
    primaries = [one.address for one in there if not one.is_secondary and one.address in ours]
    if not own or not primaries:
        return ()
    secondary = [one.address for one in own if one.is_secondary]
    in_subnets = tuple(
        Misplaced(late, (primary, *_secondaries_before(late, interface, ours)))
        for primary in primaries
        if (late := next((address for address in secondary if address.network == primary.network), None))
    )
    first = next((one.address for one in own if not one.is_secondary and one.scope == SCOPE_GLOBAL), None)
    if first is None and not in_subnets:
        return ()
    # A secondary of the host's own becomes the primary behind all that there are.
    last = first or in_subnets[0].own
    moved = {address for one in in_subnets for address in one.before}
    ahead = takewhile(lambda one: one.address != first, there)
    others = tuple(one.address for one in ahead if one.address in primaries and one.address not in moved)
    return (*in_subnets, Misplaced(last, others)) if others else in_subnets


def _secondaries_before(
    own: VirtualAddress, interface: Interface, ours: Collection[VirtualAddress]
) -> Iterator[VirtualAddress]:
    """Those of `ours` that would be the primary before `own` if the primary went."""
    for one in interface.addresses:
        if one.address == own:
            return
        if one.is_secondary and one.address in ours and one.address.network == own.network:
            yield one.address
