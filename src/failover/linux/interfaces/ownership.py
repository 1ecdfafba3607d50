"""Whose address is it? The one rule by which an address stays on an interface or is taken off; pure.

It goes by who holds the address, and by what the host would lose without it. The engine asks at its start, when a fault
is over, and whenever addresses come; `failover teardown` asks as well. Whoever asks says what it knows (`Asker`).
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import NamedTuple

from failover.linux.interfaces.readiness import source_address
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.rtnetlink import AssignedAddress
from failover.vrrp.protocol import Address, VirtualAddress, family_of

IsAnothers = Callable[[str, VirtualAddress], bool]
"""Whether another living daemon has claimed an address on the interface of that name."""


def nobody_knows(_interface: str, _address: VirtualAddress) -> bool:
    """An `IsAnothers` where claims cannot be seen: what is not configured here may be another's."""
    return True


class Whose(Enum):
    """To whom an address on an interface belongs."""

    HOST = "the host itself: it stays"
    OURS = "a MASTER here holds it, or will in a moment"
    ANOTHERS = "another living daemon has claimed it"
    NOBODYS = "a daemon that is dead has left it, or somebody has put it there who must not"


class Asker(NamedTuple):
    """What whoever asks knows about one interface."""

    virtual: AbstractSet[Address]
    """What its configuration has there as virtual, of routers that are no address owners."""
    is_anothers: IsAnothers
    held: AbstractSet[VirtualAddress] = frozenset()
    """What its own MASTERs hold."""


def whose(assigned: AssignedAddress, interface: Interface, asker: Asker) -> Whose:
    """To whom an address belongs that is on an interface.

    The mark says only that a daemon put it there, not which one, nor whether that lives. An address without a mark is
    the host's own unless it is configured as virtual, and even then if it is its last one of the family: no router
    could run then, and the host may be reachable by that address alone.
    """
    address = assigned.address
    if address in asker.held:
        return Whose.OURS
    if not assigned.is_tagged and (address.ip not in asker.virtual or _is_last(address, interface, asker)):
        return Whose.HOST
    if asker.is_anothers(interface.name, address):
        return Whose.ANOTHERS
    return Whose.NOBODYS


def nobodys(interface: Interface, asker: Asker) -> tuple[VirtualAddress, ...]:
    """The addresses that are to be taken off an interface, in the order in which they are there."""
    return tuple(one.address for one in interface.addresses if whose(one, interface, asker) is Whose.NOBODYS)


def _is_last(address: VirtualAddress, interface: Interface, asker: Asker) -> bool:
    return source_address(interface, family_of(address), asker.virtual) is None
