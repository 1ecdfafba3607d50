"""Waits for a condition, with a deadline. The lab never just sleeps for a time that should be enough."""

import time
from collections.abc import Callable
from typing import Final

POLL_SECONDS: Final = 0.005


def wait_until(condition: Callable[[], object], what: str, seconds: float = 10) -> None:
    """Wait until `condition()` is true. After `seconds`, raises `TimeoutError` with `what` in its text."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {seconds:g} s still not: {what}")
        time.sleep(POLL_SECONDS)
