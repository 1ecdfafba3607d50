"""Asks the engine for news before a status is answered, at most once a second, however many clients ask.

The engine answers when it has nothing else to do. If that is not within 0.1 s, the status is answered without.
"""

import asyncio
import time
from typing import Final

from failover.agent.link.commands import Commands
from failover.messages import Answer, Ask

_EVERY_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 0.1


class Freshness:
    """Keeps the mirror of one agent fresh."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._asked_at = -_EVERY_SECONDS
        self._asking: asyncio.Task[Answer | None] | None = None

    async def renew(self) -> None:
        """Ask the engine for news, unless it was asked less than a second ago. Returns after its answer or 0.1 s."""
        now = time.monotonic()
        if now - self._asked_at >= _EVERY_SECONDS:
            self._asked_at = now
            self._asking = asyncio.create_task(self._commands.send(Ask, _PATIENCE_SECONDS))
        if self._asking is not None:
            await asyncio.wait([self._asking])
