"""The rtnetlink messages about interfaces and addresses: encodes requests, decodes lists and notifications; pure.

See rtnetlink(7). Numbers are those of `linux/rtnetlink.h`, `linux/if_link.h`, `linux/if_addr.h` and `linux/if.h`.
"""

import struct
from collections.abc import Callable
from ipaddress import IPv4Interface, IPv6Interface
from socket import AF_INET, AF_INET6, AF_UNSPEC
from typing import Final

from msgspec import Struct

from failover.linux.netlink.codec import (
    CREATE,
    DUMP,
    REPLACE,
    Payload,
    attribute,
    attribute_u32,
    attributes,
    frames,
    request,
    text,
    u32,
)
from failover.linux.netlink.interning import interned
from failover.vrrp.protocol import PROTOCOL_NUMBER, PreferredLifetime, VirtualAddress

ADDRESS_PROTOCOL: Final = PROTOCOL_NUMBER
"""The daemon's tag on an address that it adds: IFA_PROTO, since Linux 5.18; older kernels ignore it."""

LINK_GROUP: Final = 0x1
"""The group of notifications about interfaces, as a bit mask: RTNLGRP_LINK."""
ADDRESS_GROUPS: Final = 0x10 | 0x100
"""The groups of notifications about addresses: RTNLGRP_IPV4_IFADDR and RTNLGRP_IPV6_IFADDR."""
SETTINGS_GROUPS: Final = 0x800000 | 0x1000000
"""Those about the parts of interfaces that belong to a family: RTNLGRP_IPV4_NETCONF and RTNLGRP_IPV6_NETCONF."""

SCOPE_GLOBAL: Final = 0
SCOPE_HOST: Final = 254

_NEW_LINK: Final = 16
_DELETE_LINK: Final = 17
_GET_LINK: Final = 18
_SET_LINK: Final = 19
_NEW_ADDRESS: Final = 20
_DELETE_ADDRESS: Final = 21
_GET_ADDRESS: Final = 22
_NEW_SETTINGS: Final = 80
_DELETE_SETTINGS: Final = 81

_IFA_ADDRESS: Final = 1
_IFA_LOCAL: Final = 2
_IFA_CACHEINFO: Final = 6
_IFA_FLAGS: Final = 8
_IFA_PROTO: Final = 11
_IFA_F_SECONDARY: Final = 0x01
_IFA_F_NODAD: Final = 0x02
_IFA_F_DADFAILED: Final = 0x08
_IFA_F_TENTATIVE: Final = 0x40

_IFLA_ADDRESS: Final = 1
_IFLA_IFNAME: Final = 3
_IFLA_MTU: Final = 4
_IFLA_MASTER: Final = 10
_IFLA_LINKINFO: Final = 18
_IFLA_INFO_SLAVE_KIND: Final = 4
_IFLA_AF_SPEC: Final = 26
_IFLA_INET_CONF: Final = 1
_IPV4_DEVCONF_PROMOTE_SECONDARIES: Final = 20
_IFLA_EXT_MASK: Final = 29
_SKIP_STATISTICS: Final = 0x8
_NETCONFA_IFINDEX: Final = 1
_MOST_INDEX: Final = (1 << 31) - 1
_IFF_UP: Final = 0x1
_IFF_RUNNING: Final = 0x40
_IFF_LOWER_UP: Final = 0x10000

_ADDRESS: Final = struct.Struct("=BBBBI")
"""`ifaddrmsg`: family, prefix length, flags, scope, ifindex."""
_LIFETIMES: Final = struct.Struct("=IIII")
"""`ifa_cacheinfo`: preferred and valid lifetime in seconds, then when the address was made and changed, unused here."""
_FOREVER: Final = 0xFFFFFFFF
_LINK: Final = struct.Struct("=BxHiII")
"""`ifinfomsg`: family, hardware type, ifindex, flags, change mask."""


class AssignedAddress(Struct, frozen=True):
    """An address on an interface, as the kernel describes it."""

    address: VirtualAddress
    flags: int
    """IFA_F_*."""
    scope: int
    """RT_SCOPE_*: the smaller the number, the wider the scope."""
    protocol: int
    """IFA_PROTO: who added the address; 0 where that is not known."""
    lifetime: PreferredLifetime | None = PreferredLifetime.FOREVER
    """None where one of its lifetimes is finite: it will be deprecated, or gone, by itself."""

    @property
    def is_secondary(self) -> bool:
        """IPv4: an earlier address of the same subnet is the primary, and its removal may remove this one too."""
        return bool(self.flags & _IFA_F_SECONDARY) and isinstance(self.address, IPv4Interface)

    @property
    def is_tentative(self) -> bool:
        """IPv6: duplicate address detection has not ended, so the address must not be used yet."""
        return bool(self.flags & _IFA_F_TENTATIVE)

    @property
    def is_duplicate(self) -> bool:
        """IPv6: duplicate address detection found another owner on the LAN."""
        return bool(self.flags & _IFA_F_DADFAILED)

    @property
    def is_tagged(self) -> bool:
        """Whether this daemon, or one like it, put the address there."""
        return self.protocol == ADDRESS_PROTOCOL


