"""Bytes around and beside an advertisement: IPv4 and IPv6 headers, gratuitous ARP, Neighbour Advertisements.

Pure: bytes in, bytes out, no socket.
"""

from failover.frames.advert import advertisement_datagram
from failover.frames.announce import announcement

__all__ = ["advertisement_datagram", "announcement"]
