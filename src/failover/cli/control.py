"""Sends requests to a running daemon: HTTP over its control socket.

Without `http.client`, whose import takes as long as the whole command. In HTTP/1.0 an answer ends with the connection.
"""

import socket
import time
from pathlib import Path
from typing import Final

from failover.cli.failures import Failure
from failover.linux.errors import describe, reason

PATIENCE_SECONDS: Final = 4.0
"""How long to wait for a daemon that is starting, or whose agent is: longer than the agent waits for its engine."""

_RETRY_SECONDS: Final = 0.05
_PIECE_BYTES: Final = 1 << 16
_LARGEST_ANSWER: Final = 64 << 20
OK: Final = 200
_NOT_YET: Final = 503


class NoDaemon(Failure):
    """Nobody listens on the control socket."""


class Unanswered(Failure):
    """A request was sent, and no answer came: whether it was carried out is not known."""


def get(control: Path, resource: str, patience: float = PATIENCE_SECONDS) -> bytes:
    """The document at `resource`. `Failure` where there is none within `patience` seconds, or no daemon answers."""
    status, body = _look(control, resource, patience, waits=True)
    if status != OK:
        raise Failure(f"{control}: the daemon answered {resource} with HTTP status {status}")
    return body


def probe(control: Path, resource: str, patience: float = PATIENCE_SECONDS) -> tuple[int, bytes]:
    """HTTP status and document of `resource`, also where that is "not now". `Failure` as of `get`."""
    return _look(control, resource, patience, waits=False)


def post(control: Path, resource: str, patience: float) -> tuple[int, bytes]:
    """Ask for an action. Returns HTTP status and document; `Failure` where no daemon answers in `patience` seconds.

    `Unanswered` where it may have been asked nevertheless.
    """
    return _request(control, "POST", resource, patience)


def _look(control: Path, resource: str, patience: float, *, waits: bool) -> tuple[int, bytes]:
    try:
        return _request(control, "GET", resource, patience, waits=waits)
    except Unanswered as silence:  # of the agent: the engine does not depend on it
        raise Unanswered(
            f"{silence}; the virtual routers may still run; restart the daemon (systemctl restart failover)"
        ) from silence


def _request(control: Path, method: str, resource: str, patience: float, *, waits: bool = True) -> tuple[int, bytes]:
    """Send a request until it is answered; where it `waits`, by something else than "the daemon is starting"."""
    deadline = time.monotonic() + patience
    failure = Failure
    while True:
        status, body = _ask(control, f"{method} {resource}", deadline, failure)
        if status is not None and not (waits and status == _NOT_YET):
            return status, body
        if status is None:
            failure = Unanswered
        if time.monotonic() + _RETRY_SECONDS > deadline:
            raise failure(f"{control}: the daemon has not finished starting after {patience:g} s")
        time.sleep(_RETRY_SECONDS)


def _ask(control: Path, request: str, deadline: float, failure: type[Failure]) -> tuple[int | None, bytes]:
    """Send a request once. Returns HTTP status and body; status None where the agent ended before it answered.

    The engine starts another agent then. `failure` is raised where there is no connection: `NoDaemon` where nobody
    listens, unless a request was sent before.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        _connect(connection, control, deadline, failure)
        answer = bytearray()
        try:
            connection.sendall(f"{request} HTTP/1.0\r\nHost: failover\r\nContent-Length: 0\r\n\r\n".encode())
            while len(answer) <= _LARGEST_ANSWER:
                connection.settimeout(max(deadline - time.monotonic(), 0.001))
                piece = connection.recv(_PIECE_BYTES)
                if not piece:
                    break
                answer += piece
        except TimeoutError as error:
            raise Unanswered(f"{control}: the agent (status and log) does not answer") from error
        except (ConnectionResetError, BrokenPipeError):
            return None, b""
    return _read(bytes(answer), control)


def _connect(connection: socket.socket, control: Path, deadline: float, failure: type[Failure]) -> None:
    connection.setblocking(False)  # where the backlog is full, it would wait for ever
    while True:
        try:
            connection.connect(str(control))
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise failure(f"{control}: the agent (status and log) does not answer") from error
            time.sleep(_RETRY_SECONDS)
        except (FileNotFoundError, ConnectionRefusedError) as error:
            nobody = NoDaemon if failure is Failure else failure
            raise nobody(
                f"no daemon runs on {control}: start it (systemctl start failover), or name its socket with --socket"
            ) from error
        except PermissionError as error:
            raise failure(f"{control}: {reason(error)}; use sudo, or join the group of the socket") from error
        except OSError as error:
            raise failure(f"{control}: {describe(error)}") from error
        else:
            break
    connection.settimeout(max(deadline - time.monotonic(), 0.001))


def _read(answer: bytes, control: Path) -> tuple[int | None, bytes]:
    if not answer:
        return None, b""
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        raise Failure(f"{control}: what listens there is not the daemon")
    return int(words[1]), body
