"""The Ethernet frame that tells every neighbour which MAC address a virtual address has now, for either family."""

from ipaddress import IPv4Address

from failover.frames import arp, neighbour
from failover.vrrp.protocol import Address, VirtualAddress


def announcement(mac: bytes, address: Address | VirtualAddress, *, is_router: bool = True) -> bytes:
    """Gratuitous ARP for an IPv4 address, an unsolicited Neighbour Advertisement for an IPv6 address; a whole frame.

    `is_router` is the Router flag of a Neighbour Advertisement; ARP has none. `ValueError` where `mac` does not have 6
    bytes.
    """
    if isinstance(address, IPv4Address):
        return arp.gratuitous(mac, address)
    return neighbour.unsolicited(mac, address, is_router=is_router)
