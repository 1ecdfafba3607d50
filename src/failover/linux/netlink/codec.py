"""Encodes and decodes netlink messages: the header, the attributes, and the kernel's answers to requests.

What the messages carry is in `rtnetlink`; the sockets are in `connection`. Numbers are those of `linux/netlink.h`.

    0               4       6       8               12              16
    +---------------+-------+-------+---------------+---------------+----------------------
    |    length     | type  | flags |   sequence    |    port id    | fixed part, attributes
    +---------------+-------+-------+---------------+---------------+----------------------

A message and each attribute (length 2 bytes, type 2, value) start at a multiple of 4. Integers are in host byte order.
Decoding never raises: where a length does not fit, the rest of the datagram is ignored. The types are msgspec structs:
a frozen dataclass takes a millisecond to define, and several times as long to create an object, and one is created for
each message of a transition.
"""

import struct
from collections.abc import Iterable, Iterator
from sys import byteorder
from typing import Final

from msgspec import Struct

CREATE: Final = 0x400
REPLACE: Final = 0x100
EXCLUSIVE: Final = 0x200
DUMP: Final = 0x300

_NOTHING: Final = 1
_ERROR: Final = 2
_DONE: Final = 3

_REQUEST: Final = 0x1
_ACKNOWLEDGE: Final = 0x4
_INTERRUPTED: Final = 0x10
_CAPPED: Final = 0x100
_HAS_ATTRIBUTES: Final = 0x200

_ERROR_TEXT: Final = 1
_ATTRIBUTE_TYPE: Final = 0x3FFF
"""The bits of an attribute's type; the two highest are flags (NLA_F_NESTED, NLA_F_NET_BYTEORDER)."""

_HEADER: Final = struct.Struct("=IHHII")
_ATTRIBUTE: Final = struct.Struct("=HH")
_I32: Final = struct.Struct("=i")
_I32_MOST: Final = (1 << 31) - 1
_U32: Final = struct.Struct("=I")


class Acknowledged(Struct, frozen=True):
    """Request `sequence` was carried out."""

    sequence: int


class Refused(Struct, frozen=True):
    """Request `sequence` failed."""

    sequence: int
    errno: int
    text: str
    """The kernel's explanation, often empty."""


class Done(Struct, frozen=True):
    """The end of dump `sequence`."""

    sequence: int
    errno: int
    """0, or why the dump ended early."""
    interrupted: bool
    """Something changed during the dump, so entries may be missing (NLM_F_DUMP_INTR)."""


class Payload(Struct, frozen=True):
    """Any other message; what `body` means depends on `kind` (see `rtnetlink`)."""

    kind: int
    sequence: int
    body: bytes
    interrupted: bool
    """As `Done.interrupted`; the kernel sets it in the first message after the change."""


Frame = Acknowledged | Refused | Done | Payload


def request(kind: int, flags: int, body: bytes) -> bytes:
    """A request with sequence number 0; `numbered` gives it its own."""
    return _HEADER.pack(_HEADER.size + len(body), kind, _REQUEST | flags, 0, 0) + body


def nothing() -> bytes:
    """A request that does nothing (NLMSG_NOOP). The kernel acknowledges it where that is asked for."""
    return request(_NOTHING, 0, b"")


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute with its padding."""
    length = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + bytes(_aligned(length) - length)


def attribute_u32(kind: int, value: int) -> bytes:
    """One attribute with a 32-bit value."""
    return attribute(kind, _U32.pack(value))


def numbered(requests: Iterable[bytes], first: int) -> list[bytes]:
    """The requests with the sequence numbers `first`, `first + 1`, ...; an answer carries its request's number."""
    return [one[:8] + _U32.pack(first + n) + one[12:] for n, one in enumerate(requests)]


def batch(requests: list[bytes], first: int) -> bytes:
    """The requests as one datagram, numbered from `first` on; only the last one asks for an acknowledgement.

    The kernel answers a failure in any case. To acknowledge each success would only fill the receive buffer.
    """
    *others, last = numbered(requests, first)
    length, kind, flags, sequence, port = _HEADER.unpack_from(last)
    header = _HEADER.pack(length, kind, flags | _ACKNOWLEDGE, sequence, port)
    return b"".join((*others, header, last[_HEADER.size :]))


def frames(datagram: bytes) -> Iterator[Frame]:
    """The messages in one datagram, up to the first that is not complete."""
    end = len(datagram)
    offset = 0
    while end - offset >= _HEADER.size:
        length, kind, flags, sequence, _ = _HEADER.unpack_from(datagram, offset)
        if length < _HEADER.size or offset + length > end:
            return
        body = datagram[offset + _HEADER.size : offset + length]
        if kind not in (_ERROR, _DONE):
            yield Payload(kind, sequence, body, bool(flags & _INTERRUPTED))
        elif len(body) >= _I32.size:
            yield _answer(kind, flags, sequence, body)
        offset += _aligned(length)


def attributes(body: bytes, offset: int) -> dict[int, bytes]:
    """The attributes from `offset` on, by type; where a type comes twice, the last one."""
    return dict(each_attribute(body, offset))


def each_attribute(body: bytes, offset: int) -> Iterator[tuple[int, bytes]]:
    """The attributes from `offset` on, types and values, in their order."""
    end = len(body)
    while end - offset >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(body, offset)
        if length < _ATTRIBUTE.size or offset + length > end:
            break
        yield kind & _ATTRIBUTE_TYPE, body[offset + _ATTRIBUTE.size : offset + length]
        offset += _aligned(length)


def u32(value: bytes | None) -> int | None:
    """The 32-bit value of an attribute; None where it is absent or has another size."""
    return int.from_bytes(value, byteorder) if value is not None and len(value) == _U32.size else None


def text(value: bytes) -> str:
    """The text of an attribute, up to its terminating zero. Bytes that are not UTF-8 become surrogates."""
    return value.partition(b"\0")[0].decode(errors="surrogateescape")


def _aligned(length: int) -> int:
    return (length + 3) & ~3


def _answer(kind: int, flags: int, sequence: int, body: bytes) -> Acknowledged | Refused | Done:
    errno = min(-_I32.unpack_from(body)[0], _I32_MOST)  # -2**31, negated, is no 32-bit number
    if kind == _DONE:
        return Done(sequence, errno, bool(flags & _INTERRUPTED))
    if errno == 0:
        return Acknowledged(sequence)
    words = b""
    if flags & _HAS_ATTRIBUTES and len(body) >= _I32.size + _HEADER.size:
        # Before the attributes comes the failed request: only its header where the answer is capped (NETLINK_CAP_ACK).
        quoted = _HEADER.size if flags & _CAPPED else _U32.unpack_from(body, _I32.size)[0]
        words = attributes(body, _I32.size + _aligned(quoted)).get(_ERROR_TEXT, b"")
    return Refused(sequence, errno, text(words))
