"""A simulated LAN: a switch, the cables to it, and a record of what came through it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from typing import Final, Protocol

from failover.frames import ethernet, ipv4, ipv6
from failover.vrrp import Address, Family, Instant, seconds
from failover.vrrp.packet.advertisement import PRIORITY_AT, VRID_AT
from tests.simulation.world import World

_ETHERNET_HEADER_LENGTH: Final = 2 * ethernet.MAC_LENGTH + 2
_SENDER_IN_ARP: Final = slice(_ETHERNET_HEADER_LENGTH + 14, _ETHERNET_HEADER_LENGTH + 18)
_SENDER_IN_IPV6: Final = slice(_ETHERNET_HEADER_LENGTH + ipv6.SOURCE_AT, _ETHERNET_HEADER_LENGTH + ipv6.DESTINATION_AT)


@dataclass(frozen=True, slots=True)
class Advert:
    """An advertisement that the switch has passed on."""

    at: Instant
    host: str
    """Who sent it."""
    family: Family
    vrid: int
    priority: int
    type: int
    """1, or that of a message without a meaning."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A gratuitous ARP or an unsolicited neighbour advertisement: from now on the address is there."""

    at: Instant
    host: str
    address: Address


class Socket(Protocol):
    """Who receives what comes to a card."""

    def arrive(self, datagram: bytes) -> None:
        """An IP datagram of protocol 112, with its header."""


class Nic:
    """A network card on a cable to the switch."""

    def __init__(self, lan: "Lan", number: int, host: str, has_carrier: Callable[[], bool]) -> None:
        self.host = host
        self.number = number
        """No other of the LAN has it, or had it."""
        self.free_at = lan.world.now
        """When the cable to it is free: a switch changes the order of nothing on one cable."""
        self.refusal: OSError | None = None
        """What the host says to whoever wants to send an advertisement, as a firewall does."""
        self.refusal_of_announcements: OSError | None = None
        self.answers: Callable[[Address], bytes | None] = lambda _: None
        """At which MAC address the host has an address; None where it has not."""
        self._lan = lan
        self._has_carrier = has_carrier
        self._sockets: dict[Socket, None] = {}

    def chance(self) -> int:
        """A random word, such as the kernel gives to a filter."""
        return self._lan.world.random.getrandbits(32)

    def join(self, socket: Socket) -> None:
        """Give it what arrives for the VRRP group from now on."""
        self._sockets[socket] = None

    def leave(self, socket: Socket) -> None:
        """Give it nothing more."""
        self._sockets.pop(socket, None)

    def advertise(self, datagram: bytes) -> None:
        """Send a datagram to the group; lost without a carrier."""
        if self._has_carrier():
            self._lan.advertise(self, datagram)

    def announce(self, frame: bytes) -> None:
        """Send a frame to everybody; lost without a carrier."""
        if self._has_carrier():
            self._lan.announce(self, frame)

    def ask(self, address: Address) -> list[bytes]:
        """At which MAC addresses others have an address, as they answer."""
        return self._lan.ask(self, address) if self._has_carrier() else []

    def answer(self, address: Address) -> bytes | None:
        """At which MAC address this one has an address."""
        return self.answers(address) if self._has_carrier() else None

    def arrive(self, datagram: bytes) -> None:
        """From the cable."""
        if self._has_carrier():
            for socket in tuple(self._sockets):
                socket.arrive(datagram)


class Lan:
    """A switch with a cable for each card. What is sent comes to all others, later or never."""

    def __init__(self, world: World, *, latency: float = 0.0001, jitter: float = 0.0, loss: float = 0.0) -> None:
        """Each copy is under way for `latency` seconds and up to `jitter` more; `loss` is the share that never comes.

        Each of these may be set anew at any time.
        """
        self.world = world
        self.latency = latency
        self.jitter = jitter
        self.loss = loss
        self.adverts: list[Advert] = []
        self.announced: list[Announced] = []
        self._nics: dict[Nic, None] = {}
        self._plugged = 0
        self._cut: set[str] = set()

    def plug(self, host: str, has_carrier: Callable[[], bool]) -> Nic:
        """A cable to one more card."""
        self._plugged += 1
        nic = Nic(self, self._plugged, host, has_carrier)
        self._nics[nic] = None
        return nic

    def unplug(self, nic: Nic) -> None:
        """That card is gone; what is under way to it never comes."""
        self._nics.pop(nic, None)

    def cut(self, host: str) -> None:
        """Nothing gets through to or from that host, and no card loses its carrier: a cable behind another switch."""
        self._cut.add(host)

    def heal(self, host: str) -> None:
        """Everything gets through again."""
        self._cut.discard(host)

    def advertise(self, sender: Nic, datagram: bytes) -> None:
        """For a card alone: to all others that can be reached."""
        if sender.host in self._cut:
            return
        self.adverts.append(_advert(self.world.now, sender.host, datagram))
        for nic in self._nics:
            if nic is not sender and not self._is_lost():
                nic.free_at = max(nic.free_at, self._arrives_at())
                self.world.at(nic.free_at, partial(self._arrive, nic, datagram))

    def announce(self, sender: Nic, frame: bytes) -> None:
        """For a card alone: recorded, for nobody here keeps a table of neighbours."""
        if sender.host not in self._cut:
            self.announced.append(Announced(self.world.now, sender.host, _announced_address(frame)))

    def ask(self, asker: Nic, address: Address) -> list[bytes]:
        """For a card alone: what all others that can be reached answer."""
        others = (nic for nic in self._nics if nic is not asker and nic.host not in self._cut)
        answers = [nic.answer(address) for nic in others if asker.host not in self._cut]
        return [mac for mac in answers if mac is not None]

    def adverts_of(self, host: str, since: Instant) -> Iterator[Advert]:
        """What a host sent from some instant on."""
        return (one for one in self.adverts if one.host == host and one.at >= since)

    def _is_lost(self) -> bool:
        return self.loss > 0 and self.world.random.random() < self.loss

    def _arrives_at(self) -> Instant:
        jitter = self.world.random.random() * self.jitter if self.jitter else 0.0
        return Instant(self.world.now + seconds(self.latency + jitter))

    def _arrive(self, nic: Nic, datagram: bytes) -> None:
        if nic in self._nics and nic.host not in self._cut:
            nic.arrive(datagram)


def _advert(at: Instant, host: str, datagram: bytes) -> Advert:
    family = Family(datagram[0] >> 4)
    message = datagram[ipv4.HEADER_LENGTH if family is Family.IPV4 else ipv6.HEADER_LENGTH :]
    return Advert(at, host, family, message[VRID_AT], message[PRIORITY_AT], message[0] & 0xF)


def _announced_address(frame: bytes) -> Address:
    kind = int.from_bytes(frame[_ETHERNET_HEADER_LENGTH - 2 : _ETHERNET_HEADER_LENGTH])
    return ip_address(frame[_SENDER_IN_ARP if kind == ethernet.EtherType.ARP else _SENDER_IN_IPV6])
