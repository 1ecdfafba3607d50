"""Puts many packets on the wire at a steady rate, by sendmmsg(2): one by one, 50,000 a second are too many."""

import ctypes
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from failover.lab.lan import INTERFACE, Host
from failover.vrrp.protocol import GROUPS, Family

_AT_ONCE: Final = 64
_SLICE_SECONDS: Final = 0.001
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


class _Part(ctypes.Structure):
    """`struct iovec`."""

    _fields_ = (("base", ctypes.c_char_p), ("length", ctypes.c_size_t))


class _Message(ctypes.Structure):
    """`struct msghdr`, of which a connected socket needs the parts alone."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint),
        ("parts", ctypes.POINTER(_Part)),
        ("part_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Header(ctypes.Structure):
    """`struct mmsghdr`."""

    _fields_ = (("message", _Message), ("length", ctypes.c_uint))


class Flood:
    """Datagrams of one family, header and all, from a host to the VRRP group."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def send(self, datagram: bytes, rate: int, seconds: float) -> int:
        """The same one again and again, `rate` times a second; how often it went."""
        part = _Part(datagram, len(datagram))
        message = _Message(None, 0, ctypes.pointer(part), 1)
        messages = (_Header * _AT_ONCE)(*(_Header(message) for _ in range(_AT_ONCE)))
        start, sent, total = time.monotonic(), 0, int(rate * seconds)
        while sent < total:
            due = min(total, int((time.monotonic() - start) * rate) + 1)
            while sent < due:
                sent += self._send(messages, min(_AT_ONCE, due - sent))
            time.sleep(max(_SLICE_SECONDS, start + sent / rate - time.monotonic()))
        return sent

    def _send(self, messages: ctypes.Array[_Header], count: int) -> int:
        sent: int = _LIBC.sendmmsg(self._socket.fileno(), messages, count, 0)
        if sent < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"sendmmsg: {os.strerror(number)}")
        return sent


@contextmanager
def flooding(host: Host, family: Family = Family.IPV4) -> Iterator[Flood]:
    """A flood from this host; what it sends has its own IP header."""
    domain = socket.AF_INET if family is Family.IPV4 else socket.AF_INET6
    group = str(GROUPS[family])
    with host.enter():
        sock = socket.socket(domain, socket.SOCK_RAW, socket.IPPROTO_RAW)
        index = socket.if_nametoindex(INTERFACE)
    with sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, INTERFACE.encode())
        sock.connect((group, 0) if family is Family.IPV4 else (group, 0, 0, index))
        yield Flood(sock)
