"""Whether a virtual router can run on an interface: the source address that it would use, or the fault.

Pure functions over `table.Interface`.
"""

from collections.abc import Container, Iterator
from ipaddress import IPv4Interface
from typing import Final

from failover.frames.ethernet import MAC_LENGTH
from failover.linux import faults
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.rtnetlink import SCOPE_GLOBAL, SCOPE_HOST, AssignedAddress
from failover.vrrp.machine.states import Fault
from failover.vrrp.protocol import Address, Family, Network
from failover.vrrp.router import VirtualRouter

_SWALLOWED_BY: Final = frozenset({"bridge", "bond", "team"})
"""The kinds of interface that take the packets of their ports for themselves: a router on such a port would hear
nobody, and become a second MASTER. A VRF leaves the packets to the port, and batman-adv all but its own."""


def source_address(interface: Interface, family: Family, excluded: Container[Address]) -> Address | None:
    """The address that advertisements are sent from; None where the interface has no suitable one.

    IPv4: the first primary address (RFC 9568 §5.1.1.1), preferably of global scope; where there is no primary one, the
    first secondary one. IPv6: the first link-local address (RFC 9568 §5.1.2.1) that has passed duplicate address
    detection. Never an address in `excluded` or with the daemon's tag (IFA_PROTO): those are virtual, and may move to
    another host at any moment.
    """
    candidates = list(_candidates(interface, family, excluded))
    if family is Family.IPV6:
        candidates = [one for one in candidates if not one.is_tentative and not one.is_duplicate]
    best = min(candidates, key=lambda one: (one.scope != SCOPE_GLOBAL, one.is_secondary), default=None)
    return None if best is None else best.address.ip


def own_networks(interface: Interface, family: Family, excluded: Container[Address]) -> tuple[Network, ...]:
    """The networks that the host has addresses of its own in, each once; `excluded` as for `source_address`.

    Not those of one address alone (/32, /128): of what else is on the link they say nothing.
    """
    found = (assigned.address.network for assigned in _own(interface, family, excluded))
    return tuple(dict.fromkeys(network for network in found if network.prefixlen < network.max_prefixlen))


def own_addresses(interface: Interface, family: Family, excluded: Container[Address]) -> tuple[Address, ...]:
    """All addresses of the interface that can be sent from, be they link-local or not; `excluded` as above."""
    usable = (one for one in _own(interface, family, excluded) if not one.is_tentative and not one.is_duplicate)
    return tuple(one.address.ip for one in usable)


def source_for(router: VirtualRouter, name: str, usual: Address, own: tuple[Address, ...]) -> Address | Fault:
    """The address that a router sends from on the interface called `name`, or the fault where it has none.

    `usual` is `source_address`; it alone counts where the router has no scope of its own. `own` are `own_addresses`.
    """
    scope = router.scope
    source = scope.source_among(own, usual)
    if source is None:
        return faults.not_its_source(name, scope.source) if scope.source else faults.no_source_for_peers(name)
    if not scope.destinations(router.family, source):
        return faults.no_peers(name)
    return source


def fault(
    name: str, interface: Interface | None, family: Family, excluded: Container[Address], meant: str | None = None
) -> Fault | None:
    """Why a virtual router of this family cannot run on the interface called `name`; None where it can.

    `interface` is None where no interface has that name, which then is what `meant` says (`naming`); `excluded` as for
    `source_address`.
    """
    if interface is None:
        return faults.interface_missing(name, meant)
    if interface.loopback:
        return faults.loopback(name)
    if len(interface.mac) != MAC_LENGTH:
        return faults.not_ethernet(name)
    if (swallowed := _swallowed(name, interface)) is not None:
        return swallowed
    if (without_carrier := carrier_fault(name, interface)) is not None:
        return without_carrier
    if source_address(interface, family, excluded) is None:
        return _sourceless(interface, family, excluded)
    return None


def carrier_fault(name: str, interface: Interface | None) -> Fault | None:
    """Why the interface called `name` carries no packets, whoever wants to use it; None where it does."""
    if interface is None:
        return faults.interface_missing(name)
    if not interface.up:
        return faults.interface_down(name)
    return None if interface.running else faults.no_carrier(name)


def _swallowed(name: str, interface: Interface) -> Fault | None:
    """The fault of an interface whose packets go to its master.

    A master without a kind is a driver's own: netvsc, or net_failover under virtio, with the faster function below.
    """
    if interface.master is None:
        return None
    if interface.port_of in _SWALLOWED_BY:
        return faults.swallowed(name, interface.port_of)
    if interface.port_of == "openvswitch":
        return faults.swallowed_by_open_vswitch(name)
    return None if interface.port_of else faults.swallowed_by_another(name)


def _candidates(interface: Interface, family: Family, excluded: Container[Address]) -> Iterator[AssignedAddress]:
    """The addresses to send from, were it not for duplicate address detection."""
    for assigned in _own(interface, family, excluded):
        if family is Family.IPV4 or assigned.address.ip.is_link_local:
            yield assigned


def _own(interface: Interface, family: Family, excluded: Container[Address]) -> Iterator[AssignedAddress]:
    """The host's own addresses that others can reach."""
    for assigned in interface.addresses:
        if assigned.is_tagged or assigned.address.version != family:
            continue
        address = assigned.address.ip
        fit = assigned.scope < SCOPE_HOST or (family is Family.IPV6 and address.is_link_local)
        if fit and address not in excluded:
            yield assigned


def _sourceless(interface: Interface, family: Family, excluded: Container[Address]) -> Fault:
    """The fault of an interface that has no source address."""
    if family is Family.IPV4:
        return faults.no_ipv4_source(interface.name, _taken(interface, excluded))
    blocked = next(_candidates(interface, family, excluded), None)
    if blocked is None:
        return faults.no_ipv6_source(interface.name)
    if blocked.is_duplicate:
        return faults.duplicate_source(interface.name, blocked.address.ip)
    return faults.tentative_source(interface.name, blocked.address.ip)


def _taken(interface: Interface, excluded: Container[Address]) -> Address | None:
    """An IPv4 address of the host that would do as source, were it not configured as a virtual address."""
    own = (
        assigned.address.ip
        for assigned in interface.addresses
        if isinstance(assigned.address, IPv4Interface) and assigned.address.ip in excluded and not assigned.is_tagged
    )
    return next(own, None)
