"""What one virtual router remembers of signed advertisements: its own last number, and those of the others."""

from collections.abc import Iterable

from failover.engine.authentication.hmac_sha256 import digest
from failover.frames import ipv4, ipv6
from failover.linux.clock import Clock
from failover.linux.packet import Received
from failover.vrrp import Advertisement, Discard, Family, VirtualRouter, receive
from failover.vrrp.authentication import sequence, trailer
from failover.vrrp.authentication.keys import KeyedAuthentication
from failover.vrrp.authentication.replay import NO_MARKS
from failover.vrrp.packet.advertisement import CHECKSUM_AT, HEADER_LENGTH
from failover.vrrp.packet.authenticated import receive_signed, trailer_of, with_trailer

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

    def signed(self, datagrams: Iterable[bytes], router: VirtualRouter) -> tuple[bytes, ...]:
        """Datagrams of one moment, with room for a trailer at their end, each with its trailer.

        What differs only in where it goes has the same one.
        """
        by, family = router.keyed, router.family
        if by is None:
            return tuple(datagrams)
        begins, trailers = _HEADER_LENGTH[family], dict[bytes, bytes]()
        made = []
        for datagram in datagrams:
            message = datagram[begins : -trailer.LENGTH]
            content = message[:CHECKSUM_AT] + message[HEADER_LENGTH:]
            if content not in trailers:
                trailers[content] = trailer_of(message, router.primary_address, by, self._following(by), digest)
            made.append(datagram[:begins] + with_trailer(message, trailers[content], family))
        return tuple(made)

    def _following(self, by: KeyedAuthentication) -> sequence.Sequence:
        now = sequence.at(self._clock.wall())
        self._last = sequence.following(self._last, now, by.window)
        return self._last
