"""A MASTER without a daemon: advertises on time, and resigns when told, costing next to nothing."""

import socket
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from benchmarks.packets import frame, message
from failover.lab.network.lan import Host
from failover.lab.router import RouterSpec
from failover.linux.sockets.outbox import Packets

PRIORITY = 200


class Speaker:
    """Advertises virtual routers of one interval from a host; a context manager that resigns at the end."""

    def __init__(self, host: Host, specs: Sequence[RouterSpec]) -> None:
        source = str(host.ipv4.ip)
        self._said = [
            Packets([frame(host.mac, source, message(spec, source, priority)) for spec in specs])
            for priority in (PRIORITY, 0)
        ]
        self._interval = specs[0].interval
        self._stopping = threading.Event()
        with host.enter():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self._socket.bind((host.interface, 0))
        self._thread = threading.Thread(target=self._speak, name="speaker", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.resign()
        self._socket.close()

    def resign(self) -> None:
        """Say priority 0 once, for all of them at the same time, and nothing more."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._thread.join()
            self._said[1].send_all(self._socket.fileno())

    def _speak(self) -> None:
        due = time.monotonic()
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            self._said[0].send_all(self._socket.fileno())
            due += self._interval
