"""Which interfaces are members of the VRRP group: as the kernel lists it, whoever has joined."""

from collections.abc import Iterable
from pathlib import Path
from sys import byteorder
from typing import Final

from failover.vrrp.protocol import GROUPS, Family

_LISTS: Final = {Family.IPV4: Path("/proc/thread-self/net/igmp"), Family.IPV6: Path("/proc/thread-self/net/igmp6")}
_IPV4_GROUP: Final = b"%08X" % int.from_bytes(GROUPS[Family.IPV4].packed, byteorder)
_IPV6_GROUP: Final = GROUPS[Family.IPV6].packed.hex().encode()


def members(family: Family) -> frozenset[int] | None:
    """The indices of the interfaces that receive what is sent to the group; None where that is not to be seen."""
    try:
        lines = _LISTS[family].read_bytes().splitlines()  # which keeps together whatever a name may have in it
    except OSError:
        return None
    return frozenset(_ipv4(lines) if family is Family.IPV4 else _ipv6(lines))


def _ipv4(lines: Iterable[bytes]) -> Iterable[int]:
    """A line for each interface, which begins with its index; then one for each of its groups, which is indented."""
    index = 0
    for line in lines:
        word = line.split(maxsplit=1)[0]
        if not line[:1].isspace():
            index = int(word) if word.isdigit() else 0
        elif word == _IPV4_GROUP:
            yield index


def _ipv6(lines: Iterable[bytes]) -> Iterable[int]:
    """A line for each group of an interface: index, name, group, and more."""
    for line in lines:
        index, _, group, *_ = line.split()
        if group == _IPV6_GROUP:
            yield int(index)
