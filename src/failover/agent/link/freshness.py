"""Has the engine tell what has changed when somebody wants to know: once a second at most, however many do.

The engine answers when it has nothing else to do; an answer that does not come soon is not waited for.
"""

import asyncio
import time
from typing import Final

from failover.agent.link.commands import Commands
from failover.messages import Answer, Ask

_EVERY_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 0.1


class Freshness:
    """Of what one agent knows."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._asked_at = -_EVERY_SECONDS
        self._asking: asyncio.Task[Answer | None] | None = None

    async def renew(self) -> None:
        """Return when the engine has told what is new, or does not seem to."""
        now = time.monotonic()
        if now - self._asked_at >= _EVERY_SECONDS:
            self._asked_at = now
            self._asking = asyncio.create_task(self._commands.send(Ask, _PATIENCE_SECONDS))
        if self._asking is not None:
            await asyncio.wait([self._asking])
