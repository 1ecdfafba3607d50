"""Puts many packets on the wire at a steady rate, by sendmmsg(2): one by one, 50,000 a second are too many."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from typing import Final

from failover.lab.network.lan import INTERFACE, Host
from failover.linux.sockets.outbox import AT_ONCE, Packets
from failover.vrrp.protocol import Family
from failover.vrrp.scope import GROUPS

_SLICE_SECONDS: Final = 0.001


class Flood:
    """Datagrams of one family, header and all, from a host to the VRRP group."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def send(self, datagram: bytes, rate: int, seconds: float, *others: bytes) -> int:
        """The same one again and again, by turns with `others`, `rate` a second in all; how many went."""
        packets = Packets(list(islice(cycle((datagram, *others)), AT_ONCE)))
        start, sent, total = time.monotonic(), 0, int(rate * seconds)
        while sent < total:
            due = min(total, int((time.monotonic() - start) * rate) + 1)
            while sent < due:
                sent += packets.send(self._socket.fileno(), max(0, AT_ONCE - (due - sent)))
            time.sleep(max(_SLICE_SECONDS, start + sent / rate - time.monotonic()))
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
