"""`AdvertisementSocket`: the raw socket for the advertisements of one family on one interface.

It is opened by interface index, even where the interface is down or has no address. It stays usable when the link goes
down and up, and when addresses change. When the interface, or the family's part of it, is made anew, the membership in
the group went with the old one, be the index the same: close the socket (`is_current`), and open another one.

Nothing here reads a VRRP message: `failover.vrrp.packet.receive` checks it.
"""

import errno
import socket
from contextlib import suppress
from dataclasses import replace
from typing import Final

from failover.linux.filter import bpf
from failover.linux.filter.program import Terms, program
from failover.linux.packet import VRID_POSITION, Received, unpack
from failover.linux.sockets.generation import Generation
from failover.linux.sockets.inbox import inbox
from failover.linux.sockets.options import (
    DOMAINS,
    RECEIVE_BUFFER,
    advertisement_options,
    checksum_check,
    configure,
    demand_interface,
    drops,
    failed,
    forget_group,
    grow,
    join_group,
    open_raw,
)
from failover.linux.sockets.outbox import Burst
from failover.linux.sockets.wakeup import WakeupSocket
from failover.vrrp.protocol import PROTOCOL_NUMBER, Family

_RECEIVE_BUFFER_BYTES: Final = 1 << 20
"""Room for about 2,700 waiting adverts (Linux doubles the number): more than 0.1 s of 255 peers with 100 a second."""


