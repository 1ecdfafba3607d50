"""The constants and small types of VRRP: versions, families, groups, ranges, the virtual MAC address."""

from enum import Enum, IntEnum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from typing import Final

Address = IPv4Address | IPv6Address
VirtualAddress = IPv4Interface | IPv6Interface
"""An address with the prefix length under which it is put on an interface."""
Network = IPv4Network | IPv6Network
"""The addresses that share a prefix."""


class Version(IntEnum):
    """The protocol version: the first 4 bits of an advertisement."""

    V2 = 2
    """RFC 3768, IPv4 only."""
    V3 = 3
    """RFC 9568, IPv4 and IPv6."""


class Family(IntEnum):
    """The address family of a virtual router; the value is the IP version."""

    IPV4 = 4
    IPV6 = 6

    @property
    def label(self) -> str:
        """`ipv4` or `ipv6`, as in status and events."""
        return "ipv4" if self is Family.IPV4 else "ipv6"


class ChecksumForm(Enum):
    """What the checksum of an advertisement covers (RFC 9568 §5.2.8).

    In version 3 over IPv4 implementations differ, so both forms are accepted there.
    """

    MESSAGE = "rfc9568"
    """The VRRP message alone, as RFC 9568 says."""
    PSEUDO_HEADER = "pseudo_header"
    """The message after an IPv4 pseudo-header, as keepalived and FRR read RFC 5798."""


class PreferredLifetime(Enum):
    """Whether a host may take an address as the source of its own new connections (RFC 4862 §5.5.4, RFC 6724 §5).

    The value is what the configuration has.
    """

    NONE = 0
    """Deprecated: the address serves whoever uses it, and the host takes another as source where there is one."""
    FOREVER = "forever"
    """Preferred, as an address that an administrator adds."""


PROTOCOL_NUMBER: Final = 112
"""The IP protocol of VRRP (RFC 9568 §5.1.1.4, §5.1.2.4)."""
HOP_LIMIT: Final = 255
"""The TTL or Hop Limit of every advertisement, sent and received (RFC 9568 §5.1.1.3, §5.1.2.3)."""

ADDRESS_BYTES: Final = {Family.IPV4: 4, Family.IPV6: 16}
"""The length of an address."""

VRIDS: Final = range(1, 256)
PRIORITY_RESIGN: Final = 0
"""Never configured, only sent: the MASTER is resigning (RFC 9568 §5.2.4)."""
PRIORITY_OWNER: Final = 255
"""Reserved to the router that owns the virtual addresses (RFC 9568 §5.2.4)."""
PRIORITY_DEFAULT: Final = 100
PRIORITIES: Final = range(1, 256)

MAX_ADVERTISED_ADDRESSES: Final = 255
"""The count field has eight bits (RFC 9568 §5.2.5)."""

INTERVAL_CENTISECONDS_V3: Final = range(1, 4096)
"""Max Advertise Interval has 12 bits (RFC 9568 §5.2.7)."""
INTERVAL_SECONDS_V2: Final = range(1, 256)
"""Adver Int has 8 bits (RFC 3768 §5.3.7)."""


def virtual_mac(family: Family, vrid: int) -> bytes:
    """The virtual router's MAC address, 6 bytes (RFC 9568 §7.3)."""
    return bytes((0x00, 0x00, 0x5E, 0x00, 0x01 if family is Family.IPV4 else 0x02, vrid))


def family_of(address: Address | VirtualAddress) -> Family:
    """The family that an address belongs to."""
    return Family(address.version)
