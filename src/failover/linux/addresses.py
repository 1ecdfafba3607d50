"""Virtual addresses as batches of requests, made when the configuration is loaded; a transition only sends them.

Pure: `netlink_socket.Netlink.apply` sends a batch and says what failed.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from errno import EADDRNOTAVAIL, EEXIST, ENODEV, ENXIO
from os import strerror
from typing import Final

from msgspec import Struct

from failover.linux.netlink import batch
from failover.linux.rtnetlink import AssignedAddress, add_address, remove_address
from failover.vrrp.protocol import VirtualAddress

_DATAGRAM_REQUESTS: Final = 1500
"""Requests in one datagram. Each has at most 80 bytes, so that a datagram stays well below 212992 bytes, the send
buffer that the kernel gives unasked; the limit on real ones is 120 kB."""

_ALREADY_THERE: Final = frozenset({EEXIST})
_ALREADY_GONE: Final = frozenset({EADDRNOTAVAIL, ENODEV, ENXIO})
"""No such address, no such interface any more, no IPv6 on it any more."""


class Datagram(Struct, frozen=True):
    """Requests that go to the kernel in one write."""

    content: bytes
    sequences: range
    """The sequence numbers of the requests; the last one asks for an acknowledgement."""


class Batch(Struct, frozen=True):
    """Requests, ready to be sent, that change the addresses of one interface."""

    ifindex: int
    addresses: tuple[VirtualAddress, ...]
    """Request n, from 0 on, is about address n."""
    datagrams: tuple[Datagram, ...]
    tolerated: frozenset[int]
    """Error numbers that mean: it was so already."""


class Failure(Struct, frozen=True):
    """An address that could not be added or removed."""

    ifindex: int
    address: VirtualAddress
    errno: int
    text: str = ""
    """The kernel's own words, where it has any."""

    def __str__(self) -> str:
        """Such as `2001:db8::1/64: Permission denied (ipv6: IPv6 is disabled on this device)`."""
        return f"{self.address}: {strerror(self.errno)}{f' ({self.text})' if self.text else ''}"


def prepare_add(ifindex: int, addresses: Sequence[VirtualAddress]) -> Batch:
    """The batch that puts addresses on an interface, in this order."""
    return _prepare(add_address, ifindex, tuple(addresses), _ALREADY_THERE)


def prepare_remove(ifindex: int, addresses: Sequence[VirtualAddress]) -> Batch:
    """The batch that takes addresses off an interface, the last added first.

    The other way round, the first IPv4 address of a subnet would take along those that came after it.
    """
    return _prepare(remove_address, ifindex, tuple(reversed(addresses)), _ALREADY_GONE)


def tagged(addresses: Iterable[AssignedAddress]) -> tuple[VirtualAddress, ...]:
    """Those that a daemon like this one put there, for the clean-up after one that was killed."""
    return tuple(assigned.address for assigned in addresses if assigned.is_tagged)


def _prepare(
    encode: Callable[[int, VirtualAddress], bytes],
    ifindex: int,
    addresses: tuple[VirtualAddress, ...],
    tolerated: Collection[int],
) -> Batch:
    requests = [encode(ifindex, address) for address in addresses]
    datagrams = []
    for start in range(0, len(requests), _DATAGRAM_REQUESTS):
        part = requests[start : start + _DATAGRAM_REQUESTS]
        datagrams.append(Datagram(batch(part, start), range(start, start + len(part))))
    return Batch(ifindex, addresses, tuple(datagrams), frozenset(tolerated))
