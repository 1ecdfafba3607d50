"""Builds the IPv6 header (RFC 8200 §3) of packets that we send.

None is parsed here: for received packets the kernel reports what the header said (see `failover.linux.packet`).

 0                   1                   2                   3
 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|Version| Traffic Class |           Flow Label                  |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|         Payload Length        |  Next Header  |   Hop Limit   |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|                        Source Address (16)                    |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|                     Destination Address (16)                  |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
"""

from struct import Struct
from typing import Final

from failover.vrrp.protocol import HOP_LIMIT, PROTOCOL_NUMBER, Address

TRAFFIC_CLASS: Final = 0xC0
"""The Traffic Class: DSCP CS6, network control, the same as `ipv4.TOS`."""

NEXT_HEADER_AT: Final = 6
HOP_LIMIT_AT: Final = 7
SOURCE_AT: Final = 8
DESTINATION_AT: Final = 24
"""Byte offsets in a header."""
HEADER_LENGTH: Final = 40
"""Bytes of a header without extensions."""

_HEADER: Final = Struct("!IHBB16s16s")
_VERSION: Final = 6


def header(
    source: Address,
    destination: Address,
    payload_length: int,
    next_header: int = PROTOCOL_NUMBER,
    hop_limit: int = HOP_LIMIT,
) -> bytes:
    """The 40 bytes before a payload of `payload_length` bytes.

    VRRP and neighbour discovery both demand Hop Limit 255 on a link (RFC 9568 §5.1.2.3, RFC 4861 §7.1.2).
    """
    return _HEADER.pack(
        _VERSION << 28 | TRAFFIC_CLASS << 20,
        payload_length,
        next_header,
        hop_limit,
        source.packed,
        destination.packed,
    )
