"""Whose address is it? The one rule by which an address stays on an interface or is taken off; pure.

It goes by who holds the address, and by what the host would lose without it. The engine asks at its start, when a fault
is over, and whenever addresses come; `failover teardown` asks as well. Whoever asks says what it knows (`Asker`).
"""

import os
import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Final, NamedTuple

from failover.linux.interfaces.readiness import source_address
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.rtnetlink import AssignedAddress
from failover.vrrp.protocol import Address, Family, VirtualAddress, family_of

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
    own: AbstractSet[VirtualAddress] = frozenset()
    """What is known as the host's own (`recognised`), whatever the configuration says of it."""


def whose(assigned: AssignedAddress, interface: Interface, asker: Asker) -> Whose:
    """To whom an address belongs that is on an interface.

    The mark says only that a daemon put it there, not which one, nor whether that lives. An address without a mark is
    the host's own unless it is configured as virtual, and even then if it is its last one of the family: no router
    could run then, and the host may be reachable by that address alone.
    """
    address = assigned.address
    if address in asker.own:
        return Whose.HOST
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


def keeps_marks(release: str) -> bool:
    """Whether a kernel of this release (uname(2)) keeps who has added an address (IFA_PROTO): Linux 5.18 and later.

    Not by what has a mark on an interface: where another program made all of its addresses, nothing has one.
    """
    found = re.match(r"(\d+)\.(\d+)", release)
    return found is not None and (int(found[1]), int(found[2])) >= _MARKS_SINCE


_MARKS_SINCE: Final = (5, 18)
MARKS_ARE_KEPT: Final = keeps_marks(os.uname().release)
"""Of the kernel that runs here."""


class Own(NamedTuple):
    """Addresses of an interface that are the host's own although a configuration has them as virtual."""

    owned: frozenset[VirtualAddress] = frozenset()
    """Those of an address owner, that the host had by itself, with whatever prefix length; also when that is an owner
    no longer."""
    only: frozenset[VirtualAddress] = frozenset()
    """Where the host had no other of the kind, before there was a daemon."""
    tells_who: bool = MARKS_ARE_KEPT
    """Whether the kernel says who has added an address: what has no mark, none of us has put there."""

    @property
    def all(self) -> frozenset[VirtualAddress]:
        """Both sorts."""
        return self.owned | self.only


class Lists(NamedTuple):
    """What is configured on an interface, and what a daemon has put there."""

    virtual: AbstractSet[Address]
    """As in `Asker`."""
    owned: AbstractSet[VirtualAddress] = frozenset()
    """The addresses of address owners."""
    installed: AbstractSet[VirtualAddress] = frozenset()
    """What MASTERs here have added."""
    coming: AbstractSet[Address] = frozenset()
    """What a reload is about to make virtual there, and is not so yet."""


def recognised(before: Own, interface: Interface, lists: Lists, *, is_new: bool) -> Own:
    """The host's own addresses as the interface is now, from what was known `before`.

    By who put an address there: what an owner finds is the host's, and stays the host's when it is an owner no more,
    or when the list loses it. What an owner has added becomes the host's when somebody puts it there anew, as
    systemd-networkd and `ip address replace` do. An owner's own address that is gone is not put back, unless the
    interface `is_new`, or was out of use: the kernel may have removed it then.
    """
    tells_who = before.tells_who or any(one.protocol for one in interface.addresses)
    unmarked = frozenset(one.address for one in interface.addresses if not one.is_tagged)
    there = unmarked if tells_who else unmarked - lists.installed
    known = before.owned & unmarked if is_new else before.owned
    listed = {address.ip for address in lists.owned}
    owned = frozenset(one for one in known | there if one.ip in listed) | (known & unmarked)
    newly = frozenset(one for one in unmarked if one.ip in lists.coming)
    candidates = unmarked if is_new and tells_who else (before.only & unmarked) | newly
    virtual = lists.virtual | lists.coming
    only = frozenset(one for one in candidates if one.ip in virtual and _is_only_wide(one, interface, virtual))
    return Own(owned, only, tells_who)


def _is_only_wide(address: VirtualAddress, interface: Interface, virtual: AbstractSet[Address]) -> bool:
    """Whether the host would keep link-local addresses of the family at most: its others are what it is reached by.

    Over IPv4 a host without any keeps it anyway, and no router runs (`_is_last`).
    """
    others = [
        one.address
        for one in interface.addresses
        if not one.is_tagged and one.address.version == address.version and one.address.ip not in virtual
    ]
    counts = bool(others) or family_of(address) is Family.IPV6
    return counts and all(one.is_link_local for one in others) and not address.is_link_local
