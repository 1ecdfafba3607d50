"""Gives one object for each address that the kernel reports, with a hash that is computed only once.

With 500 addresses on an interface, all of them are looked up at every change; the hash of the standard library's
addresses is computed anew each time.
"""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from socket import AF_INET, AF_INET6

from failover.vrrp.protocol import VirtualAddress


@lru_cache(maxsize=1 << 14)
def interned(family: int, packed: bytes, prefix_length: int) -> VirtualAddress | None:
    """The address with its prefix length, always the same object; None where family, bytes and length do not fit.

    `family` is AF_INET or AF_INET6.
    """
    if family == AF_INET and len(packed) == 4 and prefix_length <= 32:
        return _IPv4((IPv4Address(packed), prefix_length))
    if family == AF_INET6 and len(packed) == 16 and prefix_length <= 128:
        return _IPv6((IPv6Address(packed), prefix_length))
    return None


def intern_address(address: VirtualAddress) -> VirtualAddress:
    """The interned object that equals `address`."""
    family = AF_INET if isinstance(address, IPv4Interface) else AF_INET6
    return interned(family, address.packed, address.network.prefixlen) or address


class _Quick:
    """Keeps the hash and the `ip` that `ipaddress` computes at each call. Equal to its objects, with the same hash."""

    _hash: int

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or super().__eq__(other)


class _IPv4(_Quick, IPv4Interface):
    def __init__(self, address: tuple[IPv4Address, int]) -> None:
        super().__init__(address)
        self._hash, self._bare = IPv4Interface.__hash__(self), super().ip

    @property
    def ip(self) -> IPv4Address:
        return self._bare


class _IPv6(_Quick, IPv6Interface):
    def __init__(self, address: tuple[IPv6Address, int]) -> None:
        super().__init__(address)
        self._hash, self._bare = IPv6Interface.__hash__(self), super().ip

    @property
    def ip(self) -> IPv6Address:
        return self._bare
