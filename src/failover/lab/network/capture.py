"""Captures every frame that the hosts send: a packet socket on the switch, with the kernel's time stamps.

Frames wait in the socket's buffer until they are asked for: no process works while the capture runs.
"""

import ctypes
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from failover.lab.network.arrival import SPACE, arrived_at, stamp
from failover.lab.network.decode import Advert, Claim, Frame, advert, claim
from failover.lab.network.namespaces import Namespace

_SO_ATTACH_FILTER: Final = 26
_SO_RCVBUFFORCE: Final = 33
_SOL_PACKET: Final = 263
_PACKET_STATISTICS: Final = 6
_PACKET_IGNORE_OUTGOING: Final = 23
_ETH_P_ALL: Final = 3
BUFFER_BYTES: Final = 64 << 20
"""Room for some 50,000 small frames."""
_FRAME_BYTES: Final = 65536

_PCAP_NANOSECONDS: Final = 0xA1B23C4D
_LINKTYPE_ETHERNET: Final = 1


class Capture:
    """Every frame that hosts have sent, in the order in which the switch received them. A context manager."""

    def __init__(
        self, switch: Namespace, ignore: Sequence[str], buffer_bytes: int = BUFFER_BYTES, *, only: str | None = None
    ) -> None:
        """Listen on all interfaces of `switch` except those in `ignore` (name the bridge there); or on `only` one."""
        with switch.enter():
            self._socket = socket.socket(
                socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.htons(_ETH_P_ALL)
            )
            ignored = [socket.if_nametoindex(interface) for interface in ignore]
        self._frames: list[Frame] = []
        self._dropped = 0
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, buffer_bytes)
        stamp(self._socket)
        self._socket.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        _attach_filter(self._socket, _all_but(ignored))
        if only is not None:
            self._socket.bind((only, _ETH_P_ALL))
        self._discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening. What was captured can still be asked for."""
        if self._socket.fileno() >= 0:
            self._drain()
            self._socket.close()

    @property
    def dropped(self) -> int:
        """Frames lost because the buffer was full."""
        self._drain()
        return self._dropped

    def frames(self) -> Sequence[Frame]:
        """All frames captured so far."""
        self._drain()
        return self._frames

    def adverts(self, *, host: str | None = None, vrid: int | None = None, since: int = 0) -> list[Advert]:
        """The captured advertisements: of one host or VRID where given, from the time `since` on.

        `since` is wall clock, in nanoseconds.
        """
        found = (advert(frame) for frame in self.frames() if frame.at >= since)
        return [a for a in found if a and host in (None, a.host) and vrid in (None, a.vrid)]

    def claims(self, *, host: str | None = None, since: int = 0) -> list[Claim]:
        """The captured ARP messages and neighbour advertisements; `host` and `since` as for `adverts`."""
        found = (claim(frame) for frame in self.frames() if frame.at >= since)
        return [c for c in found if c and host in (None, c.host)]

    def write_pcap(self, path: Path) -> None:
        """Write all frames captured so far to a pcap file with nanosecond time stamps."""
        with path.open("wb") as file:
            file.write(struct.pack("<IHHiIII", _PCAP_NANOSECONDS, 2, 4, 0, 0, _FRAME_BYTES, _LINKTYPE_ETHERNET))
            for frame in self.frames():
                size = len(frame.data)
                file.write(struct.pack("<IIII", *divmod(frame.at, 1_000_000_000), size, size) + frame.data)

    def _discard(self) -> None:
        """Discard what arrived before all settings were made.

        A packet socket receives from its creation on: Python cannot create one for no protocol and bind it to all
        interfaces later.
        """
        with suppress(BlockingIOError):
            while True:
                self._socket.recv(1)
        self._read_drops()

    def _drain(self) -> None:
        if self._socket.fileno() < 0:
            return
        while True:
            try:
                data, ancillary, _, address = self._socket.recvmsg(_FRAME_BYTES, SPACE)
            except BlockingIOError:
                break
            self._frames.append(Frame(arrived_at(ancillary), address[0], data))
        self._dropped += self._read_drops()

    def _read_drops(self) -> int:
        """How many frames the kernel has dropped since the last call (PACKET_STATISTICS resets its count)."""
        drops: int = struct.unpack("II", self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))[1]
        return drops


def _all_but(indexes: Sequence[int]) -> bytes:
    """A classic BPF program that accepts every frame except those of the interfaces with these indices."""
    instructions = (
        (0x20, 0, 0, 0xFFFFF000 + 8),  # load the index of the interface
        *((0x15, left, 0, index) for left, index in zip(range(len(indexes), 0, -1), indexes, strict=True)),
        (0x06, 0, 0, 0x40000),  # keep whole
        (0x06, 0, 0, 0),  # drop
    )
    return b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)


def _attach_filter(target: socket.socket, program: bytes) -> None:
    buffer = ctypes.create_string_buffer(program)
    target.setsockopt(
        socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    )
