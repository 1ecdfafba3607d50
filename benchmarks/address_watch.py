"""When a host got its addresses: the kernel's own notifications, read by a thread as they come.

They have no time stamps, so the thread goes before ordinary work, and after the programs under comparison. To hear
of each of 500 addresses would slow down whoever adds them: where one is enough, the kernel tells of no other.
"""

import os
import socket
import struct
import threading
import time
from ipaddress import IPv4Address
from types import TracebackType
from typing import Final, Self

from failover.lab.network.lan import Host
from failover.linux.filter import bpf

_IPV4_ADDRESSES: Final = 0x10
_RTM_NEWADDR: Final = 20
_IFA_LOCAL: Final = 2
_FIRST_ATTRIBUTE: Final = 24
"""After the headers of netlink and of the address."""
_SO_RCVBUFFORCE: Final = 33
_BUFFER_BYTES: Final = 8 << 20
_PRIORITY: Final = 1
_PATIENCE_SECONDS: Final = 0.05


class AddressWatch:
    """Keeps the time at which each address, or only one of them, first appeared; a context manager."""

    def __init__(self, host: Host, only: IPv4Address | None = None) -> None:
        with host.enter():
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        if only is not None:
            bpf.attach(self._socket, _telling_of(only))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
        self._socket.settimeout(_PATIENCE_SECONDS)
        self._socket.bind((0, _IPV4_ADDRESSES))
        self._heard: list[tuple[int, bytes]] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="addresses", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()
        self._socket.close()

    def appeared(self) -> dict[IPv4Address, int]:
        """Address to wall clock time in nanoseconds."""
        found: dict[IPv4Address, int] = {}
        for at, data in tuple(self._heard):
            for address in new_addresses(data):
                found.setdefault(address, at)
        return found

    def _listen(self) -> None:
        os.sched_setscheduler(threading.get_native_id(), os.SCHED_FIFO, os.sched_param(_PRIORITY))
        while not self._stopping.is_set():
            try:
                data = self._socket.recv(1 << 16)
            except TimeoutError:
                continue
            self._heard.append((time.time_ns(), data))


def _telling_of(address: IPv4Address) -> bpf.Program:
    """Pass a notification whose first attribute, IFA_ADDRESS, is this one."""
    return (
        bpf.Instruction(bpf.LOAD_WORD, _FIRST_ATTRIBUTE + 4),
        bpf.Instruction(bpf.JUMP_IF_EQUAL, int(address), jump_false=1),
        bpf.ACCEPT,
        bpf.REFUSE,
    )


def new_addresses(data: bytes) -> list[IPv4Address]:
    """The addresses that the RTM_NEWADDR messages of a datagram speak of."""
    found = []
    position = 0
    while position + 16 <= len(data):
        length, kind = struct.unpack_from("=IH", data, position)
        if kind == _RTM_NEWADDR:
            found += _local(data[position + _FIRST_ATTRIBUTE : position + length])
        position += (length + 3) & ~3
    return found


def _local(attributes: bytes) -> list[IPv4Address]:
    position = 0
    while position + 4 <= len(attributes):
        length, kind = struct.unpack_from("=HH", attributes, position)
        if kind == _IFA_LOCAL:
            return [IPv4Address(attributes[position + 4 : position + 8])]
        position += (length + 3) & ~3
    return []
