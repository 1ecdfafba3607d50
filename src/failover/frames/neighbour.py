"""The unsolicited Neighbour Advertisement, as a whole Ethernet frame (RFC 4861 §4.4; RFC 9568 §6.4.1, §6.4.2).

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

_ADVERTISEMENT: Final = Struct("!BBHI16sBB6s")
_TYPE_ADVERTISEMENT: Final = 136
_ROUTER: Final = 1 << 31
_OVERRIDE: Final = 1 << 29
_OPTION_TARGET_LINK_LAYER_ADDRESS: Final = 2
_OPTION_LENGTH: Final = 1
"""In units of 8 bytes."""
_NEXT_HEADER_ICMPV6: Final = 58


def unsolicited(mac: bytes, address: IPv6Address, *, is_router: bool = True) -> bytes:
    """The frame that tells everybody on the link that `address` is at `mac`, whatever they believed before.

    It is sent from `address`, with the Override flag and without Solicited. RFC 9568 §6.4.1 demands the Router flag:
    without it, hosts that use the address as their router remove it from their list (RFC 4861 §7.2.5). `ValueError`
    where `mac` does not have 6 bytes.
    """
    without_sum = _ADVERTISEMENT.pack(
        _TYPE_ADVERTISEMENT,
        0,
        0,
        (_ROUTER if is_router else 0) | _OVERRIDE,
        address.packed,
        _OPTION_TARGET_LINK_LAYER_ADDRESS,
        _OPTION_LENGTH,
        mac,
    )
    length = len(without_sum)
    pseudo = (
        address.packed + ALL_NODES.packed + length.to_bytes(4) + _NEXT_HEADER_ICMPV6.to_bytes(4)  # RFC 8200 §8.1
    )
    return (
        ethernet.header(ALL_NODES_MAC, mac, ethernet.EtherType.IPV6)
        + ipv6.header(address, ALL_NODES, length, _NEXT_HEADER_ICMPV6)
        + without_sum[:2]
        + checksum(without_sum, pseudo).to_bytes(2)
        + without_sum[4:]
    )
