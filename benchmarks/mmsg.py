"""sendmmsg(2) through ctypes: many datagrams of one connected or bound socket in one system call."""

import ctypes
import os
import socket
from collections.abc import Sequence
from typing import Final

_LIBC: Final = ctypes.CDLL(None, use_errno=True)


class _Part(ctypes.Structure):
    """`struct iovec`."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Message(ctypes.Structure):
    """`struct msghdr`."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint),
        ("parts", ctypes.c_void_p),
        ("part_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Header(ctypes.Structure):
    """`struct mmsghdr`."""

    _fields_ = (("message", _Message), ("length", ctypes.c_uint))


class Batch:
    """Datagrams that are sent together, again and again, by a socket that knows where to."""

    def __init__(self, datagrams: Sequence[bytes]) -> None:
        self._buffers = [ctypes.create_string_buffer(datagram, len(datagram)) for datagram in datagrams]
        self._parts = (_Part * len(datagrams))(
            *(_Part(ctypes.addressof(buffer), len(buffer)) for buffer in self._buffers)
        )
        self._headers = (_Header * len(datagrams))()
        for index, header in enumerate(self._headers):
            header.message.parts, header.message.part_count = ctypes.addressof(self._parts[index]), 1

    def send(self, sender: socket.socket, count: int) -> int:
        """Send the first `count` of them; how many were."""
        sent: int = _LIBC.sendmmsg(sender.fileno(), self._headers, count, 0)
        if sent < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"sendmmsg: {os.strerror(number)}")
        return sent
