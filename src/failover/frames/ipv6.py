"""The IPv6 header (RFC 8200 §3) of what we send. Nobody reads one here: the kernel tells what a packet's header said.

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
"""CS6, network control, as the TOS of IPv4."""

HOP_LIMIT_AT: Final = 7
SOURCE_AT: Final = 8
DESTINATION_AT: Final = 24
"""Offsets in a header, in bytes."""
HEADER_LENGTH: Final = 40
"""Bytes."""

_HEADER: Final = Struct("!IHBB16s16s")
_VERSION: Final = 6


def header(source: Address, destination: Address, payload_length: int, next_header: int = PROTOCOL_NUMBER) -> bytes:
    """The 40 bytes before `payload_length` bytes: Hop Limit 255, as VRRP and neighbour discovery both demand.

    RFC 9568 §5.1.2.3, §5.1.2.4; RFC 4861 §7.1.2.
    """
    return _HEADER.pack(
        _VERSION << 28 | TRAFFIC_CLASS << 20,
        payload_length,
        next_header,
        HOP_LIMIT,
        source.packed,
        destination.packed,
    )
