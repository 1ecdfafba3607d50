"""What is wrong with the addresses of a virtual router, or with the host's own, and stays so for now. Pure."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

from failover.linux.netlink.addresses import Failure
from failover.vrrp import VirtualAddress, VirtualRouter
from failover.wording import cloned

_NAMED: Final = 3
"""Addresses that are named where there may be hundreds."""


class Duplicate(NamedTuple):
    """Another host that advertises from our own address."""

    address: str
    mac: str
    is_clone: bool = False
    """Whether it does so from our own MAC address as well. Then it may be our own packets, in a loop of the network."""

    def words(self, interface: str) -> str:
        """As a sentence."""
        if self.is_clone:
            return cloned({"interface": interface})
        return f"another host ({self.mac}) has this host's address {self.address}: give one of them another address"


class Conflict(NamedTuple):
    """What is wrong with a router's addresses; empty where nothing is."""

    contested: frozenset[VirtualAddress] = frozenset()
    """What another program keeps adding, and we keep removing."""
    own: frozenset[VirtualAddress] = frozenset()
    """What is the host's own, and stays on the interface whoever is MASTER, although the router is no address owner."""

    kept: frozenset[VirtualAddress] = frozenset()
    """Of an address owner's, what is the host's own: it stays also while the owner cannot run."""
    duplicate: Duplicate | None = None
    """Who has the address that the router advertises from, beside this host."""

    def words(self, interface: str) -> str | None:
        """All of it as a sentence; None where nothing is wrong."""
        parts = []
        if self.duplicate:
            parts.append(self.duplicate.words(interface))
        if self.contested:
            what = f"another program, such as keepalived, keeps adding {listed(self.contested)} to {interface}"
            parts.append(f"{what}: stop that program")
        if self.own:
            parts.append(
                f"{listed(self.own)} stays on {interface} in every state, because it is the host's own address"
            )
        return "; ".join(parts) or None

    def words_in_a_fault(self, interface: str) -> str | None:
        """What another MASTER and this host both have, while the router cannot run, as a sentence."""
        if not self.kept:
            return None
        return (
            f"{listed(self.kept)} stays on {interface} all the same, because it is the host's own address; another host"
            " may be MASTER and have it, too"
        )


NONE: Final = Conflict()


def conflict_of(
    router: VirtualRouter, contested: Collection[VirtualAddress], own: Collection[VirtualAddress]
) -> Conflict:
    """What of these, on the interface of a router, are its addresses. Those of an address owner may be."""
    if not (contested or own):
        return NONE
    here = frozenset(address.ip for address in router.held_addresses)
    if router.is_address_owner:
        return Conflict(kept=frozenset(address for address in own if address.ip in here))
    return Conflict(
        frozenset(address for address in contested if address.ip in here),
        frozenset(address for address in own if address.ip in here),
    )


def refused_in_words(failures: Sequence[Failure], interface: str) -> str | None:
    """Which addresses of a MASTER are missing on its interface, as a sentence; None where none is."""
    if not failures:
        return None
    more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
    return f"this host is MASTER, and could not add its address to {interface}: {failures[0]}{more}"


def listed(addresses: Iterable[VirtualAddress]) -> str:
    """As a text, in a fixed order where they have none."""
    ordered = sorted(addresses, key=lambda one: (one.version, one)) if isinstance(addresses, frozenset) else addresses
    return ", ".join(map(str, ordered))


def some(addresses: frozenset[VirtualAddress]) -> str:
    """The first ones, and how many more there are: a line of the log names no five hundred."""
    first = sorted(addresses, key=lambda one: (one.version, one))[:_NAMED]
    more = len(addresses) - len(first)
    return listed(first) + (f" and {more} more" if more else "")
