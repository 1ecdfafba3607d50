"""The sockets of a simulated process. Their filters are the programs that the kernel would run, run here."""

from collections import deque
from dataclasses import replace
from itertools import islice
from typing import Final

from failover.frames import ipv6
from failover.linux.filter.bpf import Program
from failover.linux.filter.program import Terms, program
from failover.linux.packet import Received, lay_out, unpack
from failover.linux.sockets.outbox import AT_ONCE, Burst
from failover.vrrp import Family
from failover.vrrp.packet.checksum import pseudo_header, verifies
from tests.linux.filter.bpf_machine import run
from tests.simulation.lan import Nic
from tests.simulation.loop import SimulatedLoop

_ROOM: Final = 2700
"""Packets that a socket has room for, about."""
_BELL_ROOM: Final = 8
"""Packets that its wake-up socket has room for: more of them wake nobody more."""
_HEADER_LENGTH: Final = {Family.IPV4: 0, Family.IPV6: ipv6.HEADER_LENGTH}
"""Of what a raw socket's filter does not begin with."""


class SimulatedWakeup:
    """A wake-up socket (`engine.environment.Wakeup`)."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self._rung = 0
        self._descriptor = loop.open(lambda: self._rung > 0)

    def ring(self) -> None:
        """For its socket alone: a packet should be read at once."""
        self._rung = min(self._rung + 1, _BELL_ROOM)

    def fileno(self) -> int:
        """The descriptor, for the loop."""
        return self._descriptor

    def acknowledge(self) -> int:
        """Be readable no more; for how many packets it was."""
        rung, self._rung = self._rung, 0
        return rung


class SimulatedAdvertisementSocket:
    """Sends and receives the advertisements of one family (`engine.environment.AdvertisementSocket`)."""

    def __init__(self, nic: Nic, loop: SimulatedLoop, index: int, family: Family, vrids: frozenset[int]) -> None:
        self.family = family
        self.wakeup = SimulatedWakeup(loop)
        self._nic = nic
        self._loop = loop
        self._index = index
        self._waiting: deque[tuple[bytes, int]] = deque()
        """Packets, and when each came by the wall clock."""
        self._descriptor = loop.open(lambda: bool(self._waiting))
        self._overflowed = False
        self._terms = Terms(vrids)
        self._filter: Program = ()
        self._filter_of_wakeup: Program = ()
        self.accept(self._terms)
        nic.join(self)

    def arrive(self, datagram: bytes) -> None:
        """For the card alone."""
        if not self._passes(self._filter, datagram):
            return
        if len(self._waiting) == _ROOM:
            self._overflowed = True
            return
        self._waiting.append((lay_out(self.family, datagram, self._index), self._loop.clock.wall()))
        if self._passes(self._filter_of_wakeup, datagram):
            self.wakeup.ring()

    def fileno(self) -> int:
        """The descriptor of what has arrived."""
        return self._descriptor

    def receive(self, limit: int, arrived: list[int]) -> list[bytes]:
        """The packets that wait; `arrived` gets when each came, in nanoseconds of the wall clock."""
        taken = [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]
        arrived += [at for _, at in taken]
        return [packet for packet, _ in taken]

    def unpack(self, packet: bytes) -> Received | None:
        """What a packet contains and what its header said; None where it is malformed."""
        return unpack(self.family, packet)

    def overflowed(self) -> bool:
        """Whether packets were lost for lack of room since this was asked last."""
        overflowed, self._overflowed = self._overflowed, False
        return overflowed

    def accept(self, terms: Terms) -> None:
        """Let pass what is as these say, and refuse the rest."""
        self._terms = terms
        self._filter = program(self.family, terms)
        self._filter_of_wakeup = program(self.family, terms.for_wakeup)

    def overlook(self, known: frozenset[int], share: int = 0) -> None:
        """Wake nobody for what has one of these fingerprints."""
        self._filter_of_wakeup = program(self.family, replace(self._terms.for_wakeup, known=known, known_share=share))

    @property
    def is_current(self) -> bool:
        """Nothing here is made anew."""
        return True

    def send(self, burst: Burst) -> dict[int, OSError]:
        """Send datagrams; the errors, by the member's place."""
        if self._nic.refusal is not None:
            return burst.refused(self._nic.refusal)
        for datagram in burst:
            self._nic.advertise(datagram)
        return {}

    def prewarm(self, burst: Burst) -> None:
        """Nothing is cold here."""

    def close(self) -> None:
        """Send and receive nothing more."""
        self._nic.leave(self)
        self._loop.close(self._descriptor)
        self._loop.close(self.wakeup.fileno())

    def _passes(self, filtering: Program, datagram: bytes) -> bool:
        if datagram[0] >> 4 != self.family:
            return False
        if self.family is Family.IPV6 and self._terms.versions and not _verifies(datagram):
            return False  # the kernel's own work, where it is asked for
        return run(filtering, datagram, _HEADER_LENGTH[self.family], self._nic.chance) > 0


class SimulatedAnnouncementSocket:
    """Sends whole frames (`engine.environment.AnnouncementSocket`)."""

    is_current = True

    def __init__(self, nic: Nic) -> None:
        self._nic = nic

    def send(self, frames: Burst, first: int = 0) -> int:
        """Send some frames from `first` on; how many."""
        if self._nic.refusal_of_announcements is not None and first < len(frames):
            raise self._nic.refusal_of_announcements
        sent = 0
        for frame in islice(frames, first, first + AT_ONCE):
            self._nic.announce(frame)
            sent += 1
        return sent

    def send_all(self, frames: Burst) -> dict[int, OSError]:
        """Send all frames; none is refused."""
        for frame in frames:
            self._nic.announce(frame)
        return {}

    def close(self) -> None:
        """Nothing is open here."""


def _verifies(datagram: bytes) -> bool:
    """Whether the checksum of a message over IPv6 is right."""
    message = datagram[ipv6.HEADER_LENGTH :]
    received = unpack(Family.IPV6, lay_out(Family.IPV6, datagram, 0))
    return received is not None and verifies(
        message, pseudo_header(received.meta.source, received.meta.destination, len(message))
    )