class AdvertisementSocket:
    """Sends and receives the advertisements of one family on one interface.

    IPv4 needs no address or route to send, whatever the source in the datagram. IPv6 needs any usable (not tentative)
    address on the interface; without one, sending fails with EADDRNOTAVAIL. Both fail with ENETUNREACH while the
    interface is down, and with EMSGSIZE where the datagram exceeds its MTU: a prepared datagram is not fragmented.

    Received packets wait until `receive` is called. The socket to watch with epoll is `wakeup`, which becomes readable
    for those packets that should be read at once.
    """

    def __init__(
        self,
        interface: str,
        index: int,
        family: Family,
        vrids: frozenset[int] = frozenset(),
        parent: int | None = None,
    ) -> None:
        """Open the socket for these VRIDs. It joins the group on the interface with index `parent` as well.

        Raises `OSError`, whose text says which step failed: `PermissionError` without CAP_NET_RAW; ENXIO where no
        interface has this index; EINVAL or ENODEV on joining where the family is switched off on the interface.
        `interface` is only for messages; the socket is bound to `index` (SO_BINDTOIFINDEX, Linux 5.1).
        """
        self.interface = interface
        self.index = index
        self.family = family
        self.malformed = 0
        """How many malformed packets `unpack` has met: IPv4 packets whose header contradicts their length."""
        self.vrid_position = VRID_POSITION[family]
        """The offset in bytes of the VRID in a packet of `receive`, unless its IPv4 header has options."""
        self._owner = f"{family.label} advertisement socket on {interface}"
        self._terms = self._waking = Terms(vrids)
        name = demand_interface(self._owner, index)  # binding does not check; the next option would fail oddly
        self._generation = Generation(family, name)
        # The wake-up socket is opened first: the kernel hands a packet to the youngest socket first, so that when the
        # wake-up socket becomes readable the packet is here already.
        self.wakeup = WakeupSocket(f"wake-up socket of the {self._owner}", index, family)
        try:
            self._socket = open_raw(self._owner, DOMAINS[family], PROTOCOL_NUMBER)
        except BaseException:
            self.wakeup.close()
            self._generation.close()
            raise
        self._descriptor, self._inbox = self._socket.fileno(), inbox(family)
        self._drops = 0
        try:
            self.accept(self._terms)
            for option in advertisement_options(family, index):
                configure(self._socket, self._owner, option)
            self._drain()
            configure(self._socket, self._owner, join_group(family, index))
            if parent is not None:
                configure(self._socket, self._owner, join_group(family, parent))
            grow(self._socket, RECEIVE_BUFFER, _RECEIVE_BUFFER_BYTES)
            self._demand_generation(name)
        except BaseException:
            self.close()
            raise

    def accept(self, terms: Terms) -> None:
        """Have the kernel pass only packets that meet these terms, from the next packet on, on both sockets.

        What is a sample does not wake anybody. `OSError` where the kernel refuses the filter: then all is as it was.
        """
        waking = terms.for_wakeup
        self._attach(self.wakeup.socket, waking)
        try:
            self._attach(self._socket, terms)
        except OSError:
            with suppress(OSError):  # no room for that either: what does not wake anybody is read later
                self._attach(self.wakeup.socket, self._waking)
            raise
        self._terms, self._waking = terms, waking

    def overlook(self, known: frozenset[int], share: int = 0) -> None:
        """Do not wake for packets with one of these fingerprints, until the next `accept` or `overlook`.

        But for a `share` of them, left to chance: so many of `bpf.ALL`. They still arrive, and wait. `OSError` where
        the kernel has no memory for the filter: then it wakes as before.
        """
        waking = replace(self._terms.for_wakeup, known=known, known_share=share)
        bpf.attach(self.wakeup.socket, program(self.family, waking))
        self._waking = waking

    @property
    def is_current(self) -> bool | None:
        """Whether the interface's part that was joined is there still (`Generation`); None where nobody can know.

        It survives link down and up, and IPv6 switched off and on by `disable_ipv6`.
        """
        return self._generation.is_current

    def send(self, burst: Burst) -> dict[int, OSError]:
        """Send datagrams, IP header included, up to `outbox.AT_ONCE` by one system call.

        Each has its own destination (`options.group_destination`). Returns the errors, by the index of the member of
        the burst whose datagrams were refused.
        """
        if burst.single is None:
            return burst.send_all(self._descriptor)
        content, destination = burst.single
        try:
            self._socket.sendto(content, destination.address)
        except OSError as error:
            return burst.refused(error)
        return {}

    def prewarm(self, burst: Burst) -> None:
        """Do a send that sends nothing, so that its code and memory are in the caches for the next real one."""
        if burst.single is None:
            burst.send(self._descriptor, len(burst))
            return
        _, destination = burst.single
        with suppress(OSError):  # the kernel looks up the route, then refuses: there is not even a header
            self._socket.sendto(b"", destination.address)

    def receive(self, limit: int, arrived: list[int]) -> list[bytes]:
        """At most `limit` of the waiting packets; empty where none waits. `unpack` takes one apart.

        Two equal packets have the same content and the same sender. The arrival time of each is appended to `arrived`,
        in nanoseconds of the wall clock. Raises `OSError` where the system call fails.
        """
        return self._inbox.receive(self._descriptor, limit, arrived)

    def overflowed(self) -> bool:
        """Whether the kernel has dropped packets for lack of buffer since the last call; see `options.drops`."""
        before, self._drops = self._drops, drops(self._socket)
        return self._drops != before

    def unpack(self, packet: bytes) -> Received | None:
        """The message and the header's data of a packet; None where it is malformed, which `malformed` counts."""
        unpacked = unpack(self.family, packet)
        self.malformed += unpacked is None
        return unpacked

    def fileno(self) -> int:
        """The descriptor, for epoll."""
        return self._socket.fileno()

    def close(self) -> None:
        """Leave the group and close. Where the membership is lost (`is_current`), close before anybody joins again.

        The kernel counts the members of an interface, and takes one off that count for a lost membership too, at the
        expense of those who have joined since. Over IPv4 a membership can be forgotten; over IPv6 it cannot.
        """
        if self.is_current is False and (forget := forget_group(self.family)):
            with suppress(OSError):  # it has not joined
                configure(self._socket, self._owner, forget)
        self._socket.close()
        self.wakeup.close()
        self._generation.close()

    def _attach(self, opened: socket.socket, terms: Terms) -> None:
        try:
            bpf.attach(opened, program(self.family, terms))
        except OSError as error:
            raise failed(self._owner, "SO_ATTACH_FILTER", error) from error
        if self.family is Family.IPV6:
            configure(opened, self._owner, checksum_check(on=bool(terms.versions)))

    def _demand_generation(self, name: str) -> None:
        """See that the part was joined, by its index, that the generation knows by this name. `OSError` if not."""
        if self.is_current is False or demand_interface(self._owner, self.index) != name:
            raise OSError(errno.ESTALE, f"{self._owner}: {name} was re-created at this moment")

    def _drain(self) -> None:
        """Discard what arrived before the socket was bound to its interface: it may come from another one."""
        try:
            while True:
                self._socket.recv(1)
        except BlockingIOError:
            return
