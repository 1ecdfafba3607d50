"""The raw socket of an interface for the advertisements of one family.

It is opened by interface index, whether the interface is up, and has an address, or not. It needs no re-opening when
the link goes down and up, addresses change, or the interface is renamed. A deleted interface takes its index with it:
close, and open again on the new one.

Nothing here reads a VRRP message; what is wrong with it, `failover.vrrp.receive` says.
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
"""About 2,700 waiting adverts on Linux, which doubles it: more than 0.1 s of 255 peers at 100 adverts a second."""


class AdvertisementSocket:
    """Sends and receives the advertisements of one family on one interface.

    IPv4 sends without any address or route, whatever the source in the datagram. IPv6 wants the interface to have
    a usable (not tentative) address, any, and else fails with EADDRNOTAVAIL. Both fail with ENETUNREACH while the
    interface is down, and with EMSGSIZE where the datagram exceeds its MTU: a prepared datagram is not fragmented.

    What it receives waits until somebody reads; `wakeup` tells of what should not.
    """

    def __init__(self, interface: str, index: int, family: Family, vrids: frozenset[int] = frozenset()) -> None:
        """Open it for `vrids`. `OSError` says which step failed; without CAP_NET_RAW it is `PermissionError`.

        ENXIO: no interface has that index. EINVAL or ENODEV when joining: its family is switched off.
        `interface` is for messages alone; the socket holds to `index` (Linux 5.1 and later).
        """
        self.interface = interface
        self.index = index
        self.family = family
        self.malformed = 0
        """IPv4 packets received whose header contradicts their length."""
        self.vrid_position = VRID_POSITION[family]
        """Where a packet has its VRID, unless its IPv4 header has options."""
        self._owner = f"{family.label} advertisement socket on {interface}"
        self._membership = membership(family, index)
        self._terms = Terms(vrids)
        demand_interface(self._owner, index)  # binding does not check; the next option would fail oddly
        # The bell first: the kernel hands a packet to the youngest socket first, so when it rings the packet is here.
        self.wakeup = WakeupSocket(f"bell of the {self._owner}", index, family)
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
        """Let the kernel pass what is as these say and refuse the rest, from the next packet on."""
        for opened in (self._socket, self.wakeup.socket):
            try:
                bpf.attach(opened, program(self.family, terms))
            except OSError as error:
                raise failed(self._owner, "SO_ATTACH_FILTER", error) from error
            if self.family is Family.IPV6:
                configure(opened, self._owner, checksum_check(on=bool(terms.versions)))
        self._terms = terms

    def overlook(self, known: frozenset[int]) -> None:
        """Ring no bell for what has one of these fingerprints, until the next `accept` or `overlook`.

        `OSError` where the kernel has no room for the program: then the bell rings as before.
        """
        bpf.attach(self.wakeup.socket, program(self.family, replace(self._terms, known=known)))

    def rejoin(self) -> None:
        """Join the group again, for when the interface comes back into use.

        The membership outlives link down and up, but not an MTU too small for the family (68 bytes for IPv4, 1280
        for IPv6), which takes the family off the interface. Harmless where it still stands, but for a gap of an
        instant that a snooping switch may lengthen: not for an interface in service.
        """
        try:
            configure(self._socket, self._owner, self._membership.leave)
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL:  # not a member: the last rejoin came before the family did
                raise
        configure(self._socket, self._owner, self._membership.join)

    def send(self, burst: Burst) -> dict[int, OSError]:
        """Send datagrams, IP header included, one system call for `AT_ONCE` of them; the errors, by the member's place.

        Each has its destination, `socket_options.group_destination`.
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
        """Send nothing, but as if."""
        if burst.single is None:
            burst.send(self._descriptor, len(burst))
            return
        _, destination = burst.single
        with suppress(OSError):  # the kernel finds the route, then that there is not even a header
            self._socket.sendto(b"", destination.address)

    def receive(self, limit: int, arrived: list[int]) -> list[bytes]:
        """The packets that wait, at most `limit`, without waiting for any; `unpack` takes one apart.

        Two that are equal say the same, from the same sender. `arrived` gets the arrival time of each, in nanoseconds
        of the wall clock.
        """
        return self._inbox.receive(self._descriptor, limit, arrived)

    def overflowed(self) -> bool:
        """Whether packets were lost for lack of room since this was asked last."""
        before, self._drops = self._drops, drops(self._socket)
        return self._drops != before

    def unpack(self, packet: bytes) -> Received | None:
        """What a packet contains and what its header said; None, and counted, where it is malformed."""
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
        """Throw away what came between the socket's making and its binding: it may be another interface's."""
        try:
            while True:
                self._socket.recv(1)
        except BlockingIOError:
            return
