"""The Ethernet II header: destination (6 bytes), source (6 bytes), EtherType (2 bytes)."""

from enum import IntEnum
from struct import Struct
from typing import Final

MAC_LENGTH: Final = 6
BROADCAST: Final = b"\xff" * MAC_LENGTH

_HEADER: Final = Struct("!6s6sH")


class EtherType(IntEnum):
    """What follows the header."""

    ARP = 0x0806
    IPV6 = 0x86DD


def header(destination: bytes, source: bytes, ether_type: EtherType) -> bytes:
    """The 14 bytes before a frame's payload. `ValueError` where an address has not 6 bytes.

    No frame is padded to the 60 bytes of a short Ethernet frame: that is the work of the network driver, as it is
    for what the kernel itself sends, and receivers go by the lengths inside.
    """
    if len(destination) != MAC_LENGTH or len(source) != MAC_LENGTH:
        raise ValueError(f"{destination.hex(':')}, {source.hex(':')}: a MAC address has {MAC_LENGTH} bytes")
    return _HEADER.pack(destination, source, ether_type)
