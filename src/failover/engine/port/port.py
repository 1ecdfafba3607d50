"""An interface as the engine uses it: its sockets while it exists, and the virtual routers that live on it.

The name is fixed, the interface behind it may come, go, and come back as another one. Sockets belong to one index:
a new index means new sockets.
"""

import errno
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from failover.engine.loop.loop import Loop
from failover.engine.port.arrivals import reader
from failover.engine.port.known_adverts import KnownAdverts
from failover.engine.port.policer import Narrowing, Policer, Verdict
from failover.engine.port.wakeup_suppression import WakeupSuppression
from failover.linux.errors import reason
from failover.linux.filter.program import Terms
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.connection import Netlink
from failover.linux.sockets.advertisement import AdvertisementSocket
from failover.linux.sockets.announcement import AnnouncementSocket
from failover.linux.sockets.options import group_destination
from failover.linux.sockets.outbox import Burst, Packets
from failover.vrrp import Address, Family, Fault, Instant, Version, VirtualAddress, VirtualRouter

if TYPE_CHECKING:
    from failover.engine.router.instance import Instance

SOCKET_REFUSED = "socket_refused"
"""The reason of a fault: the interface is there, but a socket cannot be opened on it."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What the routers of one family stand on."""

    fault: Fault | None
    source: Address | None
    """The address that advertisements come from."""
    mac: bytes
    mtu: int


