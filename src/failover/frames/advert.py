"""A complete advertisement datagram: an IP header, and then the VRRP message."""

from ipaddress import IPv4Address

from failover.frames import ipv4, ipv6
from failover.vrrp.protocol import GROUPS, Address, family_of


def advertisement_datagram(source: Address, message: bytes) -> bytes:
    """`message` after the IP header that carries it from `source` to the VRRP group (RFC 9568 §5.1.1, §5.1.2)."""
    header = ipv4.header if isinstance(source, IPv4Address) else ipv6.header
    return header(source, GROUPS[family_of(source)], len(message)) + message
