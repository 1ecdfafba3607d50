"""The rtnetlink requests for an interface with a virtual MAC address: a macvlan on the interface of the LAN; pure.

In private mode: what comes from another host with the same MAC address, as a MASTER's advertisements do, is handed to
it, while two on one host hear nothing of each other. It has no address of its own, answers ARP for nothing but what is
on it, and accepts packets whose answer would leave by its parent.
"""

from ipaddress import IPv4Address
from socket import AF_INET, AF_INET6, AF_UNSPEC
from typing import Final

from failover.linux.netlink.codec import CREATE, EXCLUSIVE, REPLACE, attribute, attribute_u32, request
from failover.linux.netlink.rtnetlink import (
    ADDRESS_HEADER,
    DELETE_LINK,
    IFA_ADDRESS,
    IFA_LOCAL,
    IFF_UP,
    IFLA_ADDRESS,
    IFLA_AF_SPEC,
    IFLA_IFALIAS,
    IFLA_IFNAME,
    IFLA_INET_CONF,
    IFLA_INFO_KIND,
    IFLA_LINK,
    IFLA_LINKINFO,
    LINK_HEADER,
    NEW_ADDRESS,
    NEW_LINK,
    SCOPE_HOST,
    SET_LINK,
)

KIND: Final = "macvlan"
LISTENS: Final = IPv4Address("127.112.0.1")
_IFLA_INFO_DATA: Final = 2
_IFLA_MACVLAN_MODE: Final = 1
_MODE_PRIVATE: Final = 1
_IFLA_INET6_ADDR_GEN_MODE: Final = 8
_GENERATES_NONE: Final = b"\1"
_RP_FILTER: Final = 8
_RP_FILTER_LOOSE: Final = 2
_ARP_IGNORE: Final = 19
_ARP_IGNORE_OTHERS: Final = 1


def create(name: str, parent: int, mac: bytes, alias: str) -> list[bytes]:
    """The requests that make it on the interface with index `parent`, and switch it on. EEXIST: the name is taken."""
    mode = attribute(_IFLA_INFO_DATA, attribute_u32(_IFLA_MACVLAN_MODE, _MODE_PRIVATE))
    made = (
        attribute(IFLA_IFNAME, name.encode() + b"\0"),
        attribute(IFLA_ADDRESS, mac),
        attribute_u32(IFLA_LINK, parent),
        attribute(IFLA_LINKINFO, attribute(IFLA_INFO_KIND, KIND.encode()) + mode),
    )
    ipv4 = attribute_u32(_RP_FILTER, _RP_FILTER_LOOSE) + attribute_u32(_ARP_IGNORE, _ARP_IGNORE_OTHERS)
    ipv6 = attribute(_IFLA_INET6_ADDR_GEN_MODE, _GENERATES_NONE)
    families = attribute(IFLA_AF_SPEC, attribute(AF_INET, attribute(IFLA_INET_CONF, ipv4)) + attribute(AF_INET6, ipv6))
    # One after the other: at its making the kernel would not take the settings, and up it would have an address.
    return [
        request(NEW_LINK, CREATE | EXCLUSIVE, LINK_HEADER.pack(AF_UNSPEC, 0, 0, 0, 0) + b"".join(made)),
        request(SET_LINK, 0, _named(name, 0) + attribute(IFLA_IFALIAS, alias.encode()) + families),
        switch_on(name),
    ]


def switch_on(name: str) -> bytes:
    """The request that switches an interface on."""
    return request(SET_LINK, 0, _named(name, IFF_UP))


def listen(index: int) -> bytes:
    """The request by which it hears over IPv4 while it has no virtual address.

    Where reverse paths are checked (`rp_filter`), even loosely, an interface without any address receives nothing
    (`__fib_validate_source` in net/ipv4/fib_frontend.c). This one is of the loopback: nobody can ask for it.
    """
    header = ADDRESS_HEADER.pack(AF_INET, LISTENS.max_prefixlen, 0, SCOPE_HOST, index)
    body = attribute(IFA_LOCAL, LISTENS.packed) + attribute(IFA_ADDRESS, LISTENS.packed)
    return request(NEW_ADDRESS, CREATE | REPLACE, header + body)


def delete(index: int) -> bytes:
    """The request that removes an interface."""
    return request(DELETE_LINK, 0, LINK_HEADER.pack(AF_UNSPEC, 0, index, 0, 0))


def delete_named(name: str) -> bytes:
    """The request that removes the interface of this name."""
    return request(DELETE_LINK, 0, _named(name, 0))


def _named(name: str, flags: int) -> bytes:
    return LINK_HEADER.pack(AF_UNSPEC, 0, 0, flags, flags) + attribute(IFLA_IFNAME, name.encode() + b"\0")
