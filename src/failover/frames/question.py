"""The Ethernet frame that asks who has an address, for either family."""

from ipaddress import IPv4Address, IPv6Address

from failover.frames import arp, neighbour
from failover.vrrp.protocol import Address


def question(mac: bytes, source: Address, address: Address) -> bytes:
    """An ARP probe, or a Neighbour Solicitation by `source`, from `mac`; a whole frame.

    Nobody but who has the address answers, and only to `mac`. `TypeError` where the families differ, `ValueError` where
    `mac` does not have 6 bytes.
    """
    if isinstance(address, IPv4Address):
        return arp.probe(mac, address)
    if not isinstance(source, IPv6Address):
        raise TypeError(f"{source} cannot ask for {address}")
    return neighbour.solicitation(mac, source, address)
