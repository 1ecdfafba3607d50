"""The rtnetlink messages about interfaces and addresses: decodes lists and notifications; pure.

See rtnetlink(7). Numbers are those of `linux/rtnetlink.h`, `linux/if_link.h`, `linux/if_addr.h` and `linux/if.h`.
"""

import struct
from collections.abc import Callable
from ipaddress import IPv4Interface
from socket import AF_INET6, AF_UNSPEC
from typing import Final

from msgspec import Struct

from failover.linux.netlink.codec import (
    Payload,
    attributes,
    each_attribute,
    frames,
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

NEW_LINK: Final = 16
DELETE_LINK: Final = 17
SET_LINK: Final = 19
NEW_ADDRESS: Final = 20
DELETE_ADDRESS: Final = 21
_NEW_SETTINGS: Final = 80
_DELETE_SETTINGS: Final = 81

IFA_ADDRESS: Final = 1
IFA_LOCAL: Final = 2
IFA_CACHEINFO: Final = 6
IFA_FLAGS: Final = 8
IFA_PROTO: Final = 11
_IFA_F_SECONDARY: Final = 0x01
_IFA_F_DADFAILED: Final = 0x08
_IFA_F_TENTATIVE: Final = 0x40

IFLA_ADDRESS: Final = 1
IFLA_IFNAME: Final = 3
_IFLA_MTU: Final = 4
IFLA_LINK: Final = 5
_IFLA_MASTER: Final = 10
IFLA_LINKINFO: Final = 18
IFLA_IFALIAS: Final = 20
IFLA_INET_CONF: Final = 1
IFLA_INFO_KIND: Final = 1
_IFLA_INFO_SLAVE_KIND: Final = 4
IFLA_AF_SPEC: Final = 26
_IFLA_INET6_CONF: Final = 2
_NETCONFA_IFINDEX: Final = 1
_NETCONFA_FORWARDING: Final = 2
_MOST_INDEX: Final = (1 << 31) - 1
_IFLA_PROP_LIST: Final = 52
_IFLA_ALT_IFNAME: Final = 53
IFF_UP: Final = 0x1
_IFF_LOOPBACK: Final = 0x8
_IFF_RUNNING: Final = 0x40
_IFF_LOWER_UP: Final = 0x10000

ADDRESS_HEADER: Final = struct.Struct("=BBBBI")
"""`ifaddrmsg`: family, prefix length, flags, scope, ifindex."""
LIFETIMES: Final = struct.Struct("=IIII")
"""`ifa_cacheinfo`: preferred and valid lifetime in seconds, then when the address was made and changed, unused here."""
FOREVER: Final = 0xFFFFFFFF
LINK_HEADER: Final = struct.Struct("=BxHiII")
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
    loopback: bool = False
    altnames: tuple[str, ...] = ()
    """Other names that the kernel knows it by (`ip link property`), which may be longer."""
    forwards_ipv6: bool = True
    """Its IPv6 setting `forwarding`: what the kernel's own Neighbour Advertisements have as Router flag."""
    kind: str = ""
    parent: int | None = None
    alias: str = ""
    """Its sort, such as "macvlan"; the ifindex of what it is on, or connected to; a text (`ip link set alias`)."""


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
    forwards_ipv6: bool | None = None
    """As in `LinkChanged`; None where the message does not say."""


Entry = LinkChanged | LinkRemoved | AddressAdded | AddressRemoved | SettingsChanged


def parse(datagram: bytes) -> list[Entry]:
    """The entries in a datagram; everything else is skipped."""
    entries = (entry(frame) for frame in frames(datagram) if isinstance(frame, Payload))
    return [one for one in entries if one is not None]


def entry(payload: Payload) -> Entry | None:
    """What a message says about an interface; None where it is about something else or cannot be read."""
    reader = _READERS.get(payload.kind)
    return reader(payload.body) if reader else None


def _is_running(flags: int) -> bool:
    """Whether an interface carries traffic: IFF_UP, IFF_LOWER_UP and IFF_RUNNING are all set.

    LOWER_UP is the carrier; when the carrier is lost it is cleared first. RUNNING is the operational state (RFC 2863).
    On interfaces that have none (loopback, tunnels) that is `unknown`, and RUNNING is set. When a carrier comes back,
    RUNNING follows LOWER_UP, and until then the kernel drops what is sent: hence both.
    """
    wanted = IFF_UP | _IFF_LOWER_UP | _IFF_RUNNING
    return flags & wanted == wanted


def _link_changed(body: bytes) -> LinkChanged | None:
    """Decode RTM_NEWLINK. None where the family is AF_BRIDGE: that message is about a port of a bridge."""
    if len(body) < LINK_HEADER.size:
        return None
    family, _, ifindex, flags, _ = LINK_HEADER.unpack_from(body)
    found = attributes(body, LINK_HEADER.size)
    name = text(found.get(IFLA_IFNAME, b""))
    if family != AF_UNSPEC or not name:
        return None
    info = attributes(found.get(IFLA_LINKINFO, b""), 0)
    return LinkChanged(
        ifindex,
        name,
        found.get(IFLA_ADDRESS, b""),
        up=bool(flags & IFF_UP),
        running=_is_running(flags),
        mtu=u32(found.get(_IFLA_MTU)) or 0,
        master=u32(found.get(_IFLA_MASTER)),
        port_of=text(info.get(_IFLA_INFO_SLAVE_KIND, b"")),
        loopback=bool(flags & _IFF_LOOPBACK),
        altnames=_altnames(found.get(_IFLA_PROP_LIST, b"")),
        forwards_ipv6=_forwards_ipv6(found.get(IFLA_AF_SPEC, b"")),
        kind=text(info.get(IFLA_INFO_KIND, b"")),
        parent=u32(found.get(IFLA_LINK)),
        alias=text(found.get(IFLA_IFALIAS, b"")),
    )


def _altnames(properties: bytes) -> tuple[str, ...]:
    return tuple(text(value) for kind, value in each_attribute(properties, 0) if kind == _IFLA_ALT_IFNAME)


def _forwards_ipv6(by_family: bytes) -> bool:
    """The first of the settings that IPv6 has for an interface; True where there are none, as RFC 9568 has routers."""
    settings = attributes(attributes(by_family, 0).get(AF_INET6, b""), 0).get(_IFLA_INET6_CONF, b"")
    return u32(settings[:4]) != 0


def _link_removed(body: bytes) -> LinkRemoved | None:
    """Decode RTM_DELLINK. None where the family is AF_BRIDGE: a port has left its bridge, the interface stays."""
    link = _link_changed(body)
    return LinkRemoved(link.ifindex, link.name) if link else None


def _assigned(body: bytes) -> tuple[int, AssignedAddress] | None:
    if len(body) < ADDRESS_HEADER.size:
        return None
    family, prefix_length, flags, scope, ifindex = ADDRESS_HEADER.unpack_from(body)
    found = attributes(body, ADDRESS_HEADER.size)
    # On a point-to-point interface IFA_ADDRESS is the peer; IPv6 has IFA_LOCAL only there.
    packed = found.get(IFA_LOCAL) or found.get(IFA_ADDRESS, b"")
    address = interned(family, packed, prefix_length)
    if address is None:
        return None
    wide = u32(found.get(IFA_FLAGS))
    protocol = found.get(IFA_PROTO) or b"\0"
    lifetime = _lifetime(found.get(IFA_CACHEINFO, b""))
    return ifindex, AssignedAddress(address, flags if wide is None else wide, scope, protocol[0], lifetime)


def _lifetime(value: bytes) -> PreferredLifetime | None:
    if len(value) < LIFETIMES.size:
        return PreferredLifetime.FOREVER  # as the kernel takes a request that says nothing
    preferred, valid, _, _ = LIFETIMES.unpack_from(value)
    return _LIFETIME_OF.get(preferred) if valid == FOREVER else None


_LIFETIME_OF: Final = {0: PreferredLifetime.NONE, FOREVER: PreferredLifetime.FOREVER}


def _address_added(body: bytes) -> AddressAdded | None:
    found = _assigned(body)
    return AddressAdded(*found) if found else None


def _address_removed(body: bytes) -> AddressRemoved | None:
    found = _assigned(body)
    return AddressRemoved(*found) if found else None


def _settings_changed(body: bytes) -> SettingsChanged | None:
    """Decode RTM_NEWNETCONF or RTM_DELNETCONF. None where it is about all interfaces (-1), or about those to come."""
    # Before the attributes is `netconfmsg`: a byte for the family, and padding.
    found = attributes(body, 4)
    ifindex = u32(found.get(_NETCONFA_IFINDEX)) or 0
    if not 0 < ifindex <= _MOST_INDEX:
        return None
    forwarding = u32(found.get(_NETCONFA_FORWARDING)) if body[0] == AF_INET6 else None
    return SettingsChanged(ifindex, None if forwarding is None else forwarding != 0)


_READERS: Final[dict[int, Callable[[bytes], Entry | None]]] = {
    NEW_LINK: _link_changed,
    DELETE_LINK: _link_removed,
    NEW_ADDRESS: _address_added,
    DELETE_ADDRESS: _address_removed,
    _NEW_SETTINGS: _settings_changed,
    _DELETE_SETTINGS: _settings_changed,
}
