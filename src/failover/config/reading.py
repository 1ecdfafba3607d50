"""Reads a file to its end, whatever it is: a pipe from another command too, but not for ever."""

import errno
import os
import select
import time
from os import PathLike
from typing import Final

PATIENCE_SECONDS: Final = 10.0
"""A daemon that starts does nothing else meanwhile, and does not stop either."""
_PIECE_BYTES: Final = 1 << 16


def read(path: str | PathLike[str], most: int) -> bytes:
    """At most so many bytes of a file; `OSError` where it cannot be read, or does not end within `PATIENCE_SECONDS`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    # A pipe that nobody has opened for writing must not keep us in the very call that opens it.
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
