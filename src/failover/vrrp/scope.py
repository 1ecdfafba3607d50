"""Where the advertisements of a virtual router go, where they come from, and whom it listens to.

The only module that knows the VRRP groups. By default a router advertises to that of its family (RFC 9568 §5.1.1.2,
§5.1.2.2). With peers it advertises to each of them by itself (unicast), as keepalived does, which no RFC describes.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from failover.vrrp.protocol import HOP_LIMIT, Address, Family

GROUPS: Final[dict[Family, Address]] = {
    Family.IPV4: IPv4Address("224.0.0.18"),
    Family.IPV6: IPv6Address("ff02::12"),
}
"""Where advertisements go (RFC 9568 §5.1.1.2, §5.1.2.2)."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another router that is advertised to by itself."""

    address: Address
    min_hop_limit: int = 0
    """The least TTL or hop limit that its packets may arrive with, where it is not on our own link."""
    max_hop_limit: int = HOP_LIMIT

    def __post_init__(self) -> None:
        if not 0 <= self.min_hop_limit <= self.max_hop_limit <= HOP_LIMIT:
            raise ValueError(f"hop limits are {self.min_hop_limit} to {self.max_hop_limit}; allowed: 0 to 255")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where a virtual router advertises. `ValueError` where it has a group and peers, or several families."""

    group: Address | None = None
    """The multicast group, where it is not that of VRRP."""
    peers: tuple[Peer, ...] = ()
    """Where there are some, each is advertised to, and nobody else is listened to. This host may be among them."""
    source: Address | None = None
    """The address to send from, where it is not the one that the RFC says."""
    hop_limit: int = HOP_LIMIT
    """The TTL or hop limit of what is sent; other than 255 to peers alone."""

    def __post_init__(self) -> None:
        if self.group is not None and self.peers:
            raise ValueError("a scope has a group or peers, not both")
        if not self.peers and self.hop_limit != HOP_LIMIT:
            raise ValueError(f"hop_limit is {self.hop_limit}; allowed: {HOP_LIMIT} without peers")
        if not 1 <= self.hop_limit <= HOP_LIMIT:
            raise ValueError(f"hop_limit is {self.hop_limit}; allowed: 1 to {HOP_LIMIT}")

    @property
    def families(self) -> frozenset[Family]:
        """The families of all addresses in it."""
        given = (self.group, self.source, *(peer.address for peer in self.peers))
        return frozenset(Family(address.version) for address in given if address is not None)

    @property
    def is_unicast(self) -> bool:
        """Whether it has peers."""
        return bool(self.peers)

    def group_of(self, family: Family) -> Address:
        """The group of a router that is of this family and has no peers."""
        return self.group or GROUPS[family]

    def peer(self, address: Address) -> Peer | None:
        """The peer with this address; None where it is none."""
        return next((peer for peer in self.peers if peer.address == address), None)

    def destinations(self, family: Family, source: Address) -> tuple[Address, ...]:
        """Where each advertisement goes from `source`: the group, or all peers but ourselves."""
        if not self.peers:
            return (self.group_of(family),)
        return tuple(peer.address for peer in self.peers if peer.address != source)

    def source_among(self, own: tuple[Address, ...], usual: Address) -> Address | None:
        """The address to send from, of the interface's `own`; `usual` is what the RFC says. None where there is none.

        With peers it is the one that they know: the list of peers is the same on all hosts. IPv6 peers that are not
        link-local cannot answer to an address that is.
        """
        if self.source is not None:
            return self.source if self.source in own else None
        ours = next((address for address in own if self.peer(address)), None)
        if ours is not None:
            return ours
        if usual.is_link_local and any(not peer.address.is_link_local for peer in self.peers):
            return next((address for address in own if not address.is_link_local), None)
        return usual


MULTICAST: Final = Scope()
"""To the VRRP group, as the RFC says."""
