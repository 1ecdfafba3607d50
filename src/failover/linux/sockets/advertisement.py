"""`AdvertisementSocket`: the raw socket for the advertisements of one family on one interface.

It is opened by interface index, even where the interface is down or has no address. It stays usable when the link goes
down and up, addresses change, or the interface is renamed. When the interface is deleted, its index is gone: close the
socket, and open another one on the new interface.

Nothing here reads a VRRP message: `failover.vrrp.packet.receive` checks it.
"""

import errno
from contextlib import suppress
from dataclasses import replace
from typing import Final

from failover.linux.filter import bpf
from failover.linux.filter.program import Terms, program
from failover.linux.packet import VRID_POSITION, Received, unpack
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
    grow,
    membership,
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

    def __init__(self, interface: str, index: int, family: Family, vrids: frozenset[int] = frozenset()) -> None:
        """Open the socket for these VRIDs.

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
        self._membership = membership(family, index)
        self._terms = Terms(vrids)
        demand_interface(self._owner, index)  # binding does not check; the next option would fail oddly
        # The wake-up socket is opened first: the kernel hands a packet to the youngest socket first, so that when the
        # wake-up socket becomes readable the packet is here already.
        self.wakeup = WakeupSocket(f"wake-up socket of the {self._owner}", index, family)
        try:
            self._socket = open_raw(self._owner, DOMAINS[family], PROTOCOL_NUMBER)
        except BaseException:
            self.wakeup.close()
            raise
        self._descriptor, self._inbox = self._socket.fileno(), inbox(family)
        self._drops = 0
        try:
            self.accept(self._terms)
            for option in advertisement_options(family, index):
                configure(self._socket, self._owner, option)
            self._drain()
            configure(self._socket, self._owner, self._membership.join)
            grow(self._socket, RECEIVE_BUFFER, _RECEIVE_BUFFER_BYTES)
        except BaseException:
            self.close()
            raise

    def accept(self, terms: Terms) -> None:
        """Have the kernel pass only packets that meet these terms, from the next packet on, on both sockets.

        `OSError` where the kernel refuses the filter.
        """
        for opened in (self._socket, self.wakeup.socket):
            try:
                bpf.attach(opened, program(self.family, terms))
            except OSError as error:
                raise failed(self._owner, "SO_ATTACH_FILTER", error) from error
            if self.family is Family.IPV6:
                configure(opened, self._owner, checksum_check(on=bool(terms.versions)))
        self._terms = terms

    def overlook(self, known: frozenset[int]) -> None:
        """Do not wake for packets with one of these fingerprints, until the next `accept` or `overlook`.

        They still arrive, and wait. `OSError` where the kernel has no memory for the filter: then it wakes as before.
        """
        bpf.attach(self.wakeup.socket, program(self.family, replace(self._terms, known=known)))

    def rejoin(self) -> None:
        """Join the VRRP group again, when the interface comes back into use. `OSError` where that fails.

        A membership survives link down and up. It does not survive an MTU too small for the family (below 68 bytes for
        IPv4, 1280 for IPv6), which switches the family off on the interface. Where it has survived, this leaves a short
        gap, which a switch with IGMP or MLD snooping may make longer: so not for an interface in service.
        """
        try:
            configure(self._socket, self._owner, self._membership.leave)
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL:  # not a member: at the last rejoin the family was still off
                raise
        configure(self._socket, self._owner, self._membership.join)

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
        self._socket.close()
        self.wakeup.close()

    def _drain(self) -> None:
        """Discard what arrived before the socket was bound to its interface: it may come from another one."""
        try:
            while True:
                self._socket.recv(1)
        except BlockingIOError:
            return
