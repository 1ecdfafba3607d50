"""Whether a virtual router can run on an interface: the source address it would use, and the fault if it cannot.

Pure functions over `interfaces.Interface`.
"""

from collections.abc import Container, Iterator
from enum import StrEnum
from ipaddress import IPv4Interface
from typing import Final

from failover.frames.ethernet import MAC_LENGTH
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.rtnetlink import SCOPE_GLOBAL, SCOPE_HOST, AssignedAddress
from failover.vrrp.protocol import Address, Family
from failover.vrrp.states import Fault

_SWALLOWED_BY: Final = frozenset({"bridge", "bond", "team"})
"""What takes the packets of its ports for itself: a router on a port would hear nobody, and become MASTER beside
the MASTER. A VRF leaves them to the port."""


class FaultReason(StrEnum):
    """The stable words of `Fault.reason` that an interface can give."""

    INTERFACE_MISSING = "interface_missing"
    NOT_ETHERNET = "not_ethernet"
    PORT = "port"
    INTERFACE_DOWN = "interface_down"
    NO_CARRIER = "no_carrier"
    NO_SOURCE_ADDRESS = "no_source_address"


def source_address(interface: Interface, family: Family, excluded: Container[Address]) -> Address | None:
    """The address that advertisements are sent from, None where the interface has none for that.

    IPv4: the first primary address (RFC 9568 §5.1.1.1), a global one rather than a link-local one, and where there
    is none, the first secondary one. IPv6: the first link-local address (RFC 9568 §5.1.2.1) that duplicate address
    detection has cleared. Never one that is `excluded` or that carries the daemon's tag: those are virtual, and
    another host's in a moment.
    """
    candidates = list(_candidates(interface, family, excluded))
    if family is Family.IPV6:
        candidates = [one for one in candidates if not one.is_tentative and not one.is_duplicate]
    best = min(candidates, key=lambda one: (one.scope != SCOPE_GLOBAL, one.is_secondary), default=None)
    return None if best is None else best.address.ip


def fault(name: str, interface: Interface | None, family: Family, excluded: Container[Address]) -> Fault | None:
    """Why a virtual router of this family cannot run on the interface called `name`, None where it can."""
    if interface is None:
        return Fault(FaultReason.INTERFACE_MISSING, f"interface {name} does not exist")
    if len(interface.mac) != MAC_LENGTH:
        return Fault(FaultReason.NOT_ETHERNET, f"{name} is not an Ethernet interface: it has no MAC address of 6 bytes")
    if interface.port_of in _SWALLOWED_BY:
        detail = (
            f"{name} is a port of a {interface.port_of}, which receives its packets: run on the {interface.port_of}"
        )
        return Fault(FaultReason.PORT, detail)
    if not interface.up:
        return Fault(FaultReason.INTERFACE_DOWN, f"{name} is administratively down")
    if not interface.running:
        return Fault(FaultReason.NO_CARRIER, f"{name} has no carrier")
    if source_address(interface, family, excluded) is None:
        return Fault(FaultReason.NO_SOURCE_ADDRESS, _sourceless(interface, family, excluded))
    return None


def _candidates(interface: Interface, family: Family, excluded: Container[Address]) -> Iterator[AssignedAddress]:
    for assigned in interface.addresses:
        if assigned.is_tagged or assigned.address.version != family:
            continue
        address = assigned.address.ip
        fit = assigned.scope < SCOPE_HOST if family is Family.IPV4 else address.is_link_local
        if fit and address not in excluded:
            yield assigned


def _sourceless(interface: Interface, family: Family, excluded: Container[Address]) -> str:
    if family is Family.IPV4:
        return f"{interface.name} has no IPv4 address of its own to send from{_taken(interface, excluded)}"
    blocked = next(_candidates(interface, family, excluded), None)
    if blocked is None:
        return f"{interface.name} has no IPv6 link-local address to send from"
    if blocked.is_duplicate:
        return f"{blocked.address.ip} on {interface.name} belongs to another host (duplicate address detected)"
    return f"{blocked.address.ip} on {interface.name} is still being checked for duplicates"


def _taken(interface: Interface, excluded: Container[Address]) -> str:
    """The address that would do if it were not configured as a virtual one."""
    own = (
        assigned.address.ip
        for assigned in interface.addresses
        if isinstance(assigned.address, IPv4Interface) and assigned.address.ip in excluded and not assigned.is_tagged
    )
    address = next(own, None)
    return "" if address is None else f": {address} is configured as a virtual address"
