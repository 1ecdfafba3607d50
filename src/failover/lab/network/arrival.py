"""Arrival times of packets: the kernel's time stamps (SO_TIMESTAMPNS), wall clock, in nanoseconds since 1970."""

import socket
import struct
import time
from collections.abc import Sequence
from typing import Final

from failover.lab.network.namespaces import Namespace
from failover.lab.network.waiting import wait_until

_SO_TIMESTAMPNS: Final = 35
_TIMESPEC: Final = struct.Struct("ll")

SPACE: Final = socket.CMSG_SPACE(_TIMESPEC.size)
"""The bytes of ancillary data that `recvmsg` needs for a time stamp."""

Ancillary = Sequence[tuple[int, int, bytes]]


def stamp(target: socket.socket) -> None:
    """From now on each message that this socket receives comes with its arrival time."""
    target.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def arrived_at(ancillary: Ancillary) -> int:
    """The arrival time of a message, from the ancillary data of a socket that `stamp` was called for. Nanoseconds."""
    seconds, nanoseconds = _TIMESPEC.unpack(ancillary[0][2])
    return int(seconds * 1_000_000_000 + nanoseconds)


def keep_stamping(namespace: Namespace) -> socket.socket:
    """A socket that keeps the kernel stamping every packet for as long as it is open.

    The kernel begins to stamp some time after the first socket has asked for it. A packet that arrives before gets the
    time at which it is read. This function returns when the kernel stamps; `TimeoutError` where it does not.
    """
    with namespace.enter():
        echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stamp(echo)
    echo.bind(("127.0.0.1", 0))
    echo.settimeout(1)

    def stamps_on_arrival() -> bool:
        echo.sendto(b"", echo.getsockname())
        sent = time.time_ns()
        time.sleep(0.001)
        return arrived_at(echo.recvmsg(1, SPACE)[1]) <= sent

    wait_until(stamps_on_arrival, "the kernel stamps packets as they arrive")
    return echo
