"""An interface as the engine uses it: its sockets while it exists, and the virtual routers that live on it.

The name is fixed; the interface behind it may come, go, and come back as another one, perhaps with the same index.
Sockets belong to one interface, and to one family's part of it: where that was made anew, they are `outdated`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from failover.engine.environment import AdvertisementSocket, AnnouncementSocket, EventLoop, Host, Netlink
from failover.engine.port.receiver import Listener, Receiver
from failover.linux.errors import interface_down, reason
from failover.linux.faults import socket_refused
from failover.linux.interfaces.ownership import Own
from failover.linux.interfaces.table import Interface
from failover.linux.sockets.options import group_destination
from failover.linux.sockets.outbox import Burst, Packets
from failover.vrrp import Address, Family, Fault, Instant, VirtualAddress, VirtualRouter
from failover.vrrp.protocol import Network


@dataclass(frozen=True, slots=True)
class Readiness:
    """What the routers of one family need of the interface."""

    fault: Fault | None
    source: Address | None
    """The address that advertisements come from."""
    mac: bytes
    mtu: int
    """Bytes."""
    networks: tuple[Network, ...] = ()
    """Those that the host has addresses of its own in."""
    is_router: bool = True
    """Whether the interface forwards IPv6; IPv4 does not ask."""


class Holder(Protocol):
    """A router that an address goes over to."""

    @property
    def is_master(self) -> bool:
        """Whether it holds its addresses now."""


class Port:
    """One interface name and everything that the engine does there."""

    def __init__(self, name: str, loop: EventLoop, host: Host, netlink: Netlink) -> None:
        """Open nothing: `follow` does, when the interface is known."""
        self.name = name
        self.interface: Interface | None = None
        """As it was when the sockets were opened or the readiness last changed."""
        self.seen: Interface | None = None
        """As it was when it was last looked at."""
        self.readiness: dict[Family, Readiness] = {}
        self.virtual_addresses: frozenset[Address] = frozenset()
        """What no advertisement may be sent from: another host's in a moment (RFC 9568 §5.1.1.1)."""
        self.own = Own()
        """What is the host's own of it, or was configured so: it stays."""
        self._moving: dict[VirtualAddress, Holder] = {}
        """Who gets which address in the reload that is under way."""
        self._left: set[VirtualAddress] = set()
        """What was left where it is in that reload, because a MASTER here has it or will in a moment."""
        self.keeps_secondaries = False
        """Whether the host's own IPv4 addresses were seen to, since the IPv4 socket was opened."""
        self.refused: dict[Family, OSError] = {}
        """Why there is no socket for a family, where there should be one."""
        self._loop = loop
        self._host = host
        self._netlink = netlink
        self._listeners: dict[Family, dict[int, Listener]] = {family: {} for family in Family}
        self._receivers: dict[Family, Receiver] = {}
        self._announcer: AnnouncementSocket | None = None

    # --- who lives here

    @property
    def families(self) -> frozenset[Family]:
        """The families of the routers here."""
        return frozenset(family for family, listeners in self._listeners.items() if listeners)

    def add(self, listener: Listener) -> None:
        """A router that lives here."""
        router = listener.router
        self._listeners[router.family][router.vrid] = listener
        self.virtual_addresses |= _virtual(router)
        self.renew_filter(router.family)

    def remove(self, listener: Listener) -> None:
        """One that lives here no longer; its addresses count as virtual, and sockets stay open, until `tidy`."""
        router = listener.router
        del self._listeners[router.family][router.vrid]
        self.renew_filter(router.family)

    def expect(self, router: VirtualRouter) -> None:
        """One that lives here gets these addresses."""
        self.virtual_addresses |= _virtual(router)

    def tidy(self) -> None:
        """All have come and gone: only those that live here now count."""
        everybody = (one.router for listeners in self._listeners.values() for one in listeners.values())
        self.virtual_addresses = frozenset().union(*map(_virtual, everybody))
        for family in frozenset(Family) - self.families:
            self.readiness.pop(family, None)
            self.refused.pop(family, None)
            if family in self._receivers:
                self._close(family)

    def make_before_break(self, addresses: Iterable[VirtualAddress], holder: Holder) -> None:
        """A router that lives here will have these in a moment.

        Whoever has them now leaves them where they are, if that one is MASTER by then (`left_to_others`).
        """
        self._moving.update(dict.fromkeys(addresses, holder))

    @property
    def awaited(self) -> frozenset[VirtualAddress]:
        """What a MASTER here has in a moment, or has already, in the reload that is under way."""
        return frozenset(address for address, holder in self._moving.items() if holder.is_master)

    def left_to_others(self, addresses: Iterable[VirtualAddress]) -> frozenset[VirtualAddress]:
        """Those of the addresses that a router here gives up, and another one takes over where they are."""
        if not self._moving:
            return frozenset()
        left = self.awaited.intersection(addresses)
        self._left |= left
        return left

    def end_moves(self) -> tuple[VirtualAddress, ...]:
        """Nothing is on its way any more; returns what was left to others, and may have nobody who takes it off now."""
        ended = tuple(self._left)
        self._moving.clear()
        self._left.clear()
        return ended

    def renew_filter(self, family: Family) -> None:
        """The routers of a family, or what they understand, have changed."""
        if family not in self._receivers:
            return
        try:
            self._receivers[family].renew()
        except OSError as error:  # tried again when the interface is looked at next
            self._refuse(family, error)

    def reopen(self, family: Family, vrid: int, at: Instant) -> None:
        """A router has changed: what lost against it may win from now on, and what repeated itself may matter."""
        if family in self._receivers:
            self._receivers[family].reopen(vrid, at)

    # --- the interface behind the name

    def serves(self, interface: Interface | None) -> bool:
        """Whether the sockets are those that this interface needs."""
        return not self.refused and self.families == self._receivers.keys() and not self.outdated(interface)

    def outdated(self, interface: Interface | None, recovered: Collection[Family] = ()) -> frozenset[Family]:
        """The families whose sockets are those of another interface than this, or of an earlier part of it.

        Where nobody can know, those are that have `recovered`: what made them fail may have made the part anew.
        """
        if interface is None or self.interface is None or interface.ifindex != self.ifindex:
            return frozenset(self._receivers)
        if self._announcer is not None and not self._announcer.is_current:
            return frozenset(self._receivers)
        current = {family: receiver.socket.is_current for family, receiver in self._receivers.items()}
        return frozenset(
            family for family, known in current.items() if known is False or (known is None and family in recovered)
        )

    def excluded(self, members: Mapping[Family, Collection[int] | None]) -> frozenset[Family]:
        """The families that have a socket here, and whose group the interface is not among the `members` of."""
        index = self.interface.ifindex if self.interface else 0
        known = {family: found for family in self._receivers if (found := members.get(family)) is not None}
        return frozenset(family for family, found in known.items() if index not in found)

    def follow(self, interface: Interface | None, outdated: Collection[Family]) -> None:
        """The interface that bears the name now: closes `outdated` sockets, and opens those that are missing.

        What is refused (`refused`) is tried again the next time; one family does not stop the other.
        """
        if outdated == self._receivers.keys():
            self.close()
        else:
            for family in outdated:
                self._close(family)
        self.interface = interface
        self.refused.clear()
        if interface is None:
            return
        for family in sorted(self.families - self._receivers.keys()):
            try:
                self._open(interface, family)
            except OSError as error:
                self.refused[family] = error.with_traceback(None)  # which would hold this frame, and so the port

    def refusal(self, family: Family) -> Fault | None:
        """The fault of a family without a socket."""
        error = self.refused.get(family)
        return socket_refused(self.name, reason(error)) if error else None

    def close(self) -> None:
        """Close the sockets."""
        self.refused.clear()
        for family in tuple(self._receivers):
            self._close(family)
        if self._announcer is not None:
            self._announcer.close()
            self._announcer = None

    @property
    def ifindex(self) -> int:
        """The interface's index; `LookupError` where there is none."""
        return self._present.ifindex

    @property
    def lan(self) -> tuple[str, int]:
        """The name and the index of the interface on the LAN; `LookupError` where there is none."""
        return self.name, self.ifindex

    @property
    def mac(self) -> bytes:
        """The interface's MAC address; `LookupError` where there is none."""
        return self._present.mac

    @property
    def forwards_ipv6(self) -> bool:
        """Whether the host is a router there, for IPv6; `LookupError` where there is no interface."""
        return self._present.forwards_ipv6

    @property
    def groups(self) -> tuple[int, int] | tuple[None, None]:
        """The groups that the interface is in while its router is MASTER, and else; None: it is left where it is."""
        return None, None

    def networks(self, family: Family) -> tuple[Network, ...]:
        """Those that the host has addresses of its own in; empty where that is not known."""
        known = self.readiness.get(family)
        return known.networks if known else ()

    # --- what goes out

    def packets(self, family: Family, datagrams: Sequence[bytes]) -> Packets:
        """Datagrams to the group, ready to be sent."""
        return Packets(datagrams, group_destination(family, self.ifindex))

    def reserve(self, count: int) -> int:
        """Numbers for so many netlink requests: the first of them."""
        return self._netlink.reserve(count)

    def send(self, family: Family, burst: Burst) -> dict[int, OSError]:
        """Send to the group; the errors, by the place of the burst's member."""
        receiver = self._receivers.get(family)
        # The interface may have gone since it was asked for.
        return receiver.socket.send(burst) if receiver else burst.refused(interface_down())

    def prewarm(self, family: Family, packets: Packets, frames: Packets) -> None:
        """Go the way of `send` and `announce`, and send nothing."""
        if family in self._receivers and self._announcer is not None:
            self._receivers[family].socket.prewarm(packets)
            self._announcer.send(frames, len(frames))

    def announce(self, frames: Burst, first: int) -> int:
        """Send some frames from `first` on; how many, 0 where there is no room. `OSError` where they are refused."""
        if self._announcer is None:
            raise interface_down()
        return self._announcer.send(frames, first)

    # --- sockets

    @property
    def _present(self) -> Interface:
        if self.interface is None:
            raise LookupError(f"there is no interface {self.name}")
        return self.interface

    def _open(self, interface: Interface, family: Family) -> None:
        if self._announcer is None:
            self._announcer = self._host.announcement_socket(interface.name, interface.ifindex)
        listeners = self._listeners[family]
        opened = self._socket(interface, family, frozenset(listeners))
        self._receivers[family] = Receiver(opened, listeners, self._loop)
        if family is Family.IPV4:
            self.keeps_secondaries = False

    def _socket(self, interface: Interface, family: Family, vrids: frozenset[int]) -> AdvertisementSocket:
        return self._host.advertisement_socket(interface.name, interface.ifindex, family, vrids)

    def _close(self, family: Family) -> None:
        self._receivers.pop(family).close()

    def _refuse(self, family: Family, error: OSError) -> None:
        self._close(family)
        self.refused[family] = error.with_traceback(None)


def _virtual(router: VirtualRouter) -> frozenset[Address]:
    """The addresses of a router that are not the host's own."""
    return frozenset() if router.is_address_owner else frozenset(address.ip for address in router.held_addresses)
