"""The options of our raw sockets as data, and the calls that apply them, with errors that say which socket and step."""

import socket
from ipaddress import IPv4Address
from struct import Struct
from typing import Final, NamedTuple

from failover.linux.errors import reason
from failover.linux.sockets.outbox import Destination
from failover.vrrp.packet.advertisement import CHECKSUM_AT
from failover.vrrp.protocol import Address, Family

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
_MEMBERSHIP_MARK: Final = bytes((0, 0, 0, 112))
"""An address that no interface has. Beside an index the kernel does not use it on joining, but notes it."""
_TC_PRIO_CONTROL: Final = 7

DOMAINS: Final = {Family.IPV4: socket.AF_INET, Family.IPV6: socket.AF_INET6}


class Option(NamedTuple):
    """One `setsockopt`."""

    name: str
    """What the error message calls it."""
    level: int
    number: int
    value: int | bytes


class Buffer(NamedTuple):
    """The numbers of the two options that set the size of one buffer (socket(7))."""

    forced: int
    """Not limited by the host; needs CAP_NET_ADMIN."""
    limited: int
    """Limited by net.core.rmem_max or net.core.wmem_max."""


PRIORITY_CONTROL: Final = Option("SO_PRIORITY", socket.SOL_SOCKET, socket.SO_PRIORITY, _TC_PRIO_CONTROL)
"""TC_PRIO_CONTROL: what we send goes into the first band of the interface's default queue (pfifo_fast)."""

ARRIVAL_TIME: Final = Option("SO_TIMESTAMPNS", socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
"""Each received packet comes with the wall-clock time of its arrival."""

RECEIVE_BUFFER: Final = Buffer(_SO_RCVBUFFORCE, socket.SO_RCVBUF)
SEND_BUFFER: Final = Buffer(_SO_SNDBUFFORCE, socket.SO_SNDBUF)


def bind_to(index: int) -> Option:
    """Receive from the interface with this index only (Linux 5.1)."""
    return Option("SO_BINDTOIFINDEX", socket.SOL_SOCKET, _SO_BINDTOIFINDEX, index)


def advertisement_options(family: Family, index: int) -> tuple[Option, ...]:
    """The options of an advertisement socket, to be set in this order: it is bound to its interface first.

    HDRINCL: what we send includes the IP header. MULTICAST_LOOP 0: other sockets of this host do not receive it.
    MULTICAST_ALL 0: receive only the groups that this very socket has joined. See ip(7), ipv6(7).
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


def join_group(group: Address, index: int) -> Option:
    """Joins a group on the interface with this index, which needs no address. Closing the socket leaves it."""
    return _membership(f"joining {group}", group, index, socket.IP_ADD_MEMBERSHIP, socket.IPV6_JOIN_GROUP)


def leave_group(group: Address, index: int) -> Option:
    """Undoes `join_group`."""
    return _membership(f"leaving {group}", group, index, socket.IP_DROP_MEMBERSHIP, socket.IPV6_LEAVE_GROUP)


def _membership(name: str, group: Address, index: int, ipv4: int, ipv6: int) -> Option:
    if isinstance(group, IPv4Address):
        return Option(name, socket.IPPROTO_IP, ipv4, _IP_MREQN.pack(group.packed, _MEMBERSHIP_MARK, index))
    return Option(name, socket.IPPROTO_IPV6, ipv6, _IPV6_MREQ.pack(group.packed, index))


def forget_group(group: Address) -> Option | None:
    """Undoes `join_group` on the socket alone, not on any interface; None where the kernel has no such thing (IPv6).

    For a membership that went with the interface's part in which it was. It is found by the mark, an address that no
    interface has: so the kernel finds no interface to leave.
    """
    if not isinstance(group, IPv4Address):
        return None
    request = _IP_MREQN.pack(group.packed, _MEMBERSHIP_MARK, 0)
    return Option("forgetting the group", socket.IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, request)


def destination_of(address: Address, index: int) -> Destination:
    """A group, or a host, by the interface with this index, as the destination of a datagram."""
    if isinstance(address, IPv4Address):
        return Destination(_SOCKADDR_IN.pack(socket.AF_INET, 0, address.packed), (str(address), 0))
    return Destination(_SOCKADDR_IN6.pack(socket.AF_INET6, 0, 0, address.packed, index), (str(address), 0, 0, index))


def checksum_check(*, on: bool) -> Option:
    """Whether the kernel drops IPv6 messages with a wrong checksum (IPV6_CHECKSUM).

    What we send is not affected: with HDRINCL the kernel leaves its checksum alone.
    """
    return Option("IPV6_CHECKSUM", socket.IPPROTO_IPV6, socket.IPV6_CHECKSUM, CHECKSUM_AT if on else -1)


def demand_interface(owner: str, index: int) -> str:
    """The name that the interface with this index has now; `OSError` ENXIO where there is none."""
    try:
        return socket.if_indextoname(index)
    except OSError as error:
        raise failed(owner, f"interface index {index}", error) from error


def open_raw(owner: str, domain: int, protocol: int) -> socket.socket:
    """A raw socket, non-blocking and not inherited by children. `owner` is what error messages call it.

    `OSError` where the kernel refuses; `PermissionError` without CAP_NET_RAW.
    """
    try:
        return socket.socket(domain, socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, protocol)
    except OSError as error:
        raise failed(owner, "opening it", error) from error


def configure(sock: socket.socket, owner: str, option: Option) -> None:
    """Set one option. `OSError` names `owner` and the option."""
    try:
        sock.setsockopt(option.level, option.number, option.value)
    except OSError as error:
        raise failed(owner, option.name, error) from error


def grow(sock: socket.socket, buffer: Buffer, size_bytes: int) -> None:
    """Set a buffer's size: beyond the host's limit with CAP_NET_ADMIN, else up to that limit."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, buffer.forced, size_bytes)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, buffer.limited, size_bytes)


def drops(sock: socket.socket) -> int:
    """How many packets a socket has dropped since it was opened, modulo 2**32 (SO_MEMINFO).

    For lack of buffer; over IPv6 also those with wrong checksums, where the kernel checks them.
    """
    told = sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
    return int(_MEMINFO.unpack(told)[_MEMINFO_DROPS])


def failed(owner: str, step: str, error: OSError) -> OSError:
    """An error of the same class and number whose text names the socket (`owner`) and the step that failed."""
    return OSError(error.errno, f"{owner}: {step}: {reason(error)}")
