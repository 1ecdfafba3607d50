"""The Ethernet II header: destination (6 bytes), source (6 bytes), EtherType (2 bytes)."""

from enum import IntEnum
from struct import Struct
from typing import Final

MAC_LENGTH: Final = 6
BROADCAST: Final = b"\xff" * MAC_LENGTH

HEADER_LENGTH: Final = 2 * MAC_LENGTH + 2

_HEADER: Final = Struct("!6s6sH")


class EtherType(IntEnum):
    """The protocol of the payload after the header."""

    IPV4 = 0x0800
    ARP = 0x0806
    IPV6 = 0x86DD


def header(destination: bytes, source: bytes, ether_type: EtherType) -> bytes:
    """The 14 bytes before a frame's payload. `ValueError` where an address does not have 6 bytes.

    Frames are not padded here to the 60 bytes that Ethernet demands: the network driver does that, as it does for
    frames of the kernel's own, and receivers use the lengths inside the packet.
    """
    if len(destination) != MAC_LENGTH or len(source) != MAC_LENGTH:
        raise ValueError(f"{destination.hex(':')}, {source.hex(':')}: a MAC address has {MAC_LENGTH} bytes")
    return _HEADER.pack(destination, source, ether_type)
