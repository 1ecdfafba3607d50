"""A port whose interface the daemon has made for a virtual MAC address, on the interface of the LAN.

Its advertisements leave as whole frames by the socket for announcements, with that MAC address, and with an address of
the parent as source. What arrives for it comes to the interface itself.
"""

from collections.abc import Sequence

from failover.engine.environment import AdvertisementSocket, EventLoop, Host, Netlink
from failover.engine.port.port import Port
from failover.frames import advertisement_frame
from failover.linux.errors import interface_down
from failover.linux.interfaces.table import Interface
from failover.linux.nftables.link_filter import ACTIVE_GROUP, WAITING_GROUP
from failover.linux.sockets.outbox import Burst, Packets
from failover.vrrp import Family


class LinkedPort(Port):
    """One interface with a virtual MAC address."""

    def __init__(self, name: str, parent: str, mac: bytes, loop: EventLoop, host: Host, netlink: Netlink) -> None:
        """`parent` is the name of the interface of the LAN."""
        super().__init__(name, loop, host, netlink)
        self.parent = parent
        self.virtual_mac = mac
        self.below: Interface | None = None
        """The parent, as it was when it was last looked at."""

    @property
    def lan(self) -> tuple[str, int]:
        """The name and the index of the parent; `LookupError` where there is none."""
        if self.below is None:
            raise LookupError(f"there is no interface {self.parent}")
        return self.parent, self.below.ifindex

    @property
    def groups(self) -> tuple[int, int]:
        """Those by which the kernel drops what is sent to the virtual MAC address while the router is not MASTER."""
        return ACTIVE_GROUP, WAITING_GROUP

    def packets(self, family: Family, datagrams: Sequence[bytes]) -> Packets:
        """Frames to the group, ready to be sent."""
        return Packets([advertisement_frame(self.mac, family, datagram) for datagram in datagrams])

    def send(self, family: Family, burst: Burst) -> dict[int, OSError]:  # noqa: ARG002 - the frames say it
        """Send to the group; the errors, by the place of the burst's member."""
        return self._announcer.send_all(burst) if self._announcer else burst.refused(interface_down())

    def prewarm(self, family: Family, packets: Packets, frames: Packets) -> None:  # noqa: ARG002 - as above
        """Go the way of `send` and `announce`, and send nothing."""
        if self._announcer is not None:
            self._announcer.send(packets, len(packets))
            self._announcer.send(frames, len(frames))

    def _socket(self, interface: Interface, family: Family, vrids: frozenset[int]) -> AdvertisementSocket:
        _, parent = self.lan
        return self._host.advertisement_socket(interface.name, interface.ifindex, family, vrids, parent)
