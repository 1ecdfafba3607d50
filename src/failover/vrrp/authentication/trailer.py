"""The HMAC trailer behind an advertisement (draft-cassen-vrrp-auth-hmac-00, keepalived 2.4.2 and later).

::

    +---------------+---------------+-------------------------------+
    |    Type = 1   |    Key ID     |           Reserved            |
    +---------------+---------------+-------------------------------+
    |                     Seconds (UTC)                             |
    +-------------------------------+-------------------------------+
    |     Fraction of a second      |           Counter             |
    +-------------------------------+-------------------------------+
    |                HMAC-SHA256, the first 16 bytes                |
    +---------------------------------------------------------------+

The HMAC is over 20 bytes (IP version, VRRP version, VRID, 0, the source in 16 bytes, IPv4 with zeros after it), the
message with its checksum as zero, the trailer up to the HMAC, and 16 zeros in its place.
"""

from struct import Struct
from typing import Final, NamedTuple

from failover.vrrp.authentication.sequence import Sequence
from failover.vrrp.protocol import Address

LENGTH: Final = 28
"""Bytes."""
DIGEST_LENGTH: Final = 16
TYPE_HMAC_SHA256: Final = 1

_HEAD: Final = Struct("!BBHQ")
_PSEUDO: Final = Struct("!BBBx16s")
_NO_DIGEST: Final = bytes(DIGEST_LENGTH)
_CHECKSUM: Final = slice(6, 8)


class Trailer(NamedTuple):
    """A trailer, taken apart."""

    key_id: int
    sequence: Sequence
    head: bytes
    """Its 12 bytes before the digest."""
    digest: bytes


def read(trailer: bytes) -> Trailer | None:
    """Take `LENGTH` bytes apart; None where they are no trailer that we know."""
    type_, key_id, reserved, sequence = _HEAD.unpack_from(trailer)
    if type_ != TYPE_HMAC_SHA256 or reserved != 0:
        return None
    return Trailer(key_id, Sequence(sequence), trailer[: _HEAD.size], trailer[_HEAD.size :])


def head(key_id: int, sequence: Sequence) -> bytes:
    """A trailer without its digest."""
    return _HEAD.pack(TYPE_HMAC_SHA256, key_id, 0, sequence)


def covered(message: bytes, head: bytes, source: Address) -> bytes:
    """What the digest is made of: a message without its trailer, the trailer's head, and who sends it."""
    pseudo = _PSEUDO.pack(source.version, message[0] >> 4, message[1], source.packed)
    blank = message[: _CHECKSUM.start] + b"\0\0" + message[_CHECKSUM.stop :]
    return pseudo + blank + head + _NO_DIGEST
