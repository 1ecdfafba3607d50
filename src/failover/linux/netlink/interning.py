"""One object for each address that the kernel tells of, quick to look up: 500 on an interface are, at every change."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from socket import AF_INET, AF_INET6

from failover.vrrp.protocol import VirtualAddress


@lru_cache(maxsize=1 << 14)
def interned(family: int, packed: bytes, prefix_length: int) -> VirtualAddress | None:
    """The address with its prefix length; None where these do not make one."""
    if family == AF_INET and len(packed) == 4 and prefix_length <= 32:
        return _IPv4((IPv4Address(packed), prefix_length))
    if family == AF_INET6 and len(packed) == 16 and prefix_length <= 128:
        return _IPv6((IPv6Address(packed), prefix_length))
    return None


def intern_address(address: VirtualAddress) -> VirtualAddress:
    """The one that is equal."""
    family = AF_INET if isinstance(address, IPv4Interface) else AF_INET6
    return interned(family, address.packed, address.network.prefixlen) or address


class _Quick:
    """What the library computes at each call is computed once; equal to its own, and with the same hash."""

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
