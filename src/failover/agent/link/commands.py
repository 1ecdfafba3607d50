"""Has the engine reload its configuration, for one who asks after the other, and tells each what came of it."""

import asyncio
import socket
from typing import Final

from failover.messages import RELOAD, Message, NotReloaded, Reloaded

_PATIENCE_SECONDS: Final = 60.0
"""More than the engine gives the process that reads the file."""


class Reloading:
    """Over one channel."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._turn = asyncio.Lock()
        self._answer: asyncio.Future[Reloaded | NotReloaded] | None = None

    async def reload(self) -> Reloaded | NotReloaded | None:
        """What came of it; None where the engine does not answer."""
        async with self._turn:
            answer = self._answer = asyncio.get_running_loop().create_future()
            try:
                self._channel.send(RELOAD)
            except OSError:  # the engine is busy, or gone
                return None
            done, _ = await asyncio.wait([answer], timeout=_PATIENCE_SECONDS)
            return answer.result() if done else None

    def take(self, message: Message) -> None:
        """The answer, if this message is one."""
        if isinstance(message, Reloaded | NotReloaded) and self._answer is not None and not self._answer.done():
            self._answer.set_result(message)
