"""What the routers of a port need of the interface on the LAN: the port's own, or the parent of that."""

from failover.engine.environment import Interfaces
from failover.engine.fleet.links.virtual_links import VirtualLinks
from failover.engine.port.linked import LinkedPort
from failover.engine.port.port import Port, Readiness
from failover.linux.interfaces.readiness import fault, own_networks, source_address
from failover.vrrp import Family


def readiness_of(port: Port, interfaces: Interfaces, links: VirtualLinks) -> dict[Family, Readiness]:
    """By family, as things are now."""
    name = port.parent if isinstance(port, LinkedPort) else port.name
    there, lan, virtual = interfaces.get(port.name), interfaces.get(name), port.virtual_addresses
    meant = None if lan else interfaces.meant(name)
    return {
        family: Readiness(
            fault=fault(name, lan, family, virtual, meant) or links.fault(port),
            source=source_address(lan, family, virtual) if lan else None,
            mac=lan.mac if lan else b"",
            mtu=lan.mtu if lan else 0,
            networks=own_networks(lan, family, virtual) if lan else (),
            is_router=family is Family.IPV4 or there is None or there.forwards_ipv6,
        )
        for family in port.families
    }
