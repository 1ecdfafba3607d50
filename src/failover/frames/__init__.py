"""Builds packets as bytes: an advertisement with its IP header, gratuitous ARP, Neighbour Advertisements.

Also takes received IPv4 datagrams apart. Pure: no socket here.
"""

from failover.frames.advert import advertisement_datagram, advertisement_frame
from failover.frames.announce import announcement

__all__ = ["advertisement_datagram", "advertisement_frame", "announcement"]
