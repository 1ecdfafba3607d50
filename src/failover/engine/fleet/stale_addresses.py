"""Virtual addresses on an interface that nobody here holds: left by a killed daemon, or added by somebody else.

Pure: what is to go, not how.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from failover.engine.port.port import Port
from failover.engine.router.instance import Instance
from failover.linux.interfaces.table import Interface
from failover.vrrp import VirtualAddress, VirtualRouter
from failover.vrrp.protocol import family_of


def unheld(port: Port, instances: Iterable[Instance], *, tagged_too: bool) -> tuple[VirtualAddress, ...]:
    """The addresses on an interface that belong to its routers, `instances`, and that none holds, or will in a moment.

    With another prefix length they are as good as held by nobody. An address owner's addresses are the host's
    own. Nor is one counted that leaves its family without a source: no router could run then, and the host may be
    reachable by that address alone.
    """
    interface = port.seen
    if interface is None:
        return ()
    held = port.moving.union(*(one.held for one in instances if one.is_master))
    others = [assigned for assigned in interface.addresses if assigned.address not in held]
    mine = port.virtual_addresses
    return tuple(
        one.address
        for one in others
        if (tagged_too and one.is_tagged)
        or (one.address.ip in mine and port.readiness[family_of(one.address)].source is not None)
    )


def foreign(router: VirtualRouter, interface: Interface) -> AbstractSet[VirtualAddress]:
    """The virtual addresses that are the host's own: an address owner's, where the administrator configured them."""
    if not router.is_address_owner:
        return frozenset()
    own = {assigned.address for assigned in interface.addresses if not assigned.is_tagged}
    return own.intersection(router.held_addresses)
