"""`LinuxHost`: everything that an engine opens on a real host. Implements `engine.environment.Host`."""

from collections.abc import Sequence

from failover.linux.filter.reach import Reach
from failover.linux.interfaces.monitor import Interfaces
from failover.linux.interfaces.secondaries import keep_secondaries
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.connection import Netlink
from failover.linux.nftables.address_filter import AddressFilter
from failover.linux.sockets.advertisement import AdvertisementSocket
from failover.linux.sockets.announcement import AnnouncementSocket
from failover.linux.sockets.looking.inquiry import Inquiry
from failover.linux.sockets.looking.lookout import Lookout, Sought
from failover.linux.sockets.looking.sending import try_to_send
from failover.linux.sockets.members import Member, members
from failover.vrrp.protocol import Address, Family


class LinuxHost:
    """The host that this process runs on; each method acts in the network namespace of the thread that calls it.

    All of them raise `OSError` where the kernel refuses.
    """

    def netlink(self) -> Netlink:
        """A new rtnetlink connection, for changing addresses."""
        return Netlink()

    def interfaces(self) -> Interfaces:
        """All interfaces and their addresses, listed now and followed from now on."""
        return Interfaces()

    def advertisement_socket(
        self, interface: str, index: int, family: Family, vrids: frozenset[int], reach: Reach | None
    ) -> AdvertisementSocket:
        """A raw socket, bound to the interface, in the groups and for the peers that `reach` says."""
        return AdvertisementSocket(interface, index, family, vrids, reach)

    def announcement_socket(self, interface: str, index: int) -> AnnouncementSocket:
        """A packet socket, bound to the interface, for gratuitous ARP and Neighbour Advertisements."""
        return AnnouncementSocket(interface, index)

    def lookout(self, interface: str, index: int, family: Family, sought: Sought) -> Lookout:
        """A packet socket, bound to the interface, for the advertisements that are sought."""
        return Lookout(interface, index, family, sought)

    def try_to_send(self, interface: str, index: int, source: Address, group: Address) -> OSError | None:
        """Why the interface sends no VRRP from `source` to a group; None where it does. The packet reaches nobody."""
        return try_to_send(interface, index, source, group)

    def inquiry(
        self, interface: str, index: int, family: Family, source: Address, mac: bytes, addresses: Sequence[Address]
    ) -> Inquiry:
        """A packet socket, bound to the interface, that has asked who has these addresses."""
        return Inquiry(interface, index, family, source, mac, addresses)

    def members(self, family: Family) -> frozenset[Member] | None:
        """The groups of a family that each interface is a member of; None where nobody can know."""
        return members(family)

    def keep_secondaries(self, interface: Interface) -> None:
        """Set `promote_secondaries` of an interface, unless it is set already."""
        keep_secondaries(interface)

    def address_filter(self) -> AddressFilter:
        """A table of nftables that drops nothing yet."""
        return AddressFilter()
