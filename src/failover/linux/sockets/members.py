"""Which interfaces are members of which multicast groups: as the kernel lists it, whoever has joined."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from sys import byteorder
from typing import Final

from failover.vrrp.protocol import Address, Family

Member = tuple[int, Address]
"""The index of an interface, and a group that it receives."""

_LISTS: Final = {Family.IPV4: Path("/proc/thread-self/net/igmp"), Family.IPV6: Path("/proc/thread-self/net/igmp6")}


def members(family: Family) -> frozenset[Member] | None:
    """All memberships of a family; None where they are not to be seen."""
    try:
        lines = _LISTS[family].read_bytes().splitlines()  # which keeps together whatever a name may have in it
    except OSError:
        return None
    return frozenset(_ipv4(lines) if family is Family.IPV4 else _ipv6(lines))


def _ipv4(lines: Iterable[bytes]) -> Iterable[Member]:
    """A line for each interface, which begins with its index; then one for each of its groups, which is indented."""
    index = 0
    for line in lines:
        word = line.split(maxsplit=1)[0]
        if not line[:1].isspace():
            index = int(word) if word.isdigit() else 0
        elif index:
            yield index, IPv4Address(int(word, 16).to_bytes(4, byteorder))


def _ipv6(lines: Iterable[bytes]) -> Iterable[Member]:
    """A line for each group of an interface: index, name, group, and more."""
    for line in lines:
        index, _, group, *_ = line.split()
        yield int(index), IPv6Address(bytes.fromhex(group.decode()))
