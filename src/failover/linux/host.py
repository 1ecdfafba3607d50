"""The host, as an engine needs it: what it opens here (`engine.environment.Host`)."""

from failover.linux.interfaces.monitor import Interfaces
from failover.linux.interfaces.secondaries import keep_secondaries
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.connection import Netlink
from failover.linux.sockets.advertisement import AdvertisementSocket
from failover.linux.sockets.announcement import AnnouncementSocket
from failover.vrrp.protocol import Family


class LinuxHost:
    """The network namespace in which each of these is called."""

    def netlink(self) -> Netlink:
        """A connection of its own to the kernel."""
        return Netlink()

    def interfaces(self) -> Interfaces:
        """All there are, listed, and followed from now on."""
        return Interfaces()

    def advertisement_socket(
        self, interface: str, index: int, family: Family, vrids: frozenset[int]
    ) -> AdvertisementSocket:
        """A raw socket, bound to the interface and a member of the family's group."""
        return AdvertisementSocket(interface, index, family, vrids)

    def announcement_socket(self, interface: str, index: int) -> AnnouncementSocket:
        """A packet socket, bound to the interface."""
        return AnnouncementSocket(interface, index)

    def keep_secondaries(self, interface: Interface) -> None:
        """By a setting of the interface, where it is not set already."""
        keep_secondaries(interface)
