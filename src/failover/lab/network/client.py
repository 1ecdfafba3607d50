"""A client that pings an address every few milliseconds and records when it got no answer.

It has a raw socket and a thread of its own. The times of the answers are the kernel's, so that a late thread does not
look like a late answer.
"""

import os
import socket
import struct
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import count
from types import TracebackType
from typing import Final, Self

from failover.lab.network.arrival import SPACE, arrived_at, stamp
from failover.lab.network.lan import Host
from failover.lab.network.waiting import wait_until
from failover.vrrp.packet.checksum import checksum

_ICMP_FILTER: Final = 1
_ICMPV6_FILTER: Final = 1
_SOL_RAW: Final = 255
_ECHO_REQUEST: Final = {4: 8, 6: 128}
_ECHO_REPLY: Final = {4: 0, 6: 129}
_ECHO: Final = struct.Struct("!BBHHHQ")
"""Type, code, checksum, identifier, sequence number (unused); then our own number, which does not wrap."""
_identifiers = count(os.getpid())


@dataclass(frozen=True, slots=True)
class Probe:
    """One echo request; wall-clock times in nanoseconds."""

    sent: int
    answered: int | None
    """When the answer arrived; None where none has."""


@dataclass(frozen=True, slots=True)
class Outage:
    """A run of probes without an answer in time; wall-clock times in nanoseconds."""

    start: int
    """When the last answer before it arrived, or the first probe was sent."""
    end: int | None
    """When the first answer after it arrived; None while the outage lasts."""
    lost: int
    """How many probes were not answered in time."""

    @property
    def duration(self) -> int:
        """How long it took in nanoseconds, or has lasted so far."""
        return (time.time_ns() if self.end is None else self.end) - self.start


class Client:
    """Probes one address from one host until `close()`; a context manager."""

    def __init__(self, host: Host, address: str, *, interval: float = 0.01, patience: float = 0.05) -> None:
        """Probe `address` from `host` every `interval` seconds. After `patience` seconds an answer is too late."""
        target = ip_address(address)
        self._version = target.version
        self._interval = interval
        self._patience = round(patience * 1e9)
        self._identifier = next(_identifiers) & 0xFFFF
        self._sent: list[int] = []
        self._answered: dict[int, int] = {}
        self._stopping = threading.Event()
        with host.enter():
            self._socket = _echo_socket(target.version)
            scope = socket.if_nametoindex(host.interface) if target.is_link_local else 0
        self._target = (address, 0) if target.version == 4 else (address, 0, 0, scope)
        self._thread = threading.Thread(target=self._work, name=f"client-{host.label}", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop probing. The results can still be asked for. A second call does nothing."""
        self._stopping.set()
        self._thread.join()
        self._socket.close()

    def probes(self) -> Sequence[Probe]:
        """All probes so far, oldest first."""
        return [Probe(sent, self._answered.get(number)) for number, sent in enumerate(tuple(self._sent))]

    def outages(self, since: int = 0) -> list[Outage]:
        """The outages among the probes sent from the wall-clock time `since` on (ns), oldest first."""
        return outages([p for p in self.probes() if p.sent >= since], self._patience, time.time_ns())

    def longest_outage(self, since: int = 0) -> Outage | None:
        """The longest of the `outages` since then, or None."""
        return max(self.outages(since), key=lambda outage: outage.duration, default=None)

    def wait_for_answer(self, seconds: float = 10) -> None:
        """Wait for an answer to a probe sent from now on; `TimeoutError` after this many seconds."""
        first = len(self._sent)
        wait_until(
            lambda: any(number in self._answered for number in range(first, len(self._sent))),
            f"an answer from {self._target[0]}",
            seconds,
        )

    def _work(self) -> None:
        due = time.monotonic()
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            self._receive()
            self._send()
            due = max(due + self._interval, time.monotonic())  # a late thread does not catch up in a burst
        self._receive()

    def _send(self) -> None:
        number = len(self._sent)
        fields = (_ECHO_REQUEST[self._version], 0, 0, self._identifier, 0, number)
        request = _ECHO.pack(*fields)
        if self._version == 4:  # the kernel fills in the checksum of ICMPv6 only
            request = _ECHO.pack(*fields[:2], checksum(request), *fields[3:])
        self._sent.append(time.time_ns())
        try:
            self._socket.sendto(request, self._target)
        except OSError:
            return  # no route, no carrier, no neighbour: a probe without an answer

    def _receive(self) -> None:
        while True:
            try:
                data, ancillary, _, _ = self._socket.recvmsg(128, SPACE)
            except OSError:
                return  # nothing waits, or the socket reports the error of an earlier probe
            message = data[(data[0] & 0xF) * 4 :] if self._version == 4 else data
            if len(message) < _ECHO.size:
                continue
            kind, _, _, identifier, _, number = _ECHO.unpack_from(message)
            if kind == _ECHO_REPLY[self._version] and identifier == self._identifier:
                self._answered.setdefault(number, arrived_at(ancillary))


def outages(probes: Iterable[Probe], patience: int, now: int) -> list[Outage]:
    """The runs of probes not answered within `patience` nanoseconds, oldest first.

    A probe that still may be answered in time, at `now`, counts neither as lost nor as answered.
    """
    found: list[Outage] = []
    start: int | None = None
    lost = 0
    for probe in probes:
        if start is None:
            start = probe.sent
        if probe.answered is not None and probe.answered - probe.sent <= patience:
            if lost:
                found.append(Outage(start, probe.answered, lost))
            start, lost = probe.answered, 0
        elif probe.answered is not None or probe.sent + patience < now:
            lost += 1
    if start is not None and lost:
        found.append(Outage(start, None, lost))
    return found


def _echo_socket(version: int) -> socket.socket:
    """A raw socket that receives only echo replies, with time stamps. `version` is the IP version."""
    if version == 4:
        echo = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        echo.setsockopt(_SOL_RAW, _ICMP_FILTER, struct.pack("I", ~(1 << _ECHO_REPLY[4]) & 0xFFFFFFFF))
    else:
        echo = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        mask = [0xFFFFFFFF] * 8
        mask[_ECHO_REPLY[6] >> 5] &= ~(1 << (_ECHO_REPLY[6] & 31))
        echo.setsockopt(socket.IPPROTO_ICMPV6, _ICMPV6_FILTER, struct.pack("8I", *mask))
    echo.setblocking(False)
    stamp(echo)
    return echo
