"""Batches of netlink requests that add or remove virtual addresses. Prepared ahead: a transition only sends them.

Pure: `connection.Netlink` sends a batch and says what failed.
"""

from collections.abc import Collection, Iterable, Sequence
from errno import EADDRNOTAVAIL, EEXIST, ENODEV, ENXIO
from ipaddress import IPv4Interface
from os import strerror
from typing import Final

from msgspec import Struct

from failover.linux.netlink.codec import Refused, batch
from failover.linux.netlink.requests import add_address, remove_address, set_group
from failover.linux.netlink.rtnetlink import AssignedAddress
from failover.vrrp.protocol import PreferredLifetime, VirtualAddress

PORTION: Final = 64
"""How many requests one datagram has: half a millisecond's work for the kernel, after which other work gets its turn.
To write 500 addresses in eight portions instead of one costs 20 us of 4 ms."""

_ALREADY_THERE: Final = frozenset({EEXIST})
_ALREADY_GONE: Final = frozenset({EADDRNOTAVAIL, ENODEV, ENXIO})
"""Errors of a removal that mean that the address is gone: no such address, interface gone, IPv6 switched off on it."""


class Datagram(Struct, frozen=True):
    """Requests that go to the kernel in one write."""

    content: bytes
    sequences: range
    """The sequence numbers of the requests; the last one asks for an acknowledgement."""

    def __len__(self) -> int:
        return len(self.sequences)


class Batch(Struct, frozen=True):
    """Requests, ready to be sent, that add or remove addresses on one interface."""

    ifindex: int
    addresses: tuple[VirtualAddress, ...]
    first: int
    """The first sequence number: request `first + n` is about `addresses[n]`."""
    datagrams: tuple[Datagram, ...]
    tolerated: frozenset[int]
    """Error numbers that are no failure: the address was there, or gone, already."""

    def failures(self, refused: Iterable[Refused]) -> tuple["Failure", ...]:
        """The failures among the kernel's refusals: those that are not tolerated, each with its address."""
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
    """The kernel's explanation, where it gives one."""

    def __str__(self) -> str:
        """Such as `2001:db8::1/64: Permission denied (ipv6: IPv6 is disabled on this device)`."""
        return f"{self.address}: {strerror(self.errno)}{f' ({self.text})' if self.text else ''}"


def prepare_add(
    ifindex: int,
    addresses: Sequence[VirtualAddress],
    first: int = 0,
    lifetime: PreferredLifetime = PreferredLifetime.FOREVER,
    group: int | None = None,
) -> Batch:
    """The batch that adds addresses to an interface, in this order. Its requests are numbered from `first` on.

    Those that are there get this lifetime. `group` is one that the interface joins before, by one more request.
    """
    requests = [add_address(ifindex, address, lifetime) for address in addresses]
    if group is None:
        return _prepare(requests, ifindex, tuple(addresses), first, _ALREADY_THERE)
    requests.insert(0, set_group(ifindex, group))
    return _prepare(requests, ifindex, (addresses[0], *addresses), first, _ALREADY_THERE)


def prepare_remove(
    ifindex: int, addresses: Sequence[VirtualAddress], first: int = 0, group: int | None = None
) -> Batch:
    """The batch that removes addresses from an interface, the last one first; its requests begin with number `first`.

    In the other order, removing the first IPv4 address of a subnet could remove the later ones too (`secondaries`).
    `group` is one that the interface joins afterwards.
    """
    reverse = tuple(reversed(addresses))
    requests = [remove_address(ifindex, address) for address in reverse]
    if group is None:
        return _prepare(requests, ifindex, reverse, first, _ALREADY_GONE)
    requests.append(set_group(ifindex, group))
    return _prepare(requests, ifindex, (*reverse, reverse[-1]), first, _ALREADY_GONE)


STEPS_BEHIND: Final = 4
"""How many requests `prepare_behind` needs for an address."""


def prepare_behind(ifindex: int, addresses: Sequence[VirtualAddress], first: int = 0) -> Batch:
    """The batch that puts IPv4 addresses behind all others, and those of their subnets; a subnet's primary first.

    The kernel has no request for that: an address must go and come back. So that the host has it all the time, it is
    added with another prefix length meanwhile (`_placeholder`). The interface needs `promote_secondaries`, or
    everything in a subnet goes with its primary.
    """
    placeholders = [_placeholder(address) for address in addresses]
    steps = (
        (placeholders, add_address),
        (list(reversed(addresses)), remove_address),
        (addresses, add_address),
        (placeholders, remove_address),
    )
    about = tuple(address for concerned, _ in steps for address in concerned)
    requests = [encode(ifindex, address) for concerned, encode in steps for address in concerned]
    return _prepare(requests, ifindex, about, first, _ALREADY_GONE)


def _placeholder(address: VirtualAddress) -> IPv4Interface:
    """The same address, alone in its subnet, or nearly so: where it is alone anyway, in that of two addresses."""
    longest = address.max_prefixlen
    return IPv4Interface((address.packed, longest if address.network.prefixlen < longest else longest - 1))


def tagged(addresses: Iterable[AssignedAddress]) -> tuple[VirtualAddress, ...]:
    """The addresses that have the daemon's tag (IFA_PROTO), for the clean-up after a daemon that was killed."""
    return tuple(assigned.address for assigned in addresses if assigned.is_tagged)


def _prepare(
    requests: Sequence[bytes],
    ifindex: int,
    addresses: tuple[VirtualAddress, ...],
    first: int,
    tolerated: Collection[int],
) -> Batch:
    """The batch of these requests, request `n` about `addresses[n]`."""
    datagrams = []
    for start in range(0, len(requests), PORTION):
        part = requests[start : start + PORTION]
        number = first + start
        datagrams.append(Datagram(batch(list(part), number), range(number, number + len(part))))
    return Batch(ifindex, addresses, first, tuple(datagrams), frozenset(tolerated))
