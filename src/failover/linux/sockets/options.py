"""The options of our raw sockets as data, and the calls that apply them and say whose failure it was."""

import socket
from struct import Struct
from typing import Final, NamedTuple

from failover.linux.errors import reason
from failover.linux.sockets.outbox import Destination
from failover.vrrp.advertisement import CHECKSUM_AT
from failover.vrrp.protocol import GROUPS, Family

# Options of asm-generic/socket.h, linux/in.h and linux/in6.h that the socket module has no name for.
_SO_SNDBUFFORCE: Final = 32
_SO_RCVBUFFORCE: Final = 33
_SO_BINDTOIFINDEX: Final = 62
_SO_TIMESTAMPNS: Final = 35
_IP_MULTICAST_ALL: Final = 49
_IPV6_MULTICAST_ALL: Final = 29
_IPV6_HDRINCL: Final = 36
_SO_MEMINFO: Final = 55
_MEMINFO: Final = Struct("@9I")
_MEMINFO_DROPS: Final = 8

_IP_MREQN: Final = Struct("@4s4si")
_IPV6_MREQ: Final = Struct("@16si")
_SOCKADDR_IN: Final = Struct("=HH4s8x")
_SOCKADDR_IN6: Final = Struct("=HHI16sI")
_NO_ADDRESS: Final = bytes(4)
_TC_PRIO_CONTROL: Final = 7

DOMAINS: Final = {Family.IPV4: socket.AF_INET, Family.IPV6: socket.AF_INET6}


class Option(NamedTuple):
    """One `setsockopt`."""

    name: str
    """For the message when it fails."""
    level: int
    number: int
    value: int | bytes


class Membership(NamedTuple):
    """Of a multicast group, on one interface."""

    join: Option
    leave: Option


class Buffer(NamedTuple):
    """Two options for the size of one buffer."""

    forced: int
    """Past the host's limit; wants CAP_NET_ADMIN."""
    limited: int


PRIORITY_CONTROL: Final = Option("SO_PRIORITY", socket.SOL_SOCKET, socket.SO_PRIORITY, _TC_PRIO_CONTROL)
"""What we send goes into the first band of the interface's default queue."""

ARRIVAL_TIME: Final = Option("SO_TIMESTAMPNS", socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
"""Each packet comes with the wall-clock time of its arrival."""

RECEIVE_BUFFER: Final = Buffer(_SO_RCVBUFFORCE, socket.SO_RCVBUF)
SEND_BUFFER: Final = Buffer(_SO_SNDBUFFORCE, socket.SO_SNDBUF)


def bind_to(index: int) -> Option:
    """Receive from this interface alone."""
    return Option("SO_BINDTOIFINDEX", socket.SOL_SOCKET, _SO_BINDTOIFINDEX, index)


def advertisement_options(family: Family, index: int) -> tuple[Option, ...]:
    """In the order in which they are set; the socket is bound to its interface first.

    HDRINCL: what we send has its IP header. MULTICAST_LOOP 0: this host's other sockets do not see it.
    MULTICAST_ALL 0: only groups that this very socket joined.
    """
    bind = bind_to(index)
    if family is Family.IPV4:
        interface = _IP_MREQN.pack(_NO_ADDRESS, _NO_ADDRESS, index)
        return (
            bind,
            PRIORITY_CONTROL,
            ARRIVAL_TIME,
            Option("IP_HDRINCL", socket.IPPROTO_IP, socket.IP_HDRINCL, 1),
            Option("IP_MULTICAST_IF", socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface),
            Option("IP_MULTICAST_LOOP", socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0),
            Option("IP_MULTICAST_ALL", socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0),
        )
    return (
        bind,
        PRIORITY_CONTROL,
        ARRIVAL_TIME,
        Option("IPV6_HDRINCL", socket.IPPROTO_IPV6, _IPV6_HDRINCL, 1),
        Option("IPV6_MULTICAST_IF", socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index),
        Option("IPV6_MULTICAST_LOOP", socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0),
        Option("IPV6_MULTICAST_ALL", socket.IPPROTO_IPV6, _IPV6_MULTICAST_ALL, 0),
        Option("IPV6_RECVHOPLIMIT", socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1),
        Option("IPV6_RECVPKTINFO", socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1),
    )


def membership(family: Family, index: int) -> Membership:
    """Of the VRRP group, by interface index: no address is needed."""
    group = GROUPS[family]
    if family is Family.IPV4:
        level, join, leave = socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.IP_DROP_MEMBERSHIP
        request = _IP_MREQN.pack(group.packed, _NO_ADDRESS, index)
    else:
        level, join, leave = socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.IPV6_LEAVE_GROUP
        request = _IPV6_MREQ.pack(group.packed, index)
    return Membership(
        Option(f"joining {group}", level, join, request),
        Option(f"leaving {group}", level, leave, request),
    )


def group_destination(family: Family, index: int) -> Destination:
    """The VRRP group, for a datagram to it."""
    group = GROUPS[family]
    if family is Family.IPV4:
        return Destination(_SOCKADDR_IN.pack(socket.AF_INET, 0, group.packed), (str(group), 0))
    return Destination(_SOCKADDR_IN6.pack(socket.AF_INET6, 0, 0, group.packed, index), (str(group), 0, 0, index))


def checksum_check(*, on: bool) -> Option:
    """Whether the kernel refuses IPv6 messages with a wrong checksum; what we send has its own either way (HDRINCL)."""
    return Option("IPV6_CHECKSUM", socket.IPPROTO_IPV6, socket.IPV6_CHECKSUM, CHECKSUM_AT if on else -1)


def demand_interface(owner: str, index: int) -> str:
    """The name that an interface has now; `OSError` ENXIO where no interface has that index."""
    try:
        return socket.if_indextoname(index)
    except OSError as error:
        raise failed(owner, f"interface index {index}", error) from error


def open_raw(owner: str, domain: int, protocol: int) -> socket.socket:
    """A raw socket that never blocks and no child process inherits. `owner` is for messages."""
    try:
        return socket.socket(domain, socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, protocol)
    except OSError as error:
        raise failed(owner, "opening it", error) from error


def configure(sock: socket.socket, owner: str, option: Option) -> None:
    """Set one option."""
    try:
        sock.setsockopt(option.level, option.number, option.value)
    except OSError as error:
        raise failed(owner, option.name, error) from error


def grow(sock: socket.socket, buffer: Buffer, size_bytes: int) -> None:
    """Enlarge a buffer, up to the host's limit where passing it is not permitted."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, buffer.forced, size_bytes)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, buffer.limited, size_bytes)


def drops(sock: socket.socket) -> int:
    """How many packets a socket had no room for since it was opened, modulo 2**32; over IPv6 with wrong checksums."""
    told = sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
    return int(_MEMINFO.unpack(told)[_MEMINFO_DROPS])


def failed(owner: str, step: str, error: OSError) -> OSError:
    """The same error, of the same class, that says whose it is and at which step."""
    return OSError(error.errno, f"{owner}: {step}: {reason(error)}")
