"""The parts of a rule of nftables: what is loaded of a packet, what it is compared with, and the verdict; pure.

Each is a list element for `codec.new_rule`. A rule goes on to its next part as long as all before it held.
"""

from sys import byteorder
from typing import Final

from failover.linux.netlink.codec import attribute
from failover.linux.nftables.codec import LIST_ELEMENT, text, u32

_VERDICT: Final = 0
_REGISTER: Final = 1
"""16 bytes; the next one follows it directly."""
_EQUAL: Final = 0
_UNEQUAL: Final = 1
_UP_TO: Final = 3
_FROM: Final = 5
_DROP: Final = 0
_ACCEPT: Final = 1

_IIF: Final = 4
_IIFNAME: Final = 6
_OIFNAME: Final = 7
_NFPROTO: Final = 15
_L4PROTO: Final = 16
_PKTTYPE: Final = 19
_IIFGROUP: Final = 21
_CT_DIRECTION: Final = 1
_NETWORK_HEADER: Final = 1
_TRANSPORT_HEADER: Final = 2

LOOPBACK_INDEX: Final = 1
"""The index of `lo`, in every network namespace."""


def from_loopback() -> bytes:
    """Holds for what the host has sent to itself."""
    return _meta(_IIF) + _compare(_EQUAL, LOOPBACK_INDEX.to_bytes(4, byteorder))


def is_family(number: int) -> bytes:
    """Holds for packets of an address family (`socket.AF_INET`, `AF_INET6`)."""
    return _meta(_NFPROTO) + _compare(_EQUAL, bytes((number,)))


def is_protocol(number: int) -> bytes:
    """Holds for packets of a protocol above IP (`socket.IPPROTO_*`)."""
    return _meta(_L4PROTO) + _compare(_EQUAL, bytes((number,)))


def has_type(first: int, last: int) -> bytes:
    """Holds where the first byte above IP, the type of an ICMP message, is one of these."""
    load = _payload(_TRANSPORT_HEADER, 0, 1)
    return load + _compare(_FROM, bytes((first,))) + _compare(_UP_TO, bytes((last,)))


def is_answer() -> bytes:
    """Holds for what answers to a connection that the other side of it has not begun (`ct direction reply`)."""
    of = attribute(1, u32(_REGISTER)) + attribute(2, u32(_CT_DIRECTION))
    return _expression("ct", of) + _compare(_EQUAL, b"\1")


def destination_in(name: str, offset: int, size: int) -> bytes:
    """Holds where the destination, which is at this place of the IP header, is in a set."""
    return _payload(_NETWORK_HEADER, offset, size) + _in_set(name)


def interface_and_destination_in(name: str, offset: int, size: int) -> bytes:
    """Holds where the interface that a packet came to, by its name, is in a set together with the destination."""
    return _meta(_IIFNAME) + _payload(_NETWORK_HEADER, offset, size, register=_REGISTER + 1) + _in_set(name)


def came_to(name: str) -> bytes:
    """Holds where the interface that a packet came to is in a set."""
    return _meta(_IIFNAME) + _in_set(name)


def is_to_own_mac() -> bytes:
    """Holds for frames to the MAC address of the interface that they came to, and to no group."""
    return _meta(_PKTTYPE) + _compare(_EQUAL, b"\0")


def is_outside_group(group: int) -> bytes:
    """Holds where the interface that a packet came to is not in a group of interfaces."""
    return _meta(_IIFGROUP) + _compare(_UNEQUAL, group.to_bytes(4, byteorder))


def goes_by(name: str) -> bytes:
    """Holds where the interface that a packet leaves by is in a set."""
    return _meta(_OIFNAME) + _in_set(name)


def goes_by_with(name: str, offset: int, size: int) -> bytes:
    """Holds where the interface that a packet leaves by, with what is there in the header, is in a set."""
    return _meta(_OIFNAME) + _payload(_NETWORK_HEADER, offset, size, register=_REGISTER + 1) + _in_set(name)


def write_by_interface(name: str, offset: int, size: int) -> bytes:
    """Writes into the header what a map has for the interface that a packet leaves by; holds where it has something."""
    found = attribute(1, text(name)) + attribute(2, u32(_REGISTER)) + attribute(3, u32(_REGISTER))
    numbers = ((2, _NETWORK_HEADER), (3, offset), (4, size), (5, _REGISTER), (6, 0), (7, 0))
    written = b"".join(attribute(kind, u32(value)) for kind, value in numbers)
    return _meta(_OIFNAME) + _expression("lookup", found) + _expression("payload", written)


def accept() -> bytes:
    """Has other tables decide."""
    return _verdict(_ACCEPT)


def drop() -> bytes:
    """Drops the packet, whatever other tables say."""
    return _verdict(_DROP)


def _meta(key: int) -> bytes:
    return _expression("meta", attribute(1, u32(_REGISTER)) + attribute(2, u32(key)))


def _payload(base: int, offset: int, size: int, register: int = _REGISTER) -> bytes:
    numbers = (register, base, offset, size)
    return _expression("payload", b"".join(attribute(kind, u32(value)) for kind, value in enumerate(numbers, 1)))


def _compare(how: int, value: bytes) -> bytes:
    data = attribute(3, attribute(1, value))
    return _expression("cmp", attribute(1, u32(_REGISTER)) + attribute(2, u32(how)) + data)


def _in_set(name: str) -> bytes:
    return _expression("lookup", attribute(1, text(name)) + attribute(2, u32(_REGISTER)))


def _verdict(code: int) -> bytes:
    data = attribute(2, attribute(2, attribute(1, u32(code))))
    return _expression("immediate", attribute(1, u32(_VERDICT)) + data)


def _expression(name: str, data: bytes) -> bytes:
    return attribute(LIST_ELEMENT, attribute(1, text(name)) + attribute(2, data))
