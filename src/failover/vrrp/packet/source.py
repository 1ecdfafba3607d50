"""Which addresses can be the source of an advertisement: those of hosts on the link (RFC 9568 §5.1.1.1, §5.1.2.1).

The RFC has no such check. But the sender's address decides elections (§6.4.3) and is what an operator looks for, so one
that no host can have is refused, and one that a host here hardly has is accepted and reported.
"""

from ipaddress import IPv4Network, ip_network
from typing import Final

from failover.vrrp.packet.advertisement import Advertisement
from failover.vrrp.protocol import PRIORITY_OWNER, PRIORITY_RESIGN, Address, Family, Network
from failover.vrrp.router import VirtualRouter

_SPECIAL: Final[dict[int, tuple[tuple[Network, str], ...]]] = {
    Family.IPV4: (
        (ip_network("0.0.0.0/32"), "unspecified"),
        (ip_network("127.0.0.0/8"), "loopback"),
        (ip_network("224.0.0.0/4"), "multicast"),
        (ip_network("255.255.255.255/32"), "limited broadcast"),
    ),
    Family.IPV6: (
        (ip_network("::/128"), "unspecified"),
        (ip_network("::1/128"), "loopback"),
        (ip_network("::ffff:0.0.0.0/96"), "IPv4-mapped"),
        (ip_network("::/8"), "reserved"),
        (ip_network("ff00::/8"), "multicast"),
    ),
}
"""What no host has as its address (RFC 1122 §3.2.1.3, RFC 4291 §2.4, §2.5); of several, the first says what it is."""
_RESERVED: Final[tuple[tuple[Network, str], ...]] = (
    (ip_network("0.0.0.0/8"), "reserved"),
    (ip_network("240.0.0.0/4"), "reserved"),
)
"""What a host has only where somebody has made it so on purpose: possible on a link where we have such an address."""
_FIRST_BYTES: Final[dict[int, frozenset[int]]] = {
    Family.IPV4: frozenset({0, 127, *range(224, 256)}),
    Family.IPV6: frozenset({0, 255}),
}
"""Of all these networks: any other address is in none of them."""
_WITHOUT_EDGES: Final = 31
"""The IPv4 prefix length from which on each address of a network is a host's (RFC 3021)."""


def impossible_source(source: Address, advertisement: Advertisement, router: VirtualRouter) -> str | None:
    """Why no host here can have sent an advertisement from `source`, in a few words; None where one can.

    A virtual address is the source of its owner alone, who sends priority 255, or 0 to resign (RFC 9568 §5.1.1.1).
    """
    version: int = source.version
    if source.packed[0] in _FIRST_BYTES[version]:
        special = _named(source, _SPECIAL[version])
        if special is None and version == Family.IPV4 and not is_on_link(source, router):
            special = _named(source, _RESERVED)
        if special is not None:
            return special
    edge = _edge(source, router) if version == Family.IPV4 else None
    if edge is not None:
        return edge
    if advertisement.priority in (PRIORITY_OWNER, PRIORITY_RESIGN):
        return None
    packed = source.packed
    if any(packed == address.packed for held in (router.addresses, router.excluded_addresses) for address in held):
        return f"virtual address of a sender of priority {advertisement.priority}"
    return None


def is_on_link(source: Address, router: VirtualRouter) -> bool:
    """Whether an address is in a network that we have an address of our own in."""
    return any(source in network for network in router.on_link)


def _named(source: Address, networks: tuple[tuple[Network, str], ...]) -> str | None:
    return next((name for network, name in networks if source in network), None)


def _edge(source: Address, router: VirtualRouter) -> str | None:
    """What `source` is in an IPv4 network where it is no host's address, unless it is one in another network here."""
    found = None
    for network in router.on_link:
        if isinstance(network, IPv4Network) and source in network:
            if network.prefixlen >= _WITHOUT_EDGES:
                return None
            if source == network.broadcast_address:
                found = f"broadcast address of {network}"
            elif source == network.network_address:
                found = f"network address of {network}"
            else:
                return None
    return found
