"""Waiting for something to be so, with a deadline: the lab never sleeps and hopes."""

import time
from collections.abc import Callable
from typing import Final

POLL_SECONDS: Final = 0.005


def wait_until(condition: Callable[[], object], what: str, seconds: float = 10) -> None:
    """Ask `condition` until it says yes; `TimeoutError` naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {seconds:g} s still not: {what}")
        time.sleep(POLL_SECONDS)
