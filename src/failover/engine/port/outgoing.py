"""One packet of a virtual router, and where it goes."""

from typing import NamedTuple

from failover.vrrp import Address


class Outgoing(NamedTuple):
    """A datagram with its IP header."""

    destination: Address
    datagram: bytes
