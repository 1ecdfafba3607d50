"""Asks a daemon for its status at full speed, for a bounded time.

    python -m benchmarks.pester SOCKET SECONDS

Prints how many answers it got.
"""

import socket
import sys
import time
from typing import Final

LONGEST_SECONDS: Final = 30.0
_REQUEST: Final = b"GET /status HTTP/1.1\r\nHost: failover\r\n\r\n"
_PIECE_BYTES: Final = 1 << 20


def answer_length(head: bytes) -> int:
    """The length of an answer's body, from its head."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise LookupError("no content-length")


def _ask(connection: socket.socket) -> None:
    connection.sendall(_REQUEST)
    heard = b""
    while b"\r\n\r\n" not in heard:
        heard += _receive(connection)
    head, _, body = heard.partition(b"\r\n\r\n")
    left = answer_length(head) - len(body)
    while left > 0:
        left -= len(_receive(connection))


def _receive(connection: socket.socket) -> bytes:
    piece = connection.recv(_PIECE_BYTES)
    if not piece:
        raise ConnectionError("the daemon hung up")
    return piece


def main() -> None:
    """One client."""
    path, seconds = sys.argv[1:]
    end = time.monotonic() + min(float(seconds), LONGEST_SECONDS)
    answers = 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(path)
        while time.monotonic() < end:
            _ask(connection)
            answers += 1
    print(answers)


if __name__ == "__main__":
    main()
