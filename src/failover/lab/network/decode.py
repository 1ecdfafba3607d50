"""Decodes captured Ethernet frames: advertisements, ARP, neighbour advertisements.

It shares no code with the daemon's codecs on purpose, so that tests compare two implementations. It checks no checksum;
tshark does that in the tests.
"""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from failover.vrrp.protocol import PROTOCOL_NUMBER, Address

_ETHERTYPE_IPV4: Final = 0x0800
_ETHERTYPE_ARP: Final = 0x0806
_ETHERTYPE_IPV6: Final = 0x86DD
_NEXT_HEADER_ICMPV6: Final = 58
_NEIGHBOUR_ADVERTISEMENT: Final = 136
_OPTION_TARGET_LINK_LAYER: Final = 2
_ADVERTISEMENT: Final = 1
_ARP_REPLY: Final = 2


@dataclass(frozen=True, slots=True)
class Frame:
    """One captured Ethernet frame."""

    at: int
    """When the switch received it: wall clock, nanoseconds."""
    host: str
    """The name of the switch's interface that it came in by, which is the label of the host that sent it."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Advert:
    """One captured VRRP advertisement; `at` and `host` are those of its `Frame`."""

    at: int
    host: str
    mac: str
    source: Address
    version: int
    vrid: int
    priority: int
    count: int
    interval: int
    """Nanoseconds."""
    addresses: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """An ARP message or neighbour advertisement: a host says that an address is at a MAC address.

    `at` and `host` are those of its `Frame`.
    """

    at: int
    host: str
    address: Address
    mac: str
    is_reply: bool
    """True for an answer to one host: an ARP reply that is not gratuitous, or a solicited Neighbour Advertisement."""
    is_gratuitous: bool
    """True where it is sent unasked: ARP with equal sender and target address, or an unsolicited NA."""


def advert(frame: Frame) -> Advert | None:
    """The VRRP advertisement in a frame, or None."""
    packet = _ip(frame.data)
    if packet is None or packet[0] != PROTOCOL_NUMBER:
        return None
    _, source, body = packet
    if len(body) < 8 or body[0] & 0xF != _ADVERTISEMENT:
        return None
    version, size = body[0] >> 4, 4 if source.version == 4 else 16
    unit, value = (1_000_000_000, body[5]) if version == 2 else (10_000_000, int.from_bytes(body[4:6]) & 0xFFF)
    addresses = tuple(ip_address(body[8 + n * size : 8 + (n + 1) * size]) for n in range(body[3]))
    mac = frame.data[6:12].hex(":")
    return Advert(frame.at, frame.host, mac, source, version, body[1], body[2], body[3], value * unit, addresses)


def claim(frame: Frame) -> Claim | None:
    """The ARP message or neighbour advertisement in a frame, or None."""
    if int.from_bytes(frame.data[12:14]) == _ETHERTYPE_ARP and len(frame.data) >= 42:
        operation, mac, sender, target = struct.unpack_from("!H6s4s6x4s", frame.data, 20)
        gratuitous = sender == target
        reply = operation == _ARP_REPLY and not gratuitous
        return Claim(frame.at, frame.host, IPv4Address(sender), mac.hex(":"), reply, gratuitous)
    packet = _ip(frame.data)
    if packet is None or packet[0] != _NEXT_HEADER_ICMPV6:
        return None
    body = packet[2]
    if len(body) < 24 or body[0] != _NEIGHBOUR_ADVERTISEMENT:
        return None
    solicited = bool(body[4] & 0x40)
    option = body[24:32]
    mac = option[2:8] if option[:2] == bytes((_OPTION_TARGET_LINK_LAYER, 1)) else frame.data[6:12]
    return Claim(frame.at, frame.host, IPv6Address(body[8:24]), mac.hex(":"), solicited, not solicited)


def _ip(data: bytes) -> tuple[int, Address, bytes] | None:
    """Protocol, source, payload of an IPv4 or IPv6 packet, without Ethernet padding."""
    kind = int.from_bytes(data[12:14])
    if kind == _ETHERTYPE_IPV4 and len(data) >= 34:
        start, end = 14 + (data[14] & 0xF) * 4, 14 + int.from_bytes(data[16:18])
        return data[23], IPv4Address(data[26:30]), data[start:end]
    if kind == _ETHERTYPE_IPV6 and len(data) > 54:
        return data[20], IPv6Address(data[22:38]), data[54 : 54 + int.from_bytes(data[18:20])]
    return None
