"""The layout of a received packet, as `sockets.inbox` hands it out, and how to take it apart.

Two adverts with the same content from the same sender are equal, byte for byte: what differs from packet to packet is
left out. Over IPv4 a packet is the datagram without identification, fragment offset and header checksum, which the
kernel writes elsewhere (recvmmsg into five parts instead of one costs nothing measurable). Over IPv6 it is what the
kernel reports of the header, then the sender, then the VRRP message.
"""

import socket
from dataclasses import dataclass
from ipaddress import IPv6Address
from struct import Struct
from sys import byteorder
from typing import Final

from failover.frames import ipv4, ipv6
from failover.vrrp.packet.advertisement import VRID_AT
from failover.vrrp.packet.receive import ReceivedFrom
from failover.vrrp.protocol import Family

# The lengths in bytes of the parts of an IPv4 header, in their order; the addresses follow.
VERSION_TO_LENGTH: Final = 4
IDENTIFICATION_AND_OFFSET: Final = 4
TTL_AND_PROTOCOL: Final = 2
HEADER_CHECKSUM: Final = 2
LEFT_OUT: Final = IDENTIFICATION_AND_OFFSET + HEADER_CHECKSUM
KEPT_BEFORE_ADDRESSES: Final = VERSION_TO_LENGTH + TTL_AND_PROTOCOL

# What stands before an IPv6 message: the kernel's control messages in the kernel's order, then the sender.
_DESTINATION: Final = Struct("@Nii16s")
"""`cmsghdr` of IPV6_PKTINFO with the destination from its `in6_pktinfo`; the interface's index follows."""
_HOP_LIMIT: Final = Struct("@Niii")
"""`cmsghdr` and the int of IPV6_HOPLIMIT."""
SENDER: Final = Struct("@HHI16sI")
"""`sockaddr_in6`."""
STAMP_SPACE: Final = socket.CMSG_SPACE(16)
"""Bytes for the arrival time, which the kernel writes first: `cmsghdr` and a `timespec`."""
_HOP_LIMIT_AT: Final = socket.CMSG_SPACE(20)
SENDER_AT: Final = _HOP_LIMIT_AT + socket.CMSG_SPACE(4)
MESSAGE_AT: Final = SENDER_AT + SENDER.size

VRID_POSITION: Final = {
    Family.IPV4: KEPT_BEFORE_ADDRESSES + 8 + VRID_AT,
    Family.IPV6: MESSAGE_AT + VRID_AT,
}
"""The offset in bytes of the VRID in a packet. Over IPv4 only where the IP header has no options."""
SOURCE_POSITION: Final = {Family.IPV4: KEPT_BEFORE_ADDRESSES, Family.IPV6: SENDER_AT + 8}
"""The offset in bytes of the sender's address in a packet."""


@dataclass(frozen=True, slots=True)
class Received:
    """One packet of IP protocol 112, taken apart; the message is not checked yet."""

    payload: bytes
    """The VRRP message."""
    meta: ReceivedFrom


def lay_out(family: Family, datagram: bytes, ifindex: int) -> bytes:
    """What `Inbox.receive` hands out of an IP datagram, where no kernel does: the reverse of `unpack`.

    `datagram` has its whole header, and came in by the interface `ifindex`.
    """
    if family is Family.IPV4:
        ttl_at, checksum_at, addresses_at = ipv4.TTL_AT, ipv4.SOURCE_AT - HEADER_CHECKSUM, ipv4.SOURCE_AT
        return datagram[:VERSION_TO_LENGTH] + datagram[ttl_at:checksum_at] + datagram[addresses_at:]
    source = datagram[ipv6.SOURCE_AT : ipv6.DESTINATION_AT]
    destination, message = datagram[ipv6.DESTINATION_AT : ipv6.HEADER_LENGTH], datagram[ipv6.HEADER_LENGTH :]
    scope = ifindex if IPv6Address(source).is_link_local else 0
    first = socket.CMSG_LEN(20), socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, destination
    second = socket.CMSG_LEN(4), socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT, datagram[ipv6.HOP_LIMIT_AT]
    return (
        (_DESTINATION.pack(*first) + ifindex.to_bytes(4, byteorder)).ljust(_HOP_LIMIT_AT, b"\0")
        + _HOP_LIMIT.pack(*second).ljust(SENDER_AT - _HOP_LIMIT_AT, b"\0")
        + SENDER.pack(socket.AF_INET6, 0, 0, source, scope)
        + message
    )


def unpack(family: Family, packet: bytes) -> Received | None:
    """Take a packet of `Inbox.receive` apart; None where it is malformed."""
    return _unpack_ipv4(packet) if family is Family.IPV4 else _unpack_ipv6(packet)


def _unpack_ipv4(packet: bytes) -> Received | None:
    ttl_at, addresses_at = VERSION_TO_LENGTH, KEPT_BEFORE_ADDRESSES
    datagram = ipv4.parse(
        packet[:ttl_at]
        + bytes(IDENTIFICATION_AND_OFFSET)
        + packet[ttl_at:addresses_at]
        + bytes(HEADER_CHECKSUM)
        + packet[addresses_at:]
    )
    if datagram is None:
        return None
    return Received(datagram.payload, ReceivedFrom(datagram.source, datagram.destination, datagram.ttl))


def _unpack_ipv6(packet: bytes) -> Received | None:
    _, _, first, destination = _DESTINATION.unpack_from(packet)
    _, _, second, hop_limit = _HOP_LIMIT.unpack_from(packet, _HOP_LIMIT_AT)
    if (first, second) != (socket.IPV6_PKTINFO, socket.IPV6_HOPLIMIT):
        return None
    source = IPv6Address(SENDER.unpack_from(packet, SENDER_AT)[3])
    return Received(packet[MESSAGE_AT:], ReceivedFrom(source, IPv6Address(destination), hop_limit))
