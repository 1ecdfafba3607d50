"""A complete advertisement datagram: an IP header, and then the VRRP message."""

from ipaddress import IPv4Address
from typing import Final

from failover.frames import ethernet, ipv4, ipv6
from failover.vrrp.protocol import GROUPS, Address, Family, family_of

_GROUP_MAC: Final = {Family.IPV4: bytes.fromhex("01005e000012"), Family.IPV6: bytes.fromhex("333300000012")}
"""The VRRP group's Ethernet address (RFC 1112 §6.4, RFC 2464 §7)."""
_ETHER_TYPE: Final = {Family.IPV4: ethernet.EtherType.IPV4, Family.IPV6: ethernet.EtherType.IPV6}


def advertisement_datagram(source: Address, message: bytes) -> bytes:
    """`message` after the IP header that carries it from `source` to the VRRP group (RFC 9568 §5.1.1, §5.1.2)."""
    header = ipv4.header if isinstance(source, IPv4Address) else ipv6.header
    return header(source, GROUPS[family_of(source)], len(message)) + message


def advertisement_frame(mac: bytes, family: Family, datagram: bytes) -> bytes:
    """The Ethernet frame that carries a datagram of `advertisement_datagram` from `mac` (6 bytes)."""
    return ethernet.header(_GROUP_MAC[family], mac, _ETHER_TYPE[family]) + datagram
