"""Any datagram that a socket hands over is taken apart or refused, and nothing raises; nothing of it is made up.

What the batched receiver reads is what was sent, packet by packet, and `inbox.unpack` says of an IPv4 datagram what
`ipv4.parse` says. Over IPv6 the kernel writes what it tells of the header before the message; that place is always
there, whatever is in it.

The first byte of an input chooses the family and how many datagrams arrive together.
"""

import socket
from collections.abc import Iterator
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from struct import Struct
from typing import Final

from failover.frames import advertisement_datagram, ipv4
from failover.linux.packet import VRID_POSITION, unpack
from failover.linux.sockets.inbox import Inbox
from failover.vrrp import Address, Advertisement, ChecksumForm, Family, Version, encode, family_of, seconds
from failover.vrrp.protocol import HOP_LIMIT
from failover.vrrp.scope import GROUPS

WORDS: Final = ()

_IPV4_HEADER: Final = 20
_ALL_BUT_WHAT_THE_KERNEL_CHANGES: Final = (slice(0, 4), slice(8, 10), slice(12, None))
"""Of an IPv4 datagram: without identification, fragment offset and header checksum."""
_LONGEST: Final = 8192
"""Bytes; what is longer arrives cut."""
_MOST_AT_ONCE: Final = 9
"""Datagrams; Linux lets ten wait in a pair of sockets."""

_PACKET_INFO: Final = Struct("@Nii16sI4x")
_HOP_LIMIT: Final = Struct("@Niii4x")
_SENDER: Final = Struct("@HHI16sI")
_MESSAGE_AT: Final = VRID_POSITION[Family.IPV6] - 1


def seeds() -> Iterator[bytes]:
    """Advertisements with one address and with many, over IPv4 with options and padding too."""
    for source in (IPv4Address("192.0.2.1"), IPv6Address("fe80::1")):
        for count in (1, 10, 11, 255):
            message = _message(source, count)
            if isinstance(source, IPv6Address):
                yield b"\1" + _told(source) + message
            else:
                plain = advertisement_datagram(source, message)
                yield b"\0" + plain
                yield b"\xfe" + plain + bytes(18)
                yield b"\2" + bytes((0x47,)) + plain[1:_IPV4_HEADER] + bytes(8) + plain[_IPV4_HEADER:]


def one(data: bytes) -> None:
    """Receive and take apart."""
    choice, datagram = (data[0], data[1:]) if data else (0, b"")
    if choice & 1:
        _check_ipv6(datagram.ljust(_MESSAGE_AT, b"\0"))
    else:
        _check_ipv4(datagram[:_LONGEST], choice // 2 % _MOST_AT_ONCE + 1)


def _check_ipv4(datagram: bytes, count: int) -> None:
    ours, theirs, inbox = _receiver()
    sent = [datagram, *(datagram[number:] for number in range(1, count))]
    sent = [one for one in sent if one]
    for one in sent:
        theirs.send(one)
    arrived: list[int] = []
    packets = inbox.receive(ours.fileno(), len(sent) + 1, arrived)
    assert len(arrived) == len(packets) == len(sent)
    for packet, one in zip(packets, sent, strict=True):
        if len(one) < _IPV4_HEADER:
            continue  # a raw socket never has such a one
        assert packet == b"".join(one[part] for part in _ALL_BUT_WHAT_THE_KERNEL_CHANGES)
        parsed, received = ipv4.parse(one), unpack(Family.IPV4, packet)
        assert (parsed is None) == (received is None)
        if parsed is None or received is None:
            continue
        assert received.payload == parsed.payload
        assert received.payload in one
        assert received.meta.source == parsed.source == IPv4Address(one[12:16])
        assert received.meta.destination == parsed.destination == IPv4Address(one[16:20])
        assert received.meta.hop_limit == parsed.ttl == one[8]


def _check_ipv6(packet: bytes) -> None:
    received = unpack(Family.IPV6, packet)
    if received is not None:
        assert received.payload == packet[_MESSAGE_AT:]
        assert (family_of(received.meta.source), family_of(received.meta.destination)) == (Family.IPV6, Family.IPV6)


def _message(source: Address, count: int) -> bytes:
    is_ipv6 = isinstance(source, IPv6Address)
    first = int(source)
    return encode(
        Advertisement(
            version=Version.V3,
            vrid=51,
            priority=100,
            interval=seconds(1),
            addresses=tuple(type(source)(first + number) for number in range(count)),
            checksum=ChecksumForm.PSEUDO_HEADER if is_ipv6 else ChecksumForm.MESSAGE,
        ),
        source,
    )


def _told(source: Address) -> bytes:
    """What the kernel writes before an IPv6 message."""
    group = GROUPS[Family.IPV6].packed
    info = _PACKET_INFO.pack(_PACKET_INFO.size - 4, socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, group, 2)
    limit = _HOP_LIMIT.pack(_HOP_LIMIT.size - 4, socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT, HOP_LIMIT)
    return info + limit + _SENDER.pack(socket.AF_INET6, 0, 0, source.packed, 2)


@cache
def _receiver() -> tuple[socket.socket, socket.socket, Inbox]:
    """A datagram comes out of the pair as a raw IPv4 socket would show it: with its header."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    theirs.settimeout(1)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
    return ours, theirs, Inbox(Family.IPV4)
