"""What one virtual router remembers of signed advertisements: its own last number, and those of the others."""

from collections.abc import Sequence

from failover.engine.authentication.hmac_sha256 import digest
from failover.frames import ipv4, ipv6
from failover.linux.clock import Clock
from failover.linux.packet import Received
from failover.vrrp import Advertisement, Discard, Family, VirtualRouter, receive
from failover.vrrp.authentication import sequence, trailer
from failover.vrrp.authentication.replay import NO_MARKS
from failover.vrrp.packet.authenticated import receive_signed, signed

_HEADER_LENGTH = {Family.IPV4: ipv4.HEADER_LENGTH, Family.IPV6: ipv6.HEADER_LENGTH}


class Authenticator:
    """Signs for one virtual router, and receives for it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._marks = NO_MARKS
        self._last: sequence.Sequence | None = None

    def receive(self, packet: Received, router: VirtualRouter) -> Advertisement | Discard:
        """What a packet is to `router`."""
        if router.keyed is None:
            return receive(packet.payload, packet.meta, router)
        now = self._clock.wall()
        outcome, self._marks = receive_signed(packet.payload, packet.meta, router, self._marks, now, digest)
        return outcome

    def signed(self, datagrams: Sequence[bytes], router: VirtualRouter) -> tuple[bytes, ...]:
        """Datagrams with room for a trailer at their end, each with its own."""
        return tuple(self._signed(datagram, router) for datagram in datagrams)

    def _signed(self, datagram: bytes, router: VirtualRouter) -> bytes:
        by = router.keyed
        if by is None:
            return datagram
        self._last = sequence.following(self._last, sequence.at(self._clock.wall()), by.window)
        begins, ends = _HEADER_LENGTH[router.family], len(datagram) - trailer.LENGTH
        payload = signed(datagram[begins:ends], router.primary_address, by, self._last, digest)
        return datagram[:begins] + payload
