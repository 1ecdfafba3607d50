"""A complete advertisement datagram: an IP header, and then the VRRP message."""

from ipaddress import IPv4Address

from failover.frames import ipv4, ipv6
from failover.vrrp.protocol import HOP_LIMIT, Address, family_of
from failover.vrrp.scope import MULTICAST


def advertisement_datagram(
    source: Address, message: bytes, destination: Address | None = None, hop_limit: int = HOP_LIMIT
) -> bytes:
    """`message` after the IP header that carries it from `source` to `destination`, or to the VRRP group.

    RFC 9568 §5.1.1, §5.1.2.
    """
    to = destination or MULTICAST.group_of(family_of(source))
    if isinstance(source, IPv4Address):
        return ipv4.header(source, to, len(message), hop_limit) + message
    return ipv6.header(source, to, len(message), hop_limit=hop_limit) + message
