"""Drops what others send to some of the host's addresses (Accept_Mode False, RFC 9568 §6.4.3), by nftables.

ARP is not IP and passes; so do Neighbour Solicitations and Advertisements, what the host sends to itself, and what
answers to connections that it has begun with such an address. What is forwarded is not looked at.
"""

from collections.abc import Collection
from ipaddress import IPv4Address
from socket import AF_INET, AF_INET6, IPPROTO_ICMPV6
from typing import Final

from failover.linux.nftables import codec, expressions
from failover.linux.nftables.codec import Hook, Table, TableFamily
from failover.linux.nftables.connection import NftablesSocket
from failover.vrrp.protocol import Address

_CHAIN: Final = "input"
_PRIORITY: Final = 0
_IPV4: Final = "ipv4"
_IPV6: Final = "ipv6"
_LINK_LOCAL: Final = "ipv6_link_local"
_SETS: Final = {
    _IPV4: codec.IPV4_ADDRESS,
    _IPV6: codec.IPV6_ADDRESS,
    _LINK_LOCAL: codec.INTERFACE_AND_IPV6_ADDRESS,
}
_IPV4_DESTINATION: Final = (16, 4)
_IPV6_DESTINATION: Final = (24, 16)
"""Offset and size in the header."""
_NEIGHBOUR_SOLICITATION: Final = 135
_NEIGHBOUR_ADVERTISEMENT: Final = 136

InterfaceAddress = tuple[str, Address]
"""The name of an interface, and an address on it."""


class AddressFilter:
    """Of one process: a table `failover-N`, where N is the number of its socket."""

    def __init__(self) -> None:
        """Open its socket; `OSError` where the kernel refuses."""
        self._socket = NftablesSocket()
        self._table = Table(TableFamily.INET, f"failover-{self._socket.number}")
        self._is_made = False

    def change(self, added: Collection[InterfaceAddress], removed: Collection[InterfaceAddress]) -> None:
        """Drop what is sent to some more addresses, and no longer what is sent to others that were added before.

        An address counts whatever interface a packet comes to; a link-local one is another on each. `OSError` where
        the kernel refuses: all stays as it was.
        """
        made = [] if self._is_made else _made(self._table)
        more, less = _elements(added), _elements(removed)
        requests = [
            *made,
            *(one for name in _SETS for one in codec.delete_elements(self._table, name, less[name])),
            *(one for name in _SETS for one in codec.add_elements(self._table, name, more[name])),
        ]
        if requests:
            self._socket.carry_out(requests)
            self._is_made = True

    def close(self) -> None:
        """Drop nothing more."""
        self._socket.close()


def _made(table: Table) -> list[bytes]:
    """The requests for the table with all that never changes in it."""
    accept, drop = expressions.accept(), expressions.drop()
    ipv4, ipv6 = expressions.is_family(AF_INET), expressions.is_family(AF_INET6)
    neighbours = expressions.is_protocol(IPPROTO_ICMPV6) + expressions.has_type(
        _NEIGHBOUR_SOLICITATION, _NEIGHBOUR_ADVERTISEMENT
    )
    rules = (
        (expressions.from_loopback(), accept),
        (ipv6, neighbours, accept),
        (expressions.is_answer(), accept),
        (ipv4, expressions.destination_in(_IPV4, *_IPV4_DESTINATION), drop),
        (ipv6, expressions.destination_in(_IPV6, *_IPV6_DESTINATION), drop),
        (ipv6, expressions.interface_and_destination_in(_LINK_LOCAL, *_IPV6_DESTINATION), drop),
    )
    return [
        codec.new_table(table),
        codec.new_chain(table, _CHAIN, Hook.INPUT, _PRIORITY),
        *(codec.new_set(table, name, key, number) for number, (name, key) in enumerate(_SETS.items(), 1)),
        *(codec.new_rule(table, _CHAIN, *rule) for rule in rules),
    ]


def _elements(addresses: Collection[InterfaceAddress]) -> dict[str, list[bytes]]:
    """The keys of these addresses, by the set that they belong in."""
    found: dict[str, list[bytes]] = {name: [] for name in _SETS}
    for name, address in addresses:
        if isinstance(address, IPv4Address):
            found[_IPV4].append(address.packed)
        elif address.is_link_local:
            found[_LINK_LOCAL].append(codec.interface(name) + address.packed)
        else:
            found[_IPV6].append(address.packed)
    return found