class Port:
    """One interface name and everything that the engine does there."""

    def __init__(self, name: str, loop: Loop, netlink: Netlink) -> None:
        self.name = name
        self.interface: Interface | None = None
        """As it was when the sockets were opened or the footing last changed."""
        self.seen: Interface | None = None
        """As it was when it was last looked at."""
        self.readiness: dict[Family, Readiness] = {}
        self.instances: dict[tuple[Family, int], Instance] = {}
        self.virtual_addresses: frozenset[Address] = frozenset()
        """What no advertisement may be sent from: another host's in a moment (RFC 9568 §5.1.1.1)."""
        self.moving: frozenset[VirtualAddress] = frozenset()
        """What is going over from one MASTER here to another."""
        self.refused: dict[Family, OSError] = {}
        """Why there is no socket for a family, where there should be one."""
        self._loop = loop
        self._netlink = netlink
        self._sockets: dict[Family, AdvertisementSocket] = {}
        self._policers: dict[Family, Policer] = {}
        self._suppressions: dict[Family, WakeupSuppression] = {}
        self._known_adverts: dict[Family, KnownAdverts] = {}
        self._announcer: AnnouncementSocket | None = None

    def add(self, instance: "Instance") -> None:
        """A router that lives here."""
        router = instance.router
        self.instances[router.family, router.vrid] = instance
        self.virtual_addresses |= _virtual(router)
        self.renew_filter(router.family)

    def remove(self, instance: "Instance") -> None:
        """One that lives here no longer; its addresses count as virtual, and sockets stay open, until `tidy`."""
        router = instance.router
        del self.instances[router.family, router.vrid]
        self.renew_filter(router.family)

    def expect(self, router: VirtualRouter) -> None:
        """One that lives here gets these addresses."""
        self.virtual_addresses |= _virtual(router)

    def tidy(self) -> None:
        """All have come and gone: only those that live here now count."""
        self.virtual_addresses = frozenset().union(*(_virtual(one.router) for one in self.instances.values()))
        self.end_moves()
        for family in frozenset(Family) - self.families:
            self.readiness.pop(family, None)
            self.refused.pop(family, None)
            if family in self._sockets:
                self._close(family)

    def make_before_break(self, addresses: Iterable[VirtualAddress]) -> None:
        """A MASTER that lives here will have these in a moment: who has them now leaves them where they are."""
        self.moving |= frozenset(addresses)

    def end_moves(self) -> tuple[VirtualAddress, ...]:
        """Nothing comes of it: what may have nobody who takes it off now."""
        broken, self.moving = tuple(self.moving), frozenset()
        return broken

    def renew_filter(self, family: Family) -> None:
        """The routers of a family, or what they understand, have changed."""
        policer = self._policers.get(family)
        if policer is None:
            return
        try:
            policer.renew()
        except OSError as error:  # tried again when the interface is looked at next
            self._close(family)
            self.refused[family] = error

    @property
    def families(self) -> frozenset[Family]:
        """The families of the routers here."""
        return frozenset(family for family, _ in self.instances)

    def serves(self, interface: Interface | None) -> bool:
        """Whether the sockets are those that this interface needs."""
        same = interface is not None and self.interface is not None and interface.ifindex == self.ifindex
        return same and not self.refused and self.families == self._sockets.keys()

    def follow(self, interface: Interface | None) -> None:
        """The interface that bears the name now: opens sockets where it is another one than before.

        What is refused (`refused`) is tried again the next time; one family does not stop the other.
        """
        if interface is None or self.interface is None or interface.ifindex != self.ifindex:
            self.close()
        self.interface = interface
        self.refused.clear()
        if interface is None:
            return
        for family in sorted(self.families - self._sockets.keys()):
            try:
                self._open(interface, family)
            except OSError as error:
                self.refused[family] = error

    def rejoin(self, families: Collection[Family]) -> None:
        """Join the groups again, when the interface comes back into use: some changes of it end the membership."""
        for family in self._sockets.keys() & families:
            try:
                self._sockets[family].rejoin()
            except OSError as error:
                self._close(family)
                self.refused[family] = error

    def refusal(self, family: Family) -> Fault | None:
        """The fault of a family without a socket."""
        error = self.refused.get(family)
        return Fault(SOCKET_REFUSED, f"{self.name} cannot be used: {reason(error)}") if error else None

    def close(self) -> None:
        """Close the sockets."""
        for family in tuple(self._sockets):
            self._close(family)
        if self._announcer is not None:
            self._announcer.close()
            self._announcer = None

    def _close(self, family: Family) -> None:
        closing = self._sockets.pop(family)
        self._policers.pop(family).close()
        self._suppressions.pop(family).close()
        self._known_adverts.pop(family).close()
        self._loop.forget(closing.wakeup.fileno())
        closing.close()

    @property
    def ifindex(self) -> int:
        """The interface's index; `LookupError` where there is none."""
        return self._present.ifindex

    @property
    def mac(self) -> bytes:
        """Its MAC address, likewise."""
        return self._present.mac

    @property
    def _present(self) -> Interface:
        if self.interface is None:
            raise LookupError(f"there is no interface {self.name}")
        return self.interface

    def packets(self, family: Family, datagrams: Sequence[bytes]) -> Packets:
        """Datagrams to the group, ready to be sent."""
        return Packets(datagrams, group_destination(family, self.ifindex))

    def reserve(self, count: int) -> int:
        """Numbers for so many netlink requests."""
        return self._netlink.reserve(count)

    def send(self, family: Family, burst: Burst) -> dict[int, OSError]:
        """Send to the group; the errors, by the place of the burst's member."""
        opened = self._sockets.get(family)
        # The interface may have gone since it was asked for.
        return opened.send(burst) if opened else burst.refused(OSError(errno.ENETDOWN, os.strerror(errno.ENETDOWN)))

    def prewarm(self, family: Family, packets: Packets, frames: Packets) -> None:
        """Send nothing, by the same way."""
        if family in self._sockets and self._announcer is not None:
            self._sockets[family].prewarm(packets)
            self._announcer.send(frames, len(frames))

    def announce(self, frames: Burst, first: int) -> int:
        """Send some frames from `first` on; how many, 0 where there is no room. `OSError` where they are refused."""
        if self._announcer is None:
            raise OSError(errno.ENETDOWN, os.strerror(errno.ENETDOWN))
        return self._announcer.send(frames, first)

    def _open(self, interface: Interface, family: Family) -> None:
        if self._announcer is None:
            self._announcer = AnnouncementSocket(interface.name, interface.ifindex)
        opened = AdvertisementSocket(interface.name, interface.ifindex, family, self._vrids(family))
        self._sockets[family] = opened
        self._attend(opened)

    def _attend(self, opened: AdvertisementSocket) -> None:
        """Have it read for the routers of its family."""
        family = opened.family
        policer = self._policers[family] = Policer(self._loop, partial(self._narrow, opened))
        known_adverts = self._known_adverts[family] = KnownAdverts(self._loop)
        suppression = self._suppressions[family] = WakeupSuppression(self._loop, opened, known_adverts)
        hear, missed = (
            partial(self._hear, opened, known_adverts, policer, suppression),
            partial(_missed, known_adverts, suppression),
        )
        read = reader(opened, known_adverts, hear, missed, self._loop.clock)
        self._loop.listen(opened.wakeup.fileno(), opened.fileno(), opened.wakeup.silence, read)

    def _hear(
        self,
        advertisement_socket: AdvertisementSocket,
        known_adverts: KnownAdverts,
        policer: Policer,
        suppression: WakeupSuppression,
        packet: bytes,
        at: Instant,
    ) -> None:
        """Take it apart for the router that it concerns."""
        received = advertisement_socket.unpack(packet)
        vrid = received.payload[1] if received else 0
        instance = self.instances.get((advertisement_socket.family, vrid))
        verdict = instance.hear(received, at, packet, known_adverts) if received and instance else Verdict.REFUSED
        if verdict is Verdict.REFUSED:
            policer.refused(at)
        elif verdict is Verdict.LOSING:
            policer.lost(vrid, at)
        elif packet in known_adverts:
            suppression.prepare(at)

    def reopen(self, family: Family, vrid: int, at: Instant) -> None:
        """A router has changed: what lost against it may win from now on, and what repeated itself may matter."""
        if family in self._policers:
            self._policers[family].reopen(vrid, at)
            self._suppressions[family].end(at)

    def _narrow(self, advertisement_socket: AdvertisementSocket, narrowing: Narrowing) -> None:
        family = advertisement_socket.family
        instances = {vrid: instance for (of, vrid), instance in self.instances.items() if of is family}
        versions = {instance.router.version for instance in instances.values()}
        if any(instance.router.with_version_2 for instance in instances.values()):
            versions.add(Version.V2)
        cutoffs = {
            vrid: cutoff
            for vrid in narrowing.losing & instances.keys()
            if (cutoff := instances[vrid].cutoff) is not None
        }
        sound = frozenset(versions) if narrowing.unsound else frozenset()
        advertisement_socket.accept(Terms(frozenset(instances), sound, cutoffs))
        self._suppressions[family].lapsed(self._loop.clock.now())

    def _vrids(self, family: Family) -> frozenset[int]:
        return frozenset(vrid for of, vrid in self.instances if of is family)


def _missed(known_adverts: KnownAdverts, suppression: WakeupSuppression, at: Instant) -> None:
    """There was no room for all that came before `at`."""
    known_adverts.presume(at)
    suppression.end(at)


def _virtual(router: VirtualRouter) -> frozenset[Address]:
    """The addresses of a router that are not the host's own."""
    return frozenset() if router.is_address_owner else frozenset(address.ip for address in router.held_addresses)
