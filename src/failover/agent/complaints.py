"""Errors in the agent: an event for each, in one line, and the same error once a minute."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import walk_tb

from failover.events import Kind
from failover.linux.errors import reason
from failover.messages import Event
from failover.rate_limit import RateLimit, with_suppressed

Write = Callable[[Event], None]
"""Writes an event to the log."""


class Complaints(logging.Handler):
    """Writes down what the agent and the libraries that it uses have to complain of."""

    def __init__(self, write: Write) -> None:
        super().__init__(logging.WARNING)
        self._write = write
        self._limit = RateLimit()

    @contextmanager
    def heard(self) -> Iterator[None]:
        """What libraries log meanwhile comes here, and not as a traceback to standard error."""
        root = logging.getLogger()
        root.addHandler(self)
        try:
            yield
        finally:
            root.removeHandler(self)

    def tell(self, trouble: str, error: BaseException | None = None) -> None:
        """Tell people what went wrong and why, unless the same was told a short while ago."""
        why = f": {_why(error)}" if error else ""
        where = _where(error) if error else ""
        # An error has a place in the program; without one, the words are all there is to tell by.
        same = {"trouble": type(error).__name__ if where else trouble, "where": where}
        suppressed = self._limit.admit(Kind.AGENT_TROUBLE, same, time.monotonic_ns())
        if suppressed is not None:
            fields = with_suppressed({"trouble": " ".join(f"{trouble}{why}".split()), "where": where}, suppressed)
            self._write(Kind.AGENT_TROUBLE.event(time.time_ns(), fields))

    def emit(self, record: logging.LogRecord) -> None:
        """Tell what a library logs: the first line of it, and the error."""
        first, *_ = record.getMessage().splitlines() or [""]
        self.tell(first, record.exc_info[1] if record.exc_info else None)


def _why(error: BaseException) -> str:
    return reason(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"


def _where(error: BaseException) -> str:
    """The place in the program that raised it, such as `routes.py:41`; empty where it was not raised."""
    frames = [f"{Path(frame.f_code.co_filename).name}:{line}" for frame, line in walk_tb(error.__traceback__)]
    return frames[-1] if frames else ""
