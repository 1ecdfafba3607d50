"""Keeps interfaces with virtual MAC addresses, and their parents, from saying what would mislead others, by nftables.

A virtual MAC address belongs to whoever is MASTER: a switch sends its packets where it has seen it last. So a BACKUP
must not send with it, not even reports of multicast groups, and an old MASTER must not answer the announcement of a new
one. What is sent to it is for the MASTER alone. And only with it may ARP be answered for a virtual address, not with
the parent's own MAC address.
"""

from collections.abc import Collection
from ipaddress import IPv4Address
from socket import AF_INET, AF_INET6, IPPROTO_ICMPV6, IPPROTO_IGMP
from typing import Final, NamedTuple

from failover.linux.nftables import codec, expressions
from failover.linux.nftables.codec import Hook, Table, TableFamily
from failover.linux.nftables.connection import NftablesSocket

ACTIVE_GROUP: Final = 112
WAITING_GROUP: Final = 0
"""The groups of interfaces (`ip link set group`) whose router is MASTER, and of all others."""

_LINKS: Final = "links"
_ASKED: Final = "asked"
_TOLD: Final = "told"
_SOURCES: Final = "sources"
_ARP_SENDER: Final = (14, 4)
_ARP_TARGET: Final = (24, 4)
"""Offset and size in an ARP message."""
_BEFORE_OTHERS: Final = -300
_ROUTER_ADVERTISEMENT: Final = 134
_REDIRECT: Final = 137
_MLD_REPORTS: Final = (131, 132)
_MLD2_REPORT: Final = 143


class FilteredLink(NamedTuple):
    """An interface with a virtual MAC address."""

    name: str
    parent: str
    source: IPv4Address | None
    """The parent's own address, from which it asks for others'."""
    addresses: tuple[IPv4Address, ...]
    """The virtual addresses over IPv4."""


class LinkFilter:
    """Of one process: tables `failover-links-N`, where N is the number of its socket."""

    def __init__(self) -> None:
        """Open its socket; `OSError` where the kernel refuses."""
        self._socket = NftablesSocket()
        name = f"failover-links-{self._socket.number}"
        self._inet, self._arp = Table(TableFamily.INET, name), Table(TableFamily.ARP, name)
        self._is_made = False

    def guard(self, links: Collection[FilteredLink]) -> None:
        """Guard these, and no others. `OSError` where the kernel refuses: all stays as it was."""
        made = [] if self._is_made else [*_made_inet(self._inet), *_made_arp(self._arp)]
        names = [codec.interface(link.name) for link in links]
        asked = [codec.interface(link.parent) + address.packed for link in links for address in link.addresses]
        told = [codec.interface(link.name) + address.packed for link in links for address in link.addresses]
        sources = {codec.interface(link.parent): link.source.packed for link in links if link.source is not None}
        self._socket.carry_out(
            [
                *made,
                codec.flush(self._inet, _LINKS),
                *(codec.flush(self._arp, name) for name in (_ASKED, _TOLD, _SOURCES)),
                *codec.add_elements(self._inet, _LINKS, names),
                *codec.add_elements(self._arp, _ASKED, asked),
                *codec.add_elements(self._arp, _TOLD, told),
                *codec.add_pairs(self._arp, _SOURCES, list(sources.items())),
            ]
        )
        self._is_made = True

    def close(self) -> None:
        """Guard nothing more."""
        self._socket.close()


def _made_inet(table: Table) -> list[bytes]:
    drop, ipv6 = expressions.drop(), expressions.is_family(AF_INET6)
    icmp = expressions.is_protocol(IPPROTO_ICMPV6)
    comes, goes = expressions.came_to(_LINKS), expressions.goes_by(_LINKS)
    incoming = (
        (comes, ipv6, icmp, expressions.has_type(_ROUTER_ADVERTISEMENT, _ROUTER_ADVERTISEMENT), drop),
        (comes, ipv6, icmp, expressions.has_type(_REDIRECT, _REDIRECT), drop),
    )
    is_waiting = (comes, expressions.is_to_own_mac(), expressions.is_outside_group(ACTIVE_GROUP), drop)
    outgoing = (
        (goes, expressions.is_family(AF_INET), expressions.is_protocol(IPPROTO_IGMP), drop),
        (goes, ipv6, icmp, expressions.has_type(*_MLD_REPORTS), drop),
        (goes, ipv6, icmp, expressions.has_type(_MLD2_REPORT, _MLD2_REPORT), drop),
    )
    return [
        codec.new_table(table),
        codec.new_chain(table, "prerouting", Hook.PREROUTING, _BEFORE_OTHERS),
        codec.new_chain(table, "input", Hook.INPUT, 0),
        codec.new_chain(table, "output", Hook.OUTPUT, 0),
        codec.new_set(table, _LINKS, codec.INTERFACE, 1),
        codec.new_rule(table, "prerouting", *is_waiting),
        *(codec.new_rule(table, "input", *rule) for rule in incoming),
        *(codec.new_rule(table, "output", *rule) for rule in outgoing),
    ]


def _made_arp(table: Table) -> list[bytes]:
    drop = expressions.drop()
    is_asked = expressions.interface_and_destination_in(_ASKED, *_ARP_TARGET)
    is_told = expressions.interface_and_destination_in(_TOLD, *_ARP_SENDER)
    asks_from = expressions.goes_by_with(_ASKED, *_ARP_SENDER)
    return [
        codec.new_table(table),
        codec.new_chain(table, "input", codec.ARP_INPUT, 0),
        codec.new_chain(table, "output", codec.ARP_OUTPUT, 0),
        codec.new_set(table, _ASKED, codec.INTERFACE_AND_IPV4_ADDRESS, 2),
        codec.new_set(table, _TOLD, codec.INTERFACE_AND_IPV4_ADDRESS, 3),
        codec.new_map(table, _SOURCES, codec.INTERFACE, codec.IPV4_ADDRESS, 4),
        codec.new_rule(table, "input", is_asked, drop),
        codec.new_rule(table, "input", is_told, drop),
        codec.new_rule(table, "output", asks_from, expressions.write_by_interface(_SOURCES, *_ARP_SENDER)),
    ]
