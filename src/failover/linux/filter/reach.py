"""The part of the kernel filter that refuses what is for nobody here: by where it goes, and where it comes from.

Usually that is one test, for the VRRP group. With other groups, or unicast peers, each virtual router has its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from failover.frames import ipv4, ipv6
from failover.linux.filter.bpf import (
    JUMP,
    JUMP_IF_EQUAL,
    LOAD_WORD,
    NETWORK_HEADER,
    REFUSE,
    Instruction,
    Program,
    demand,
)
from failover.linux.filter.membership import demand_member
from failover.linux.filter.payload import load_byte
from failover.vrrp import Address, VirtualRouter
from failover.vrrp.packet.advertisement import VRID_AT
from failover.vrrp.protocol import HOP_LIMIT, Family
from failover.vrrp.scope import MULTICAST

MOST_PEERS: Final = 64
"""Of all virtual routers on a socket together. Where there are more, the daemon alone looks who is a peer."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What the virtual routers of a socket are to receive."""

    groups: tuple[tuple[Address, frozenset[int]], ...] = ()
    """The multicast groups, each with the VRIDs that are advertised to it."""
    unicast: frozenset[int] = frozenset()
    """The VRIDs that have peers."""
    peers: frozenset[Address] = frozenset()
    """All of their peers."""
    least_hop_limit: int = HOP_LIMIT
    """What a packet must at least have for anybody here."""


def reach_of(routers: Iterable[VirtualRouter]) -> Reach | None:
    """What these are to receive; None where each has the VRRP group of its family."""
    groups: dict[Address, set[int]] = {}
    unicast = [router for router in routers if router.scope.is_unicast]
    is_usual = not unicast
    for router in routers:
        if not router.scope.is_unicast:
            groups.setdefault(router.scope.group_of(router.family), set()).add(router.vrid)
            is_usual &= router.scope.group is None
    if is_usual:
        return None
    peers = [peer for router in unicast for peer in router.scope.peers]
    return Reach(
        groups=tuple((group, frozenset(vrids)) for group, vrids in sorted(groups.items())),
        unicast=frozenset(router.vrid for router in unicast),
        peers=frozenset(peer.address for peer in peers),
        least_hop_limit=min((peer.min_hop_limit for peer in peers), default=HOP_LIMIT),
    )


def groups(family: Family, reach: Reach | None) -> frozenset[Address]:
    """The groups that a socket has to join."""
    if reach is None:
        return frozenset({MULTICAST.group_of(family)})
    return frozenset(group for group, _ in reach.groups)


def demand_reach(family: Family, reach: Reach | None) -> Program:
    """Refuse what goes to none of the groups, or to another one's VRID, and by itself what comes from no peer."""
    # An IPv4 raw socket sees the packet from its IP header on; an IPv6 one only reaches it through NETWORK_HEADER.
    destination = ipv4.DESTINATION_AT if family is Family.IPV4 else NETWORK_HEADER + ipv6.DESTINATION_AT
    if reach is None:
        return demand(destination, MULTICAST.group_of(family).packed)
    program: Program = _demand_peer(family, reach)
    for group, vrids in reach.groups:
        program = (*where_equal(destination, group.packed, _only(family, vrids, len(program))), *program)
    return program


def where_equal(offset: int, expected: bytes, then: Program) -> Program:
    """Do `then` where a packet has `expected`, a multiple of 4 bytes, at `offset`. Changes A."""
    program = then
    for start in range(0, len(expected), 4):  # the last word is tested first: there addresses of a subnet differ
        word = int.from_bytes(expected[start : start + 4])
        test = Instruction(LOAD_WORD, offset + start), Instruction(JUMP_IF_EQUAL, word, jump_false=len(program))
        program = (*test, *program)
    return program


def demand_any(offset: int, addresses: Iterable[Address]) -> Program:
    """Refuse a packet that has none of these addresses at `offset`. Changes A."""
    found: Program = (REFUSE,)
    for address in sorted(addresses):
        found = (*where_equal(offset, address.packed, (Instruction(JUMP, len(found)),)), *found)
    return found


def _demand_peer(family: Family, reach: Reach) -> Program:
    if not reach.unicast:
        return (REFUSE,)
    source = ipv4.SOURCE_AT if family is Family.IPV4 else NETWORK_HEADER + ipv6.SOURCE_AT
    known = demand_any(source, reach.peers) if len(reach.peers) <= MOST_PEERS else ()
    return (*known, *_only(family, reach.unicast, 0))


def _only(family: Family, vrids: frozenset[int], over: int) -> Program:
    """Refuse other VRIDs; go on behind so many more instructions."""
    return (*load_byte(family, VRID_AT), *demand_member(vrids, Instruction(JUMP, 1 + over)))
