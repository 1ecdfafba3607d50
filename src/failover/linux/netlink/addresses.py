"""Virtual addresses as batches of requests, made when the configuration is loaded; a transition only sends them.

Pure: `netlink_socket.Netlink.apply` sends a batch and says what failed.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from errno import EADDRNOTAVAIL, EEXIST, ENODEV, ENXIO
from os import strerror
from typing import Final

from msgspec import Struct

from failover.linux.netlink.codec import Refused, batch
from failover.linux.netlink.rtnetlink import AssignedAddress, add_address, remove_address
from failover.vrrp.protocol import VirtualAddress

PORTION: Final = 64
"""Requests in one datagram: half a millisecond's work, after which others have their turn. To write 500 addresses in
eight portions instead of one costs 20 us of 4 ms."""

_ALREADY_THERE: Final = frozenset({EEXIST})
_ALREADY_GONE: Final = frozenset({EADDRNOTAVAIL, ENODEV, ENXIO})
"""No such address, no such interface any more, no IPv6 on it any more."""


class Datagram(Struct, frozen=True):
    """Requests that go to the kernel in one write."""

    content: bytes
    sequences: range
    """The sequence numbers of the requests; the last one asks for an acknowledgement."""

    def __len__(self) -> int:
        return len(self.sequences)


class Batch(Struct, frozen=True):
    """Requests, ready to be sent, that change the addresses of one interface."""

    ifindex: int
    addresses: tuple[VirtualAddress, ...]
    first: int
    """Request `first + n` is about address n."""
    datagrams: tuple[Datagram, ...]
    tolerated: frozenset[int]
    """Error numbers that mean: it was so already."""

    def failures(self, refused: Iterable[Refused]) -> tuple["Failure", ...]:
        """What the kernel's refusals come to."""
        return tuple(
            Failure(self.ifindex, self.addresses[one.sequence - self.first], one.errno, one.text)
            for one in refused
            if one.errno not in self.tolerated
        )


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


def prepare_add(ifindex: int, addresses: Sequence[VirtualAddress], first: int = 0) -> Batch:
    """The batch that puts addresses on an interface, in this order; its requests are numbered from `first` on."""
    return _prepare(add_address, ifindex, tuple(addresses), first, _ALREADY_THERE)


def prepare_remove(ifindex: int, addresses: Sequence[VirtualAddress], first: int = 0) -> Batch:
    """The batch that takes addresses off an interface, the last added first.

    The other way round, the first IPv4 address of a subnet would take along those that came after it.
    """
    return _prepare(remove_address, ifindex, tuple(reversed(addresses)), first, _ALREADY_GONE)


def tagged(addresses: Iterable[AssignedAddress]) -> tuple[VirtualAddress, ...]:
    """Those that a daemon like this one put there, for the clean-up after one that was killed."""
    return tuple(assigned.address for assigned in addresses if assigned.is_tagged)


def _prepare(
    encode: Callable[[int, VirtualAddress], bytes],
    ifindex: int,
    addresses: tuple[VirtualAddress, ...],
    first: int,
    tolerated: Collection[int],
) -> Batch:
    requests = [encode(ifindex, address) for address in addresses]
    datagrams = []
    for start in range(0, len(requests), PORTION):
        part = requests[start : start + PORTION]
        number = first + start
        datagrams.append(Datagram(batch(part, number), range(number, number + len(part))))
    return Batch(ifindex, addresses, first, tuple(datagrams), frozenset(tolerated))
