"""Whether virtual IPv4 addresses belong to the subnets of their interface: a typo looks well everywhere else. Pure."""

from collections.abc import Iterable
from ipaddress import IPv4Interface, IPv4Network


def mistaken(addresses: Iterable[str], subnets: Iterable[str], interface: str) -> str | None:
    """A sentence about the first address that is in none of the host's subnets, such as `192.0.2.0/24`; None: all well.

    Private addresses are compared with private subnets and public with public: routers often advertise from a private
    subnet and hold public addresses. An address with the length 32 brings no subnet that could be wrong.
    """
    own = [IPv4Network(subnet) for subnet in subnets]
    for address in map(IPv4Interface, addresses):
        alike = [subnet for subnet in own if subnet.is_private == address.ip.is_private]
        if alike and address.network.prefixlen < address.max_prefixlen and not any(address.ip in one for one in alike):
            listed = ", ".join(map(str, alike))
            return f"{address} is in none of {interface}'s subnets ({listed}); if this is a typo, correct ip_addresses"
    return None
