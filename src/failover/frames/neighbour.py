"""The unsolicited Neighbour Advertisement, and the Neighbour Solicitation, as whole Ethernet frames.

RFC 4861 §4.3, §4.4; RFC 9568 §6.4.1, §6.4.2. A solicitation has type 135, no flags, and the option of type 1.

 0                   1                   2                   3
 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|   Type 136    |    Code 0     |          Checksum             |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|R|S|O|                     Reserved                            |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|                       Target Address (16)                     |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|    Type 2     |  Length 1 (8) |  Link-Layer Address (6) ...   |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
"""

from ipaddress import IPv6Address
from struct import Struct
from typing import Final

from failover.frames import ethernet, ipv6
from failover.vrrp.packet.checksum import checksum

ALL_NODES: Final = IPv6Address("ff02::1")
ALL_NODES_MAC: Final = bytes.fromhex("333300000001")
"""The Ethernet multicast address of `ALL_NODES` (RFC 2464 §7)."""

SOLICITED_NODE: Final = bytes.fromhex("ff0200000000000000000001ff")
"""What the group begins with that an address is asked for in; the last 3 bytes are the address's (RFC 4291 §2.7.1)."""
NEXT_HEADER_ICMPV6: Final = 58
TYPE_ADVERTISEMENT: Final = 136
TARGET_AT: Final = 8
"""The byte offset of the target address in either message."""

_MESSAGE: Final = Struct("!BBHI16sBB6s")
_TYPE_SOLICITATION: Final = 135
_ROUTER: Final = 1 << 31
_OVERRIDE: Final = 1 << 29
_OPTION_SOURCE_LINK_LAYER_ADDRESS: Final = 1
_OPTION_TARGET_LINK_LAYER_ADDRESS: Final = 2
_OPTION_LENGTH: Final = 1
"""In units of 8 bytes."""


def unsolicited(mac: bytes, address: IPv6Address, *, is_router: bool = True) -> bytes:
    """The frame that tells everybody on the link that `address` is at `mac`, whatever they believed before.

    It is sent from `address`, with the Override flag and without Solicited. `is_router` is the Router flag: without it,
    hosts that use the address as their router remove it from their list (RFC 4861 §7.2.5). `ValueError` where `mac`
    does not have 6 bytes.
    """
    message = _MESSAGE.pack(
        TYPE_ADVERTISEMENT,
        0,
        0,
        (_ROUTER if is_router else 0) | _OVERRIDE,
        address.packed,
        _OPTION_TARGET_LINK_LAYER_ADDRESS,
        _OPTION_LENGTH,
        mac,
    )
    return _frame(ALL_NODES_MAC, mac, address, ALL_NODES, message)


def solicitation(mac: bytes, source: IPv6Address, address: IPv6Address) -> bytes:
    """The frame by which `source`, which is at `mac`, asks who has `address`: the answer comes to `source` alone.

    Duplicate address detection asks from no address (RFC 4862 §5.4.2), and is answered to all nodes. That would draw
    everybody who uses the address to whoever answers. `ValueError` where `mac` does not have 6 bytes.
    """
    message = _MESSAGE.pack(
        _TYPE_SOLICITATION,
        0,
        0,
        0,
        address.packed,
        _OPTION_SOURCE_LINK_LAYER_ADDRESS,
        _OPTION_LENGTH,
        mac,
    )
    group = IPv6Address(SOLICITED_NODE + address.packed[len(SOLICITED_NODE) :])
    return _frame(b"\x33\x33" + group.packed[12:], mac, source, group, message)


def advertised(message: bytes) -> tuple[IPv6Address, bytes | None]:
    """The address that an advertisement is about, and the MAC address of its first option, where that is there."""
    end = TARGET_AT + 16
    has_option = message[end : end + 2] == bytes((_OPTION_TARGET_LINK_LAYER_ADDRESS, _OPTION_LENGTH))
    mac = message[end + 2 : end + 2 + ethernet.MAC_LENGTH] if has_option else b""
    return IPv6Address(message[TARGET_AT:end]), mac if len(mac) == ethernet.MAC_LENGTH else None


def _frame(to: bytes, mac: bytes, source: IPv6Address, destination: IPv6Address, without_sum: bytes) -> bytes:
    length = len(without_sum)
    pseudo = (
        source.packed + destination.packed + length.to_bytes(4) + NEXT_HEADER_ICMPV6.to_bytes(4)  # RFC 8200 §8.1
    )
    return (
        ethernet.header(to, mac, ethernet.EtherType.IPV6)
        + ipv6.header(source, destination, length, NEXT_HEADER_ICMPV6)
        + without_sum[:2]
        + checksum(without_sum, pseudo).to_bytes(2)
        + without_sum[4:]
    )
