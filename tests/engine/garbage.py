"""Packets with one thing wrong, as a stranger would put them on the wire. Nothing is asserted here."""

import struct
from dataclasses import replace
from ipaddress import ip_address
from typing import Final

from failover.frames import advertisement_datagram
from failover.vrrp import Address, Advertisement, ChecksumForm, DiscardReason, Secret, Version, encode, seconds
from failover.vrrp.packet.checksum import checksum
from tests.engine.daemons import INTERVAL

PEER: Final[Address] = ip_address("192.0.2.12")
PEER_6: Final[Address] = ip_address("fe80::ff:fe00:2")
OURS: Final[Address] = ip_address("192.0.2.11")

V3: Final = Advertisement(
    version=Version.V3,
    vrid=51,
    priority=90,
    interval=seconds(INTERVAL),
    addresses=(ip_address("192.0.2.100"),),
)
V2: Final = replace(V3, version=Version.V2, vrid=52, interval=seconds(1), addresses=(ip_address("192.0.2.101"),))
V6: Final = replace(V3, vrid=54, addresses=(ip_address("fe80::54:1"),), checksum=ChecksumForm.PSEUDO_HEADER)


def patched(advertisement: Advertisement, source: Address, *patches: tuple[int, int], cut: int = 0) -> bytes:
    """The datagram with bytes of its message replaced, shortened, and a checksum that is right again."""
    message = bytearray(encode(advertisement, source))
    for offset, value in patches:
        message[offset] = value
    if cut:
        del message[-cut:]
    message[6:8] = bytes(2)
    message[6:8] = checksum(bytes(message)).to_bytes(2)
    return advertisement_datagram(source, bytes(message))


def with_hop_limit(datagram: bytes, value: int) -> bytes:
    header = bytearray(datagram[:20])
    header[8] = value
    header[10:12] = bytes(2)
    header[10:12] = checksum(bytes(header)).to_bytes(2)
    return bytes(header) + datagram[20:]


def plain(advertisement: Advertisement, source: Address, tail: bytes = b"") -> bytes:
    return advertisement_datagram(source, encode(advertisement, source) + tail)


def with_options(datagram: bytes, options: bytes) -> bytes:
    """With IP options, a multiple of 4 bytes."""
    length = len(datagram) + len(options)
    first = bytes((datagram[0] + len(options) // 4, datagram[1]))
    header = bytearray(first + length.to_bytes(2) + datagram[4:20] + options)
    header[10:12] = bytes(2)
    header[10:12] = checksum(bytes(header)).to_bytes(2)
    return bytes(header) + datagram[20:]


def total_length(datagram: bytes) -> bytes:
    """With the length that it has in its IPv4 header."""
    header = bytearray(datagram[:20])
    header[2:4] = struct.pack("!H", len(datagram))
    header[10:12] = bytes(2)
    header[10:12] = checksum(bytes(header)).to_bytes(2)
    return bytes(header) + datagram[20:]


PACKETS: Final[dict[tuple[int, DiscardReason], bytes]] = {
    (51, DiscardReason.HOP_LIMIT): with_hop_limit(plain(V3, PEER), 254),
    (51, DiscardReason.OWN_SOURCE): plain(V3, OURS),
    (51, DiscardReason.LENGTH): patched(V3, PEER, (3, 7)),
    (51, DiscardReason.VERSION): plain(replace(V2, vrid=51), PEER),
    (51, DiscardReason.TYPE): patched(V3, PEER, (0, 0x32)),
    (51, DiscardReason.ADDRESS_COUNT): patched(V3, PEER, (3, 0), cut=4),
    (51, DiscardReason.TRAILING_BYTES): plain(V3, PEER, b"more"),
    (51, DiscardReason.CHECKSUM): plain(V3, PEER)[:-1] + b"\xff",
    (51, DiscardReason.IMPOSSIBLE_SOURCE): plain(V3, ip_address("192.0.2.255")),
    (51, DiscardReason.INTERVAL): plain(replace(V3, interval=seconds(0)), PEER),
    (52, DiscardReason.INTERVAL): plain(replace(V2, interval=seconds(2)), PEER),
    (52, DiscardReason.AUTHENTICATION_TYPE): patched(V2, PEER, (4, 1)),
    (52, DiscardReason.ADDRESS_LIST): plain(replace(V2, addresses=(ip_address("192.0.2.7"),)), PEER),
    (55, DiscardReason.PASSWORD): plain(replace(V2, vrid=55, password=Secret(b"wrong")), PEER),
    (53, DiscardReason.ADDRESS_OWNER): plain(replace(V2, vrid=53), PEER),
    (54, DiscardReason.LINK_LOCAL): plain(replace(V6, addresses=(ip_address("2001:db8::1"),)), PEER_6),
}
TOO_SHORT: Final = [plain(V3, PEER)[:20] + plain(V3, PEER)[20:][:length] for length in range(9)]
