"""One datagram through an `AdvertisementSocket`, which itself sends bursts of them."""

from failover.linux.sockets.options import group_destination
from failover.linux.sockets.outbox import Packets
from failover.linux.sockets.raw import AdvertisementSocket


def send_one(sender: AdvertisementSocket, datagram: bytes) -> None:
    """Send it to the group; `OSError` where that failed."""
    packets = Packets([datagram], group_destination(sender.family, sender.index))
    for error in sender.send(packets).values():
        raise error
