"""The notification protocol of systemd (sd_notify(3)): datagrams to $NOTIFY_SOCKET, nothing where there is none."""

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress

from failover.vrrp import Interval

_NANOSECONDS_PER_MICROSECOND = 1000


class Notifier:
    """Tells the service manager; never blocks, never fails.

    What it had no room for is lost, but not READY=1, for which it may wait: that goes along with the next status.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._socket: socket.socket | None = None
        self._told = ""
        """The status line that has reached the service manager."""
        self._greeting = ""
        """READY=1 with its process number, until it has reached the service manager."""
        if self._address.startswith(("/", "@")):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)

    def ready(self, status: str) -> None:
        """Send READY=1: the routers run, or run again as configured."""
        self._greeting = f"READY=1\nMAINPID={os.getpid()}\n"
        self.status(status)

    def reloading(self) -> None:
        """Send RELOADING=1; `ready` says that the reload is over."""
        # systemd tells by the time which of two reloads this is (sd_notify(3)).
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def status(self, status: str) -> None:
        """Send the line that `systemctl status` shows, if it has changed."""
        if (self._greeting or status != self._told) and self._send(f"{self._greeting}STATUS={status}"):
            self._greeting = ""
            self._told = status

    def watchdog(self) -> None:
        """Send WATCHDOG=1: the engine is still alive."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """Send STOPPING=1: the engine is on its way out."""
        self._send("STOPPING=1\nSTATUS=Stopping")

    def failed(self, reason: str) -> None:
        """Send why the start failed, for `systemctl status`."""
        self._send(f"STATUS={' '.join(reason.splitlines())}")

    def close(self) -> None:
        """Close the socket: there is nothing more to tell."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, text: str) -> bool:
        if self._socket is None:
            return False
        # A leading @ stands for the zero byte of an abstract socket's name.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError):  # systemd is busy or gone; the addresses matter more
            self._socket.sendto(text.encode(), address)
            return True
        return False


def watchdog_interval(environ: Mapping[str, str]) -> Interval | None:
    """How often to send WATCHDOG=1: a third of what the unit allows, so that two may be lost; None: never."""
    text = environ.get("WATCHDOG_USEC", "")
    meant_for = environ.get("WATCHDOG_PID", str(os.getpid()))
    if not text.isdecimal() or int(text) == 0 or meant_for != str(os.getpid()):
        return None
    return Interval(int(text) * _NANOSECONDS_PER_MICROSECOND // 3)
