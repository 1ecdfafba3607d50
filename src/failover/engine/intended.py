"""What is to run: protocol instances as configured (the intended configuration of RFC 8342).

Nothing here knows what runs. How they travel from the process that reads the file: `reload.handover`.
"""

from collections.abc import Iterable
from typing import NamedTuple

from failover import config as configured
from failover.config import Configuration, instances
from failover.config.protocol_instances import virtual_mac_interface
from failover.linux.process.claims import Claimable, VirtualAddressId, VirtualRouterId
from failover.vrrp import VirtualRouter
from failover.vrrp.protocol import virtual_mac


class VirtualLink(NamedTuple):
    """The interface that the daemon makes for a virtual MAC address, beside its name."""

    parent: str
    """The interface on the LAN."""
    mac: bytes


class Intended(NamedTuple):
    """A protocol instance, without what it learns where it runs: its source address and its beat."""

    name: str
    interface: str
    """Where it is: the interface that has its addresses, and where its advertisements come and go."""
    router: VirtualRouter
    link: VirtualLink | None = None
    """Where that interface is one for a virtual MAC address."""

    @property
    def id(self) -> VirtualRouterId:
        """What makes it the same virtual router, whatever else of it changes (RFC 9568 §6.4)."""
        place = f"{self.interface}@{self.link.parent}" if self.link else self.interface
        return VirtualRouterId(place, self.router.family, self.router.vrid)

    @property
    def claims(self) -> tuple[Claimable, ...]:
        """What no other daemon of the host may have: the virtual router, and its addresses on that interface."""
        places = dict.fromkeys((self.lan, self.interface))
        routers = (VirtualRouterId(place, self.router.family, self.router.vrid) for place in places)
        addresses = (address.ip for address in self.router.held_addresses)
        return *routers, *(VirtualAddressId(place, address) for address in addresses for place in places)

    @property
    def lan(self) -> str:
        """The interface that is configured: the one on the LAN."""
        return self.link.parent if self.link else self.interface


def claims(intended: Iterable[Intended]) -> list[Claimable]:
    """What all of these claim."""
    return [one for each in intended for one in each.claims]


def intended(configuration: Configuration) -> list[Intended]:
    """The protocol instances of a configuration, in its order."""
    return [_intended(entry, router) for entry in configuration.virtual_routers for router in instances(entry)]


def _intended(entry: configured.VirtualRouter, router: VirtualRouter) -> Intended:
    if not entry.virtual_mac:
        return Intended(entry.name, entry.interface_name, router)
    name = virtual_mac_interface(entry.virtual_mac_interface_name, router.family, router.vrid)
    return Intended(
        entry.name, name, router, VirtualLink(entry.interface_name, virtual_mac(router.family, router.vrid))
    )
