"""The IPv4 header (RFC 791 §3.1): built for an advertisement that we send, parsed from any datagram that we receive.

 0                   1                   2                   3
 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|Version|  IHL  |Type of Service|          Total Length         |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|         Identification        |Flags|     Fragment Offset     |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|  Time to Live |    Protocol   |        Header Checksum        |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|                         Source Address                        |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|                      Destination Address                      |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|                 Options, up to IHL * 4 bytes                  |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
"""

from dataclasses import dataclass
from ipaddress import IPv4Address
from struct import Struct
from typing import Final

from failover.vrrp.packet.checksum import checksum
from failover.vrrp.protocol import HOP_LIMIT, PROTOCOL_NUMBER, Address

TOS: Final = 0xC0
"""Type of Service: Internetwork Control (RFC 791 §3.1), now DSCP CS6 (RFC 2474). Routers and switches that heed it send
adverts before the traffic that could starve them."""

TTL_AT: Final = 8
SOURCE_AT: Final = 12
DESTINATION_AT: Final = 16
"""Byte offsets in a header."""
HEADER_LENGTH: Final = 20
"""The length in bytes of a header without options."""
WITHOUT_OPTIONS: Final = 0x45
"""The first byte of a header without options: version 4, 5 words of 32 bits."""

_HEADER: Final = Struct("!BBHHHBBH4s4s")
_VERSION: Final = WITHOUT_OPTIONS >> 4
_IHL_MINIMUM: Final = WITHOUT_OPTIONS & 0xF


@dataclass(frozen=True, slots=True)
class Datagram:
    """A received datagram, taken apart: what we need of its header, and its payload."""

    source: IPv4Address
    destination: IPv4Address
    ttl: int
    payload: bytes


def header(source: Address, destination: Address, payload_length: int, ttl: int = HOP_LIMIT) -> bytes:
    """The 20 bytes before an advertisement of `payload_length` bytes: protocol 112, and to a group TTL 255.

    RFC 9568 §5.1.1.3, §5.1.1.4. Don't Fragment is off and the identification is 0: on a raw socket Linux fills in its
    own identification, and the checksum to match (raw(7)).
    """
    total = _HEADER.size + payload_length
    without_sum = _HEADER.pack(
        _VERSION << 4 | _IHL_MINIMUM,
        TOS,
        total,
        0,
        0,
        ttl,
        PROTOCOL_NUMBER,
        0,
        source.packed,
        destination.packed,
    )
    return without_sum[:10] + checksum(without_sum).to_bytes(2) + without_sum[12:]


def parse(datagram: bytes) -> Datagram | None:
    """Take a received datagram apart; None where it is malformed.

    The payload starts where IHL says, after any options, and ends where Total Length says, before any Ethernet padding.
    The header's checksum is not checked: the kernel has done that, and reassembled fragments, before a raw socket gets
    the datagram.
    """
    if len(datagram) < _HEADER.size:
        return None
    first, _, total, _, _, ttl, _, _, source, destination = _HEADER.unpack_from(datagram)
    version, ihl = first >> 4, first & 0xF
    if version != _VERSION or ihl < _IHL_MINIMUM or not ihl * 4 <= total <= len(datagram):
        return None
    return Datagram(IPv4Address(source), IPv4Address(destination), ttl, datagram[ihl * 4 : total])
