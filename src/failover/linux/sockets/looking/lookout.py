"""`Lookout`: a packet socket that sees advertisements which another host sends from our own address.

The kernel drops an IPv4 packet that comes from an address of its own before any raw socket gets it, and no raw socket
tells from which MAC address a packet came. A packet socket is before all that.
"""

from typing import Final

from failover.frames import ethernet, ipv4, ipv6
from failover.linux.filter.bpf import (
    ACCEPT,
    JUMP_IF_EQUAL,
    LOAD_BYTE,
    REFUSE,
    Instruction,
    Program,
    demand,
)
from failover.linux.filter.claims import refuse_sender
from failover.linux.sockets.looking.frame_socket import FrameSocket
from failover.vrrp.protocol import GROUPS, PROTOCOL_NUMBER, Address, Family

_ETHER_TYPE: Final = {Family.IPV4: 0x0800, Family.IPV6: int(ethernet.EtherType.IPV6)}
_PROTOCOL_AT: Final = {Family.IPV4: 9, Family.IPV6: ipv6.NEXT_HEADER_AT}
_SOURCE_AT: Final = {Family.IPV4: ipv4.SOURCE_AT, Family.IPV6: ipv6.SOURCE_AT}
_DESTINATION_AT: Final = {Family.IPV4: ipv4.DESTINATION_AT, Family.IPV6: ipv6.DESTINATION_AT}
_BUFFER_BYTES: Final = 4096
"""A frame or two: one is enough."""


def program(family: Family, source: Address, mac: bytes) -> Program:
    """The filter: advertisements from `source`, in Ethernet frames that do not come from `mac` (6 bytes)."""
    return (
        Instruction(LOAD_BYTE, ethernet.HEADER_LENGTH + _PROTOCOL_AT[family]),
        Instruction(JUMP_IF_EQUAL, PROTOCOL_NUMBER, jump_true=1),
        REFUSE,
        *demand(ethernet.HEADER_LENGTH + _SOURCE_AT[family], source.packed),
        *demand(ethernet.HEADER_LENGTH + _DESTINATION_AT[family], GROUPS[family].packed),
        *refuse_sender(mac),
        ACCEPT,
    )


class Lookout(FrameSocket):
    """Looks on one interface, from its making to `close`, for one address."""

    def __init__(self, interface: str, index: int, family: Family, source: Address, mac: bytes) -> None:
        """`mac` is our own: what comes from there is an echo. `OSError`, whose text says which step failed."""
        filtering = program(family, source, mac)
        super().__init__(f"lookout on {interface}", index, _ETHER_TYPE[family], filtering, _BUFFER_BYTES)

    def read(self) -> bytes | None:
        """The MAC address of another host that advertises from the address; None where none was seen.

        `OSError` where the interface is down or gone.
        """
        frame = self.receive()
        return None if frame is None else frame[ethernet.MAC_LENGTH : 2 * ethernet.MAC_LENGTH]
