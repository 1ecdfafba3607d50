"""Asks the engine what has changed, when somebody wants to know: once a second at most, however many ask.

The engine answers when it has nothing else to do; an answer that does not come soon is not waited for.
"""

import asyncio
import socket
import time
from contextlib import suppress
from typing import Final

from failover.messages import ASK, EngineLag, Message

_EVERY_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 0.1


class Asking:
    """Over one channel."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._asked_at = -_EVERY_SECONDS
        self._answer: asyncio.Future[None] | None = None

    async def ask(self) -> None:
        """Return when the engine has told what is new, or does not seem to."""
        now = time.monotonic()
        if now - self._asked_at >= _EVERY_SECONDS:
            self._asked_at = now
            self._answer = asyncio.get_running_loop().create_future()
            with suppress(OSError):  # the engine is busy, or gone
                self._channel.send(ASK)
        if self._answer is not None:
            await asyncio.wait([self._answer], timeout=_PATIENCE_SECONDS)
            self._answer = None  # whoever else asks meanwhile waits no longer than this one

    def take(self, message: Message) -> None:
        """The last message of an answer is the engine's lag."""
        if isinstance(message, EngineLag) and self._answer is not None:
            if not self._answer.done():
                self._answer.set_result(None)
            self._answer = None
