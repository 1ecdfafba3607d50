"""Gratuitous ARP, as a whole Ethernet frame (RFC 826; RFC 9568 §6.4.1, §6.4.2).

 0         2         4    5    6         8                   14
+---------+---------+----+----+---------+---------+---------+
| hardware| protocol| 6  | 4  | opera-  | sender hardware   |
| type 1  | 0x0800  |    |    | tion    | address (6)       |
+---------+---------+----+----+---------+-------------------+
| sender protocol   | target hardware   | target protocol   |
| address (4)       | address (6)       | address (4)       |
+-------------------+-------------------+-------------------+
 14                  18                  24
"""

from ipaddress import IPv4Address
from struct import Struct
from typing import Final

from failover.frames import ethernet

_ARP: Final = Struct("!HHBBH6s4s6s4s")
_HARDWARE_ETHERNET: Final = 1
_PROTOCOL_IPV4: Final = 0x0800
_REQUEST: Final = 1


def gratuitous(mac: bytes, address: IPv4Address) -> bytes:
    """The frame that tells everybody on the link that `address` is at `mac`.

    It is a request for the address by the host that has it. RFC 5944 §4.6 allows requests and replies; RFC 5227 §3
    prefers requests, which every host handles; keepalived sends requests. The target hardware address, which the host
    that hears a request does not use, is `mac` as well (RFC 9568 §6.4.1 and §6.4.2 with errata 7947 and 7949).
    `ValueError` where `mac` does not have 6 bytes.
    """
    return ethernet.header(ethernet.BROADCAST, mac, ethernet.EtherType.ARP) + _ARP.pack(
        _HARDWARE_ETHERNET,
        _PROTOCOL_IPV4,
        ethernet.MAC_LENGTH,
        len(address.packed),
        _REQUEST,
        mac,
        address.packed,
        mac,
        address.packed,
    )
