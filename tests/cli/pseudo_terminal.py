"""A program on a pseudo-terminal, and a daemon that only answers what it is told to."""

import fcntl
import json
import os
import re
import select
import socket
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from tests.cli.commands import environment

AFRESH: Final = "\033[H\033[J"
"""What `failover status --watch` writes before each page."""
PATIENCE_SECONDS: Final = 60


def router(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "name": f"VR_{number}",
        "family": "ipv4",
        "vrid": number,
        "interface": "eth0",
        "state": "MASTER",
        "since": "2026-01-01T09:55:00.000Z",
        "fault": None,
        "priority": {"configured": 100, "effective": 100},
        "master": "192.0.2.1",
        "addresses": [f"192.0.2.{number}/24"],
        "send_error": None,
        "address_conflict": None,
        **changes,
    }


class Daemon:
    """Answers `GET /status` on a control socket as long as it is there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answer = b""
        self.asked = 0
        self.routers(router())
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def routers(self, *routers: dict[str, Any]) -> None:
        daemon = {"version": "9", "pid": 17, "uptime_seconds": 62.5, "warnings": []}
        self.answer = json.dumps({"daemon": daemon, "virtual_routers": routers}).encode()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + self.answer)
            self.asked += 1


class Terminal:
    """A program on a pseudo-terminal of its own, and what it has written there."""

    def __init__(
        self,
        program: Sequence[str],
        *,
        columns: int = 80,
        lines: int = 24,
        has_session: bool = True,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Ctrl-C is for a session of its own (`has_session`); in a group of this one it can be stopped by SIGTSTP."""
        self._master, slave = os.openpty()
        self.resize(columns, lines)
        env = {name: value for name, value in environment().items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
        self.process = subprocess.Popen(
            [*(("setsid", "--ctty") if has_session else ()), *program],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**env, "TERM": "xterm", **variables},
            process_group=None if has_session else 0,
        )
        os.close(slave)
        self.written = ""

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def read_until(self, is_enough: Callable[[str], bool]) -> str:
        """What has been written in all; fails where it is never enough."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_enough(self.written):
            assert time.monotonic() < deadline, self.written
            if select.select([self._master], [], [], 0.1)[0]:
                try:
                    self.written += os.read(self._master, 1 << 16).decode().replace("\r\n", "\n")
                except OSError:  # the last one has closed it
                    assert is_enough(self.written), self.written
        return self.written

    def pages(self) -> list[list[str]]:
        """What was drawn, each page as its lines without colours."""
        return [re.sub("\033\\[[0-9;?]*[a-zA-Z]", "", page).split("\n") for page in self.written.split(AFRESH)[1:]]

    def draws(self, is_it: Callable[[list[str]], bool]) -> list[str]:
        """The first page that is it, of those that are drawn from now on."""
        start = len(self.pages())
        self.read_until(lambda _: any(map(is_it, self.pages()[start:])))
        return next(filter(is_it, self.pages()[start:]))

    def rest(self) -> str:
        """What has been written when the program has ended."""
        self.process.wait(PATIENCE_SECONDS)
        while select.select([self._master], [], [], 0.1)[0]:
            try:
                piece = os.read(self._master, 1 << 16)
            except OSError:
                break
            self.written += piece.decode().replace("\r\n", "\n")
        return self.written

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)
