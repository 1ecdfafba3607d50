"""`Lookout`: a packet socket that sees advertisements which another host sends from our own address.

The kernel drops an IPv4 packet that comes from an address of its own before any raw socket gets it, and no raw socket
tells from which MAC address a packet came. A packet socket is before all that. But the kernel then offers it every
packet of the family on the interface, which costs each some 0.1 us: so it is open for a while at a time.
"""

import _thread
import socket
from typing import Final

from failover.frames import ethernet, ipv4, ipv6
from failover.linux.filter.bpf import (
    ACCEPT,
    JUMP_IF_EQUAL,
    LOAD_BYTE,
    LOAD_HALF,
    LOAD_WORD,
    REFUSE,
    Instruction,
    Program,
    attach,
    demand,
)
from failover.linux.sockets.options import demand_interface, failed, open_raw
from failover.vrrp.protocol import GROUPS, PROTOCOL_NUMBER, Address, Family

_HEADER: Final = 2 * ethernet.MAC_LENGTH + 2
_ETHER_TYPE: Final = {Family.IPV4: 0x0800, Family.IPV6: int(ethernet.EtherType.IPV6)}
_PROTOCOL_AT: Final = {Family.IPV4: 9, Family.IPV6: 6}
_SOURCE_AT: Final = {Family.IPV4: ipv4.SOURCE_AT, Family.IPV6: ipv6.SOURCE_AT}
_DESTINATION_AT: Final = {Family.IPV4: ipv4.DESTINATION_AT, Family.IPV6: ipv6.DESTINATION_AT}
_BUFFER_BYTES: Final = 4096
"""A frame or two: one is enough."""


def program(family: Family, source: Address, mac: bytes) -> Program:
    """The filter: advertisements from `source`, in Ethernet frames that do not come from `mac` (6 bytes)."""
    return (
        Instruction(LOAD_BYTE, _HEADER + _PROTOCOL_AT[family]),
        Instruction(JUMP_IF_EQUAL, PROTOCOL_NUMBER, jump_true=1),
        REFUSE,
        *demand(_HEADER + _SOURCE_AT[family], source.packed),
        *demand(_HEADER + _DESTINATION_AT[family], GROUPS[family].packed),
        Instruction(LOAD_WORD, ethernet.MAC_LENGTH),
        Instruction(JUMP_IF_EQUAL, int.from_bytes(mac[:4]), jump_false=3),
        Instruction(LOAD_HALF, ethernet.MAC_LENGTH + 4),
        Instruction(JUMP_IF_EQUAL, int.from_bytes(mac[4:]), jump_false=1),
        REFUSE,
        ACCEPT,
    )


class Lookout:
    """Looks on one interface, from its making to `close`, for one address."""

    def __init__(self, interface: str, index: int, family: Family, source: Address, mac: bytes) -> None:
        """`mac` is our own: what comes from there is an echo. `OSError`, whose text says which step failed."""
        owner = f"lookout on {interface}"
        # With protocol 0 it receives nothing, until it has its filter and is bound.
        self._socket = open_raw(owner, socket.AF_PACKET, 0)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
            attach(self._socket, program(family, source, mac))
            self._socket.bind((demand_interface(owner, index), _ETHER_TYPE[family]))
        except OSError as error:
            self.close()
            raise failed(owner, "opening it", error) from error

    def fileno(self) -> int:
        """The descriptor: readable when there is something to `read`."""
        return self._socket.fileno()

    def read(self) -> bytes | None:
        """The MAC address of another host that advertises from the address; None where none was seen.

        `OSError` where the interface is down or gone.
        """
        try:
            frame = self._socket.recv(_HEADER)
        except BlockingIOError:
            return None
        return frame[ethernet.MAC_LENGTH : 2 * ethernet.MAC_LENGTH]

    def close(self) -> None:
        """Look no more."""
        self._socket.close()

    def close_aside(self) -> None:
        """Look no more, and do not wait for it: the kernel closes a packet socket in 5 to 15 ms (measured)."""
        try:
            _thread.start_new_thread(self._socket.close, ())
        except RuntimeError:  # no more threads can be had
            self._socket.close()
