"""Whether virtual IPv4 addresses belong to the subnets of their interface: a typo looks well everywhere else. Pure."""

from collections.abc import Iterable
from ipaddress import IPv4Interface, IPv4Network


def mistaken(addresses: Iterable[str], subnets: Iterable[str], interface: str) -> str | None:
    """A sentence about the first address that fits none of the host's subnets, such as `192.0.2.0/24`; None: all well.

    Private addresses are compared with private subnets and public with public: routers often advertise from a private
    subnet and hold public addresses. An address with the length 32 brings no subnet that could be wrong.
    """
    own = [IPv4Network(subnet) for subnet in subnets]
    found = (_mistake(address, own, interface) for address in map(IPv4Interface, addresses))
    first = next(filter(None, found), None)
    return f"{first}; if this is a typo, correct ip_addresses" if first else None


def _mistake(address: IPv4Interface, own: Iterable[IPv4Network], interface: str) -> str | None:
    alike = [subnet for subnet in own if subnet.is_private == address.ip.is_private]
    around = [subnet for subnet in alike if address.ip in subnet]
    if address.network.prefixlen == address.max_prefixlen or not alike or address.network in around:
        return None
    if around:
        return f"{address} has another prefix length than {interface}'s subnet {around[0]}"
    return f"{address} is in none of {interface}'s subnets ({', '.join(map(str, alike))})"
