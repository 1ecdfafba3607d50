"""`FrameSocket`: a packet socket on one interface that is given the frames of a protocol which pass a filter.

While it is open the kernel offers it every such frame, which costs each some 0.1 us: so it is open for a moment only.
"""

import _thread
import socket
from typing import Final

from failover.linux.filter.bpf import Program, attach
from failover.linux.sockets.options import demand_interface, failed, open_raw

_LONGEST: Final = 128
"""Bytes read of a frame."""
ALL_FRAMES: Final = 0x0003
"""ETH_P_ALL: frames of all protocols, also those that this host sends."""


class FrameSocket:
    """From its making to `close`."""

    def __init__(self, owner: str, index: int, ether_type: int, program: Program, buffer_bytes: int) -> None:
        """`OSError`, whose text says which step failed, and of whom."""
        # With protocol 0 it receives nothing, until it has its filter and is bound.
        self._socket = open_raw(owner, socket.AF_PACKET, 0)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
            attach(self._socket, program)
            self._socket.bind((demand_interface(owner, index), ether_type))
        except OSError as error:
            self.close()
            raise failed(owner, "opening it", error) from error

    def fileno(self) -> int:
        """The descriptor: readable when there is something to `read`."""
        return self._socket.fileno()

    def receive(self) -> bytes | None:
        """The beginning of the next frame that waits; None where none does. `OSError` where the interface is down."""
        try:
            return self._socket.recv(_LONGEST)
        except BlockingIOError:
            return None

    def receive_directed(self) -> tuple[bytes, bool] | None:
        """As `receive`, and whether this host has sent the frame."""
        try:
            frame, (_, _, packet_type, *_) = self._socket.recvfrom(_LONGEST)
        except BlockingIOError:
            return None
        return frame, packet_type == socket.PACKET_OUTGOING

    def close(self) -> None:
        """Look no more."""
        self._socket.close()

    def close_aside(self) -> None:
        """Look no more, and do not wait for it: the kernel closes a packet socket in 5 to 15 ms (measured)."""
        try:
            _thread.start_new_thread(self._socket.close, ())
        except RuntimeError:  # no more threads can be had
            self._socket.close()
