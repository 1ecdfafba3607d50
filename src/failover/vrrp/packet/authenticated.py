"""Signs advertisements, and receives those of a virtual router with keys: a stage before `receive()`.

A trailer is judged first, the cheapest check first: what is older than what was heard is refused before a digest is
made. Only a right digest moves the mark. What passes is received like any other advertisement.
"""

from typing import Final

from failover.vrrp.authentication import sequence as sequences
from failover.vrrp.authentication import trailer as trailers
from failover.vrrp.authentication.keys import AuthenticationMode, Digest, KeyedAuthentication
from failover.vrrp.authentication.replay import Marks, is_in_time, is_stale
from failover.vrrp.authentication.sequence import Sequence
from failover.vrrp.packet.advertisement import (
    CHECKSUM_AT,
    COUNT_AT,
    HEADER_LENGTH,
    TYPE_ADVERTISEMENT,
    Advertisement,
    message_length,
)
from failover.vrrp.packet.checksum import extended
from failover.vrrp.packet.receive import Discard, DiscardReason, ReceivedFrom, check_message, check_network, receive
from failover.vrrp.protocol import Address, Family, Version
from failover.vrrp.router import VirtualRouter

_VERSIONS: Final = {version << 4 | TYPE_ADVERTISEMENT: version for version in Version}
"""By the first byte of an advertisement."""


def trailer_of(message: bytes, source: Address, by: KeyedAuthentication, sequence: Sequence, digest: Digest) -> bytes:
    """The trailer of a message from `source`. It is the same wherever that goes, for it does not cover the checksum."""
    head = trailers.head(by.active_key, sequence)
    return head + digest(by.signing_key, trailers.covered(message, head, source))[: trailers.DIGEST_LENGTH]


def with_trailer(message: bytes, trailer: bytes, family: Family) -> bytes:
    """A message as it is sent, the payload of its datagram. Over IPv6 its checksum covers the trailer as well."""
    if family is Family.IPV4:
        return message + trailer
    value = extended(int.from_bytes(message[CHECKSUM_AT:HEADER_LENGTH]), trailer)
    return message[:CHECKSUM_AT] + value.to_bytes(2) + message[HEADER_LENGTH:] + trailer


def receive_signed(
    payload: bytes, meta: ReceivedFrom, router: VirtualRouter, marks: Marks, wall: int, digest: Digest
) -> tuple[Advertisement | Discard, Marks]:
    """What `receive()` makes of a packet of which the trailer is right, and the marks after it.

    `wall` is the wall clock in nanoseconds.
    """
    by, end = router.keyed, _end(payload, router.family)
    if by is None or end is None or len(payload) <= end:
        outcome = receive(payload, meta, router)
        if isinstance(outcome, Advertisement) and by is not None and by.mode is AuthenticationMode.ENFORCE:
            outcome = Discard(DiscardReason.NOT_SIGNED)
        return outcome, marks
    refused = check_network(meta, router)
    if refused is not None:
        return refused, marks
    found = trailers.read(payload[end:]) if len(payload) == end + trailers.LENGTH else None
    if found is None:
        length = len(payload) - end
        what = "of an unknown type" if length == trailers.LENGTH else f"of {length} bytes"
        return Discard(DiscardReason.TRAILER, what), marks
    refused = _refused(payload[:end], found, meta.source, by, marks, sequences.at(wall), digest)
    if refused is not None:
        return refused, marks
    outcome = check_message(payload[:end], meta, router, payload[end:])
    # The digest does not cover the checksum: a copy with another one must not have the advertisement itself refused.
    spoilt = isinstance(outcome, Discard) and outcome.reason is DiscardReason.CHECKSUM
    return outcome, marks if spoilt else marks.moved(meta.source, found.sequence)


def _refused(
    message: bytes,
    found: trailers.Trailer,
    source: Address,
    by: KeyedAuthentication,
    marks: Marks,
    now: Sequence,
    digest: Digest,
) -> Discard | None:
    key = by.key(found.key_id)
    if key is None:
        return Discard(DiscardReason.KEY, found.key_id)
    if by.window is not None and not is_in_time(found.sequence, now, by.window):
        return Discard(
            DiscardReason.TIME, f"{sequences.ahead(found.sequence, now) / sequences.SECOND:+.1f} s from ours"
        )
    if is_stale(found.sequence, marks.of(source), now, by.window):
        return Discard(DiscardReason.REPLAYED)
    made = digest(key.reveal(), trailers.covered(message, found.head, source))[: trailers.DIGEST_LENGTH]
    # Not compared byte by byte: how long it takes must not tell how many of them are right.
    differs = int.from_bytes(made) ^ int.from_bytes(found.digest)
    return Discard(DiscardReason.SIGNATURE, "that is wrong") if differs else None


def _end(payload: bytes, family: Family) -> int | None:
    """Where an advertisement ends, by its own count of addresses; None where it is none."""
    if len(payload) < HEADER_LENGTH:
        return None
    version = _VERSIONS.get(payload[0])
    return message_length(version, family, payload[COUNT_AT]) if version else None
