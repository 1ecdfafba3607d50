"""One datagram through an `AdvertisementSocket`, which itself sends bursts of them."""

from failover.linux.sockets.advertisement import AdvertisementSocket
from failover.linux.sockets.options import destination_of
from failover.linux.sockets.outbox import Packets
from failover.vrrp.scope import GROUPS


def send_one(sender: AdvertisementSocket, datagram: bytes) -> None:
    """Send it to the group; `OSError` where that failed."""
    packets = Packets([datagram], [destination_of(GROUPS[sender.family], sender.index)])
    for error in sender.send(packets).values():
        raise error
