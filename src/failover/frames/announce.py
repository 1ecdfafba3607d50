"""The frame that moves an address to a MAC address in everybody's neighbour table, by family."""

from ipaddress import IPv4Address

from failover.frames import arp, neighbour
from failover.vrrp.protocol import Address, VirtualAddress


def announcement(mac: bytes, address: Address | VirtualAddress, *, is_router: bool = True) -> bytes:
    """Gratuitous ARP for an IPv4 address, an unsolicited Neighbour Advertisement for an IPv6 one.

    `is_router` is the Router flag of the latter. `ValueError` where `mac` is not an Ethernet address.
    """
    if isinstance(address, IPv4Address):
        return arp.gratuitous(mac, address)
    return neighbour.unsolicited(mac, address, is_router=is_router)