class LinkChanged(Struct, frozen=True):
    """An interface as it is now: new, changed, or listed."""

    ifindex: int
    name: str
    mac: bytes
    """The hardware address: 6 bytes on Ethernet, empty on interfaces that have none."""
    up: bool
    """Switched on by the administrator."""
    running: bool
    """Switched on, with a carrier, and operational for the kernel; see `_is_running`."""
    mtu: int
    master: int | None
    """The ifindex of the bridge, bond or VRF that the interface belongs to."""
    port_of: str = ""
    """The kind of `master`: "bridge", "bond", "vrf" or another; empty where there is none."""


class LinkRemoved(Struct, frozen=True):
    """An interface is gone from this network namespace."""

    ifindex: int
    name: str


class AddressAdded(Struct, frozen=True):
    """An interface has this address: new, changed, or listed."""

    ifindex: int
    assigned: AssignedAddress


class AddressRemoved(Struct, frozen=True):
    """An interface does not have this address any more."""

    ifindex: int
    assigned: AssignedAddress


class SettingsChanged(Struct, frozen=True):
    """A family's part of an interface has come or gone, or has other settings. The kernel tells of it afterwards."""

    ifindex: int


Entry = LinkChanged | LinkRemoved | AddressAdded | AddressRemoved | SettingsChanged


def add_address(
    ifindex: int, address: VirtualAddress, lifetime: PreferredLifetime = PreferredLifetime.FOREVER
) -> bytes:
    """The request that adds a virtual address to an interface. Where it is there, it gets this lifetime and our tag.

    An IPv6 address skips duplicate address detection: a moment ago the old MASTER had it, and it must answer at once.
    """
    more = attribute(_IFA_PROTO, bytes((ADDRESS_PROTOCOL,)))
    if isinstance(address, IPv6Interface):
        more += attribute_u32(_IFA_FLAGS, _IFA_F_NODAD)
    if lifetime is PreferredLifetime.NONE:
        more += attribute(_IFA_CACHEINFO, _LIFETIMES.pack(0, _FOREVER, 0, 0))
    return request(_NEW_ADDRESS, CREATE | REPLACE, _address_body(ifindex, address) + more)


def remove_address(ifindex: int, address: VirtualAddress) -> bytes:
    """The request that removes an address from an interface; the prefix length must be the same too."""
    return request(_DELETE_ADDRESS, 0, _address_body(ifindex, address))


def promote_secondaries(ifindex: int) -> bytes:
    """The request that sets `promote_secondaries` on an interface.

    When an IPv4 primary address is removed, the next one of its subnet then becomes the primary.
    """
    setting = attribute_u32(_IPV4_DEVCONF_PROMOTE_SECONDARIES, 1)
    nested = attribute(_IFLA_AF_SPEC, attribute(AF_INET, attribute(_IFLA_INET_CONF, setting)))
    return request(_SET_LINK, 0, _LINK.pack(AF_UNSPEC, 0, ifindex, 0, 0) + nested)


def dump_links() -> bytes:
    """The request that lists every interface, without its statistics."""
    fixed = _LINK.pack(AF_UNSPEC, 0, 0, 0, 0)
    return request(_GET_LINK, DUMP, fixed + attribute_u32(_IFLA_EXT_MASK, _SKIP_STATISTICS))


def dump_addresses() -> bytes:
    """The request that lists every address of both families."""
    return request(_GET_ADDRESS, DUMP, _ADDRESS.pack(AF_UNSPEC, 0, 0, 0, 0))


def parse(datagram: bytes) -> list[Entry]:
    """The entries in a datagram; everything else is skipped."""
    entries = (entry(frame) for frame in frames(datagram) if isinstance(frame, Payload))
    return [one for one in entries if one is not None]


def entry(payload: Payload) -> Entry | None:
    """What a message says about an interface; None where it is about something else or cannot be read."""
    reader = _READERS.get(payload.kind)
    return reader(payload.body) if reader else None


