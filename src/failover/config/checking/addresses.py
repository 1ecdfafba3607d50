"""Parses one virtual address of the file, and checks that a host can have it."""

from contextlib import suppress
from ipaddress import IPv4Address, IPv4Interface, IPv6Interface
from typing import Final

from failover.config.checking.settings import Complaint
from failover.vrrp.protocol import VirtualAddress

ADDRESS_FORM: Final = '"ADDRESS/LENGTH", or "ADDRESS" for a /32 or /128'
"""How an address is written: the one rule, in the words of every report, of the schema and of the documentation."""

LONGEST_TEXT: Final = 64
"""Characters; an IPv6 address with its prefix length takes at most 49."""

NO_HOST_PART_BITS: Final = 1
"""With this many host bits or fewer (/31 and /32, /127 and /128) any address may be a host's (RFC 3021, RFC 6164)."""

_BROADCAST: Final = IPv4Address("255.255.255.255")


def parse_address(text: str) -> VirtualAddress | Complaint:
    """The address that `text` is by the rule of `ADDRESS_FORM`; or what is wrong with it."""
    if len(text) > LONGEST_TEXT:
        return _no_address(text)
    address, slash, length = text.partition("/")
    if (length.isdecimal() and length.isascii()) or not slash:
        with suppress(ValueError):
            return IPv6Interface(text) if ":" in address else IPv4Interface(text)
    return _no_address(text)


def host_complaint(address: VirtualAddress) -> Complaint | None:
    """Why no host can have `address`; None where one can.

    Every address that is of use on an interface is allowed, be it private, shared, link-local or reserved.
    """
    ip = address.ip
    message: str | None = None
    if isinstance(address, IPv6Interface) and address.scope_id is not None:
        return _no_address(str(address))
    if ip.is_unspecified:
        message = "is the unspecified address"
    elif ip.is_multicast:
        message = "is a multicast address"
    elif ip.is_loopback:
        message = "is a loopback address, which never leaves a host"
    elif isinstance(address, IPv6Interface) and address.ipv4_mapped is not None:
        return Complaint("is an IPv4 address in IPv6 form", f'write "{address.ipv4_mapped}"')
    elif ip == _BROADCAST:
        message = "is the broadcast address"
    elif address.network.prefixlen == 0:
        message = "has prefix length 0, which covers every address"
    else:
        message = _end_of_network(address)
    return Complaint(message) if message else None


def _end_of_network(address: VirtualAddress) -> str | None:
    host_bits = address.max_prefixlen - address.network.prefixlen
    if host_bits <= NO_HOST_PART_BITS:
        return None
    host = int(address.ip) & ((1 << host_bits) - 1)
    if host == 0:
        # In IPv6 it is the Subnet-Router anycast address: every router of the network answers to it (RFC 4291 §2.6.1).
        return "is the address of the network itself, not of a host in it"
    if host == (1 << host_bits) - 1 and isinstance(address, IPv4Interface):
        return "is the broadcast address of its network"
    return None


def _no_address(text: str) -> Complaint:
    from failover.config.foreign.addresses import complaint  # noqa: PLC0415 - for a wrong file only

    return complaint(text)
