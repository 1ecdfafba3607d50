"""Which addresses can be the source of an advertisement: those of hosts on the link (RFC 9568 §5.1.1.1, §5.1.2.1).

The RFC has no such check. But the sender's address decides elections (§6.4.3) and is what an operator looks for, so one
that no host can have is refused, and one that a host here hardly has is accepted and reported.
"""

from ipaddress import ip_network
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
_RESERVED: Final[tuple[Network, ...]] = (ip_network("0.0.0.0/8"), ip_network("240.0.0.0/4"))
"""What a host has only where somebody has made it so on purpose: possible on a link where we have such an address."""
_LINK_LOCAL: Final[tuple[Network, ...]] = (ip_network("fe80::/64"),)
"""Where each IPv6 host has an address, if we know no better (RFC 4291 §2.5.6)."""
_FIRST_BYTES: Final[dict[int, frozenset[int]]] = {
    Family.IPV4: frozenset({0, 127, *range(224, 256)}),
    Family.IPV6: frozenset({0, 255}),
}
"""Of all these networks: any other address is in none of them."""
_LONGEST_WITH_EDGE: Final[dict[int, int]] = {Family.IPV4: 30, Family.IPV6: 126}
"""The longest prefix with which a network has an address that is no host's (RFC 3021, RFC 6164)."""
_LAST_BITS_OF_EDGE: Final[dict[int, int]] = {Family.IPV4: 0b11, Family.IPV6: 0b00}
"""What that address ends in, with these prefixes: any other address is none."""


def impossible_source(source: Address, advertisement: Advertisement, router: VirtualRouter) -> str | None:
    """Why no host here can have sent an advertisement from `source`, in a few words; None where one can.

    A virtual address is the source of its owner alone, who sends priority 255, or 0 to resign (RFC 9568 §5.1.1.1).
    """
    version: int = source.version
    if source.packed[0] in _FIRST_BYTES[version]:
        special = _named(source, _SPECIAL[version])
        if special is None and version == Family.IPV4 and _is_reserved(source, router):
            special = "reserved"
        if special is not None:
            return special
    edge = _edge(source, router)
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


def _is_reserved(source: Address, router: VirtualRouter) -> bool:
    """Whether it is of a reserved network that no address of ours is in."""
    if is_on_link(source, router):
        return False
    return any(source in network and router.primary_address not in network for network in _RESERVED)


def _named(source: Address, networks: tuple[tuple[Network, str], ...]) -> str | None:
    return next((name for network, name in networks if source in network), None)


def _edge(source: Address, router: VirtualRouter) -> str | None:
    """What `source` is in a network where it is no host's address, unless it is one in another network here.

    IPv4: the broadcast address. The lowest address is a host's as any other, for Linux 5.14 and later; so it is at the
    end of a network that is being made larger. IPv6: the lowest, which all routers of the network have.
    """
    version: int = source.version
    if source.packed[-1] & 0b11 != _LAST_BITS_OF_EDGE[version]:
        return None
    is_ipv4 = version == Family.IPV4
    found = None
    for network in router.on_link or (() if is_ipv4 else _LINK_LOCAL):
        if source in network:
            edge = network.broadcast_address if is_ipv4 else network.network_address
            if source != edge or network.prefixlen > _LONGEST_WITH_EDGE[version]:
                return None
            found = f"{'broadcast' if is_ipv4 else 'subnet-router anycast'} address of {network}"
    return found
