"""The IPv4 header (RFC 791 §3.1) of an advertisement that we send, and of any datagram that we receive.

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

from failover.vrrp.checksum import checksum
from failover.vrrp.protocol import HOP_LIMIT, PROTOCOL_NUMBER, Address

TOS: Final = 0xC0
"""Internetwork Control (RFC 791 §3.1, CS6 in RFC 2474): adverts go ahead of the traffic that could starve them."""

TTL_AT: Final = 8
SOURCE_AT: Final = 12
DESTINATION_AT: Final = 16
"""Offsets in a header, in bytes."""
HEADER_LENGTH: Final = 20
"""Bytes of a header without options."""
WITHOUT_OPTIONS: Final = 0x45
"""The first byte of such a header: version 4, 5 words of 32 bits."""

_HEADER: Final = Struct("!BBHHHBBH4s4s")
_VERSION: Final = WITHOUT_OPTIONS >> 4
_IHL_MINIMUM: Final = WITHOUT_OPTIONS & 0xF


@dataclass(frozen=True, slots=True)
class Datagram:
    """A received datagram without its header."""

    source: IPv4Address
    destination: IPv4Address
    ttl: int
    payload: bytes


def header(source: Address, destination: Address, payload_length: int) -> bytes:
    """The 20 bytes before an advertisement: TTL 255, protocol 112 (RFC 9568 §5.1.1.3, §5.1.1.4).

    Don't Fragment is off, and the identification 0: Linux puts its own there, and the checksum to match.
    """
    total = _HEADER.size + payload_length
    without_sum = _HEADER.pack(
        _VERSION << 4 | _IHL_MINIMUM,
        TOS,
        total,
        0,
        0,
        HOP_LIMIT,
        PROTOCOL_NUMBER,
        0,
        source.packed,
        destination.packed,
    )
    return without_sum[:10] + checksum(without_sum).to_bytes(2) + without_sum[12:]


def parse(datagram: bytes) -> Datagram | None:
    """Take a datagram apart; None where it is malformed.

    The payload starts where IHL says, past any options, and ends where Total Length says: Ethernet padding after
    it is cut. The kernel has checked the header's checksum and put fragments together before a raw socket sees it.
    """
    if len(datagram) < _HEADER.size:
        return None
    first, _, total, _, _, ttl, _, _, source, destination = _HEADER.unpack_from(datagram)
    version, ihl = first >> 4, first & 0xF
    if version != _VERSION or ihl < _IHL_MINIMUM or not ihl * 4 <= total <= len(datagram):
        return None
    return Datagram(IPv4Address(source), IPv4Address(destination), ttl, datagram[ihl * 4 : total])
