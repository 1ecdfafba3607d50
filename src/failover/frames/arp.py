"""Gratuitous ARP and the ARP probe, as whole Ethernet frames (RFC 826; RFC 9568 §6.4.1, §6.4.2; RFC 5227 §2.1.1).

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

PROTOCOL_AT: Final = 2
SENDER_AT: Final = 14
"""Byte offsets of the protocol type and of the sender's protocol address."""
PROTOCOL_AND_LENGTHS: Final = bytes.fromhex("08000604")
"""Protocol type and both lengths, of every message about IPv4 on Ethernet."""

_ARP: Final = Struct("!HHBBH6s4s6s4s")
_HARDWARE_ETHERNET: Final = 1
_PROTOCOL_IPV4: Final = 0x0800
_REQUEST: Final = 1
_NOBODY: Final = bytes(4)
_UNKNOWN: Final = bytes(ethernet.MAC_LENGTH)


def gratuitous(mac: bytes, address: IPv4Address) -> bytes:
    """The frame that tells everybody on the link that `address` is at `mac`.

    It is a request for the address by the host that has it. RFC 5944 §4.6 allows requests and replies; RFC 5227 §3
    prefers requests, which every host handles; keepalived sends requests. The target hardware address, which the host
    that hears a request does not use, is `mac` as well (RFC 9568 §6.4.1 and §6.4.2 with errata 7947 and 7949).
    `ValueError` where `mac` does not have 6 bytes.
    """
    return _request(mac, address.packed, mac, address)


def probe(mac: bytes, address: IPv4Address) -> bytes:
    """The frame that asks everybody on the link who has `address`, without saying that the sender had any.

    So nobody notes anything about the sender, and whoever has the address answers the sender alone. A proxy does not
    answer (RFC 5227 §2.1.1). `ValueError` where `mac` does not have 6 bytes.
    """
    return _request(mac, _NOBODY, _UNKNOWN, address)


def sender(message: bytes) -> tuple[IPv4Address, bytes]:
    """Who an ARP message comes from, and his MAC address. The message has `PROTOCOL_AND_LENGTHS` where it should."""
    _, _, _, _, _, mac, address, _, _ = _ARP.unpack_from(message)
    return IPv4Address(address), mac


def _request(mac: bytes, sender: bytes, target_mac: bytes, target: IPv4Address) -> bytes:
    return ethernet.header(ethernet.BROADCAST, mac, ethernet.EtherType.ARP) + _ARP.pack(
        _HARDWARE_ETHERNET,
        _PROTOCOL_IPV4,
        ethernet.MAC_LENGTH,
        len(target.packed),
        _REQUEST,
        mac,
        sender,
        target_mac,
        target.packed,
    )
