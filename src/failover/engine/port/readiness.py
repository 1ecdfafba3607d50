"""What the virtual routers of a port need of its interface: whether they can run, and what they send from."""

from collections.abc import Container
from dataclasses import dataclass

from failover.linux.faults import interface_missing
from failover.linux.interfaces.readiness import fault, own_addresses, own_networks, source_address, source_for
from failover.linux.interfaces.table import Interface
from failover.vrrp import Address, Family, Fault, VirtualRouter
from failover.vrrp.protocol import Network


@dataclass(frozen=True, slots=True)
class Readiness:
    """What the routers of one family need of the interface."""

    fault: Fault | None
    source: Address | None
    """The address that advertisements come from, unless a router has another one."""
    mac: bytes
    mtu: int
    """Bytes."""
    networks: tuple[Network, ...] = ()
    """Those that the host has addresses of its own in."""
    own: tuple[Address, ...] = ()
    """All addresses of the host's own there, if some router asks for one of them."""
    is_router: bool = True
    """Whether the interface forwards IPv6; IPv4 does not ask."""

    def source_of(self, router: VirtualRouter, name: str) -> Address | Fault:
        """What a router sends from on the interface of this name, or why it cannot run there."""
        if self.source is None:
            return self.fault or interface_missing(name)
        return source_for(router, name, self.source, self.own)


def readiness_of(
    name: tuple[str, str | None],
    interface: Interface | None,
    family: Family,
    virtual: Container[Address],
    *,
    all_own: bool,
) -> Readiness:
    """What there is on an interface, called `name` and perhaps meant to be another; no address in `virtual` is its own.

    Only with `all_own` it knows all of the host's addresses: otherwise whoever adds one would have routers look anew.
    """
    if interface is None:
        return Readiness(fault(name[0], None, family, virtual, name[1]), None, b"", 0)
    return Readiness(
        fault=fault(name[0], interface, family, virtual),
        source=source_address(interface, family, virtual),
        mac=interface.mac,
        mtu=interface.mtu,
        networks=own_networks(interface, family, virtual),
        own=own_addresses(interface, family, virtual) if all_own else (),
        is_router=family is Family.IPV4 or interface.forwards_ipv6,
    )
