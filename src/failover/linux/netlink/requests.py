"""The rtnetlink requests of the daemon: to list interfaces and addresses, and to add and remove addresses; pure.

See rtnetlink(7). Numbers are those of `linux/rtnetlink.h`, `linux/if_link.h`, `linux/if_addr.h` and `linux/if.h`.
"""

from ipaddress import IPv4Interface, IPv6Interface
from socket import AF_INET, AF_INET6, AF_UNSPEC
from typing import Final

from failover.linux.netlink.codec import CREATE, DUMP, REPLACE, attribute, attribute_u32, request
from failover.linux.netlink.rtnetlink import (
    ADDRESS_HEADER,
    ADDRESS_PROTOCOL,
    DELETE_ADDRESS,
    FOREVER,
    IFA_ADDRESS,
    IFA_CACHEINFO,
    IFA_FLAGS,
    IFA_LOCAL,
    IFA_PROTO,
    IFLA_AF_SPEC,
    IFLA_INET_CONF,
    LIFETIMES,
    LINK_HEADER,
    NEW_ADDRESS,
    SCOPE_GLOBAL,
    SET_LINK,
)
from failover.vrrp.protocol import PreferredLifetime, VirtualAddress

_GET_LINK: Final = 18
_GET_ADDRESS: Final = 22
_IFA_F_NODAD: Final = 0x02
_IPV4_DEVCONF_PROMOTE_SECONDARIES: Final = 20
_IFLA_GROUP: Final = 27
_IFLA_EXT_MASK: Final = 29
_SKIP_STATISTICS: Final = 0x8


def add_address(
    ifindex: int, address: VirtualAddress, lifetime: PreferredLifetime = PreferredLifetime.FOREVER
) -> bytes:
    """The request that adds a virtual address to an interface. Where it is there, it gets this lifetime and our tag.

    An IPv6 address skips duplicate address detection: a moment ago the old MASTER had it, and it must answer at once.
    """
    more = attribute(IFA_PROTO, bytes((ADDRESS_PROTOCOL,)))
    if isinstance(address, IPv6Interface):
        more += attribute_u32(IFA_FLAGS, _IFA_F_NODAD)
    if lifetime is PreferredLifetime.NONE:
        more += attribute(IFA_CACHEINFO, LIFETIMES.pack(0, FOREVER, 0, 0))
    return request(NEW_ADDRESS, CREATE | REPLACE, _address_body(ifindex, address) + more)


def remove_address(ifindex: int, address: VirtualAddress) -> bytes:
    """The request that removes an address from an interface; the prefix length must be the same too."""
    return request(DELETE_ADDRESS, 0, _address_body(ifindex, address))


def promote_secondaries(ifindex: int) -> bytes:
    """The request that sets `promote_secondaries` on an interface.

    When an IPv4 primary address is removed, the next one of its subnet then becomes the primary.
    """
    setting = attribute_u32(_IPV4_DEVCONF_PROMOTE_SECONDARIES, 1)
    nested = attribute(IFLA_AF_SPEC, attribute(AF_INET, attribute(IFLA_INET_CONF, setting)))
    return request(SET_LINK, 0, LINK_HEADER.pack(AF_UNSPEC, 0, ifindex, 0, 0) + nested)


def set_group(ifindex: int, group: int) -> bytes:
    """The request that puts an interface into a group of interfaces (`ip link set group`)."""
    return request(SET_LINK, 0, LINK_HEADER.pack(AF_UNSPEC, 0, ifindex, 0, 0) + attribute_u32(_IFLA_GROUP, group))


def dump_links() -> bytes:
    """The request that lists every interface, without its statistics."""
    fixed = LINK_HEADER.pack(AF_UNSPEC, 0, 0, 0, 0)
    return request(_GET_LINK, DUMP, fixed + attribute_u32(_IFLA_EXT_MASK, _SKIP_STATISTICS))


def dump_addresses() -> bytes:
    """The request that lists every address of both families."""
    return request(_GET_ADDRESS, DUMP, ADDRESS_HEADER.pack(AF_UNSPEC, 0, 0, 0, 0))


def _address_body(ifindex: int, address: VirtualAddress) -> bytes:
    family = AF_INET if isinstance(address, IPv4Interface) else AF_INET6
    fixed = ADDRESS_HEADER.pack(family, address.network.prefixlen, 0, SCOPE_GLOBAL, ifindex)
    return fixed + attribute(IFA_LOCAL, address.packed) + attribute(IFA_ADDRESS, address.packed)
