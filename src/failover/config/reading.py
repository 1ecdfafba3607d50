"""Reads a file to its end, which may also be a pipe from another command, with a limit on time and size."""

import errno
import os
import select
import time
from os import PathLike
from typing import Final

PATIENCE_SECONDS: Final = 10.0
"""How long to wait for the end of a file. A daemon that is starting does nothing else meanwhile, not even stop."""
_PIECE_BYTES: Final = 1 << 16


def read(path: str | PathLike[str], most: int) -> bytes:
    """The content of a file, at most `most` bytes.

    `OSError` where it cannot be read; `TimeoutError`, which is one, where it does not end within `PATIENCE_SECONDS`.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    # O_NONBLOCK: without it, opening a pipe that nobody has opened for writing would block for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        readable = select.poll()
        readable.register(descriptor, select.POLLIN)
        data = bytearray()
        while len(data) < most:
            left = deadline - time.monotonic()
            if left < 0 or not readable.poll(left * 1000):
                raise TimeoutError(errno.ETIMEDOUT, f"it did not end within {PATIENCE_SECONDS:g} s")
            piece = os.read(descriptor, min(_PIECE_BYTES, most - len(data)))
            if not piece:
                break
            data += piece
        return bytes(data)
    finally:
        os.close(descriptor)
