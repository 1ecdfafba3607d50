"""Processes that take all the CPU they get, for a bounded time."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from failover.lab.network.namespaces import Namespace

_PROGRAM = "import sys, time\nend = time.monotonic() + float(sys.argv[1])\nwhile time.monotonic() < end: pass"


@contextmanager
def hogs(inside: Namespace, count: int, seconds: float) -> Iterator[None]:
    """Run `count` of them in a namespace, at most for `seconds`."""
    command = [sys.executable, "-S", "-E", "-c", _PROGRAM, str(seconds)]
    running = [inside.popen(command) for _ in range(count)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()
