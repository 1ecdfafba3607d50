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
from failover.vrrp.packet.checksum import checksum, pseudo_header
from failover.vrrp.packet.receive import Discard, DiscardReason, ReceivedFrom, receive
from failover.vrrp.protocol import GROUPS, Address, Family, Version, family_of
from failover.vrrp.router import VirtualRouter

_VERSIONS: Final = {version << 4 | TYPE_ADVERTISEMENT: version for version in Version}
"""By the first byte of an advertisement."""


def signed(message: bytes, source: Address, by: KeyedAuthentication, sequence: Sequence, digest: Digest) -> bytes:
    """A message as it is sent from `source`, with its trailer: the payload of the datagram.

    Over IPv6 the checksum covers the trailer as well, and the digest never covers the checksum.
    """
    head = trailers.head(by.active_key, sequence)
    trailer = head + digest(by.signing_key, trailers.covered(message, head, source))[: trailers.DIGEST_LENGTH]
    if family_of(source) is Family.IPV4:
        return message + trailer
    blank = message[:CHECKSUM_AT] + b"\0\0" + message[HEADER_LENGTH:] + trailer
    pseudo = pseudo_header(source, GROUPS[Family.IPV6], len(blank))
    return blank[:CHECKSUM_AT] + checksum(blank, pseudo).to_bytes(2) + blank[HEADER_LENGTH:]


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
    found = trailers.read(payload[end:]) if len(payload) == end + trailers.LENGTH else None
    if found is None:
        length = len(payload) - end
        what = "of an unknown type" if length == trailers.LENGTH else f"of {length} bytes"
        return Discard(DiscardReason.TRAILER, what), marks
    refused = _refused(payload[:end], found, meta.source, by, marks, sequences.at(wall), digest)
    if refused is not None:
        return refused, marks
    return receive(payload[:end], meta, router, payload[end:]), marks.moved(meta.source, found.sequence)


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