def _address_body(ifindex: int, address: VirtualAddress) -> bytes:
    family = AF_INET if isinstance(address, IPv4Interface) else AF_INET6
    fixed = _ADDRESS.pack(family, address.network.prefixlen, 0, SCOPE_GLOBAL, ifindex)
    return fixed + attribute(_IFA_LOCAL, address.packed) + attribute(_IFA_ADDRESS, address.packed)


def _is_running(flags: int) -> bool:
    """Whether an interface carries traffic: IFF_UP, IFF_LOWER_UP and IFF_RUNNING are all set.

    LOWER_UP is the carrier; when the carrier is lost it is cleared first. RUNNING is the operational state (RFC 2863).
    On interfaces that have none (loopback, tunnels) that is `unknown`, and RUNNING is set. When a carrier comes back,
    RUNNING follows LOWER_UP, and until then the kernel drops what is sent: hence both.
    """
    wanted = _IFF_UP | _IFF_LOWER_UP | _IFF_RUNNING
    return flags & wanted == wanted


def _link_changed(body: bytes) -> LinkChanged | None:
    """Decode RTM_NEWLINK. None where the family is AF_BRIDGE: that message is about a port of a bridge."""
    if len(body) < _LINK.size:
        return None
    family, _, ifindex, flags, _ = _LINK.unpack_from(body)
    found = attributes(body, _LINK.size)
    name = text(found.get(_IFLA_IFNAME, b""))
    if family != AF_UNSPEC or not name:
        return None
    return LinkChanged(
        ifindex,
        name,
        found.get(_IFLA_ADDRESS, b""),
        up=bool(flags & _IFF_UP),
        running=_is_running(flags),
        mtu=u32(found.get(_IFLA_MTU)) or 0,
        master=u32(found.get(_IFLA_MASTER)),
        port_of=text(attributes(found.get(_IFLA_LINKINFO, b""), 0).get(_IFLA_INFO_SLAVE_KIND, b"")),
    )


def _link_removed(body: bytes) -> LinkRemoved | None:
    """Decode RTM_DELLINK. None where the family is AF_BRIDGE: a port has left its bridge, the interface stays."""
    link = _link_changed(body)
    return LinkRemoved(link.ifindex, link.name) if link else None


def _assigned(body: bytes) -> tuple[int, AssignedAddress] | None:
    if len(body) < _ADDRESS.size:
        return None
    family, prefix_length, flags, scope, ifindex = _ADDRESS.unpack_from(body)
    found = attributes(body, _ADDRESS.size)
    # On a point-to-point interface IFA_ADDRESS is the peer; IPv6 has IFA_LOCAL only there.
    packed = found.get(_IFA_LOCAL) or found.get(_IFA_ADDRESS, b"")
    address = interned(family, packed, prefix_length)
    if address is None:
        return None
    wide = u32(found.get(_IFA_FLAGS))
    protocol = found.get(_IFA_PROTO) or b"\0"
    lifetime = _lifetime(found.get(_IFA_CACHEINFO, b""))
    return ifindex, AssignedAddress(address, flags if wide is None else wide, scope, protocol[0], lifetime)


def _lifetime(value: bytes) -> PreferredLifetime | None:
    if len(value) < _LIFETIMES.size:
        return PreferredLifetime.FOREVER  # as the kernel takes a request that says nothing
    preferred, valid, _, _ = _LIFETIMES.unpack_from(value)
    return _LIFETIME_OF.get(preferred) if valid == _FOREVER else None


_LIFETIME_OF: Final = {0: PreferredLifetime.NONE, _FOREVER: PreferredLifetime.FOREVER}


def _address_added(body: bytes) -> AddressAdded | None:
    found = _assigned(body)
    return AddressAdded(*found) if found else None


def _address_removed(body: bytes) -> AddressRemoved | None:
    found = _assigned(body)
    return AddressRemoved(*found) if found else None


def _settings_changed(body: bytes) -> SettingsChanged | None:
    """Decode RTM_NEWNETCONF or RTM_DELNETCONF. None where it is about all interfaces (-1), or about those to come."""
    # Before the attributes is `netconfmsg`: a byte for the family, and padding.
    ifindex = u32(attributes(body, 4).get(_NETCONFA_IFINDEX)) or 0
    return SettingsChanged(ifindex) if 0 < ifindex <= _MOST_INDEX else None


_READERS: Final[dict[int, Callable[[bytes], Entry | None]]] = {
    _NEW_LINK: _link_changed,
    _DELETE_LINK: _link_removed,
    _NEW_ADDRESS: _address_added,
    _DELETE_ADDRESS: _address_removed,
    _NEW_SETTINGS: _settings_changed,
    _DELETE_SETTINGS: _settings_changed,
}
