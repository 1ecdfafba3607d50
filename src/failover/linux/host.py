"""`LinuxHost`: everything that an engine opens on a real host. Implements `engine.environment.Host`."""

import _thread
import socket
from collections.abc import Sequence
from contextlib import suppress
from errno import EINVAL, ENODEV
from pathlib import Path
from typing import Final

from failover.linux.interfaces import macvlan
from failover.linux.interfaces.monitor import Interfaces
from failover.linux.interfaces.secondaries import keep_secondaries
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.connection import Netlink
from failover.linux.netlink.requests import set_group
from failover.linux.nftables.address_filter import AddressFilter
from failover.linux.nftables.link_filter import LinkFilter
from failover.linux.sockets.advertisement import AdvertisementSocket
from failover.linux.sockets.announcement import AnnouncementSocket
from failover.linux.sockets.looking.inquiry import Inquiry
from failover.linux.sockets.looking.lookout import Lookout, Sought
from failover.linux.sockets.looking.sending import try_to_send
from failover.linux.sockets.members import members
from failover.vrrp.protocol import Address, Family

_STRICT: Final = "net.ipv4.conf.all.rp_filter is 1, so the kernel drops what comes to it; set it to 0 or 2"


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
        self, interface: str, index: int, family: Family, vrids: frozenset[int], parent: int | None = None
    ) -> AdvertisementSocket:
        """A raw socket, bound to the interface and joined to the VRRP group of the family."""
        return AdvertisementSocket(interface, index, family, vrids, parent)

    def announcement_socket(self, interface: str, index: int) -> AnnouncementSocket:
        """A packet socket, bound to the interface, for gratuitous ARP and Neighbour Advertisements."""
        return AnnouncementSocket(interface, index)

    def lookout(self, interface: str, index: int, family: Family, sought: Sought) -> Lookout:
        """A packet socket, bound to the interface, for the advertisements that are sought."""
        return Lookout(interface, index, family, sought)

    def try_to_send(self, interface: str, index: int, family: Family, source: Address) -> OSError | None:
        """Why the interface sends no VRRP from `source`; None where it does. The packet reaches nobody."""
        return try_to_send(interface, index, family, source)

    def inquiry(
        self, interface: str, index: int, family: Family, source: Address, mac: bytes, addresses: Sequence[Address]
    ) -> Inquiry:
        """A packet socket, bound to the interface, that has asked who has these addresses."""
        return Inquiry(interface, index, family, source, mac, addresses)

    def members(self, family: Family) -> frozenset[int] | None:
        """The indices of the interfaces that are members of the family's VRRP group; None where nobody can know."""
        return members(family)

    def keep_secondaries(self, interface: Interface) -> None:
        """Set `promote_secondaries` of an interface, unless it is set already."""
        keep_secondaries(interface)

    def address_filter(self) -> AddressFilter:
        """A table of nftables that drops nothing yet."""
        return AddressFilter()

    def link_filter(self) -> LinkFilter:
        """Tables of nftables that guard nothing yet."""
        return LinkFilter()

    def make_link(self, name: str, parent: int, mac: bytes, alias: str) -> None:
        """Make a macvlan on the interface with index `parent`, and switch it on; what is half made is removed."""
        if _checks_paths_strictly():
            raise OSError(EINVAL, _STRICT)
        make, *rest = macvlan.create(name, parent, mac, alias)
        with Netlink() as netlink:
            netlink.change(make)
            try:
                for request in rest:
                    netlink.change(request)
                netlink.change(macvlan.listen(socket.if_nametoindex(name)))
            except OSError:
                netlink.change(macvlan.delete_named(name))
                raise

    def reset_link(self, name: str, index: int, group: int) -> None:
        """Have an interface that is there be as `make_link` makes it, and in this group."""
        with Netlink() as netlink:
            for request in (set_group(index, group), macvlan.switch_on(name), macvlan.listen(index)):
                netlink.change(request)

    def remove_link(self, index: int) -> None:
        """Remove an interface; one that has gone already is no error."""
        with Netlink() as netlink:
            try:
                netlink.change(macvlan.delete(index))
            except OSError as error:
                if error.errno != ENODEV:
                    raise

    def remove_link_aside(self, index: int) -> None:
        """Remove an interface in another thread: the kernel takes 16 to 31 ms for it (measured)."""
        try:
            _thread.start_new_thread(self.remove_link, (index,))
        except RuntimeError:  # no more threads can be had
            self.remove_link(index)


def _checks_paths_strictly() -> bool:
    """Whether the reverse path of every packet must be the interface that it came to, on all interfaces."""
    with suppress(OSError):
        return Path("/proc/sys/net/ipv4/conf/all/rp_filter").read_text() == "1\n"
    return False
