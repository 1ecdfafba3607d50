"""Asks the engine for news before a status is answered, and so learns whether the engine answers at all.

It is asked once a second at most, however many clients ask, and answers within milliseconds, as soon as it has nothing
else to do. An engine that has not answered for 2 s is silent: stopped, stuck, or without a processor. Only one question
waits in the channel, so an engine that comes back after hours does not find thousands of them.
"""

import asyncio
import time
from typing import Final, NamedTuple

from failover.agent.link.commands import Commands
from failover.messages import Answer, Dropped, Message

PATIENCE_SECONDS: Final = 2.0
"""How long the engine may take to answer."""
_EVERY_SECONDS: Final = 1.0


class Liveness(NamedTuple):
    """Whether the engine answers. Times are wall-clock nanoseconds. The defaults: it has not been asked yet."""

    answers: bool = True
    answered_at: int | None = None
    """The last time; None: never."""
    silent_since: int | None = None
    """When it was last heard from, by an answer or any other message. None where it answers, or was never heard."""


class Freshness:
    """Keeps the mirror of one agent fresh."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._asked_at = -_EVERY_SECONDS
        self._question: int | None = None
        """The number of the question that waits in the channel."""
        self._unanswered_since: float | None = None
        self._answered = asyncio.Event()
        self._is_silent = False
        self._answered_at: int | None = None
        self._heard_at: int | None = None

    async def renew(self) -> None:
        """Ask the engine for news, unless it was asked less than a second ago.

        Returns after its answer, or when it has not answered for 2 s: at once where that is so already.
        """
        now = time.monotonic()
        if self._question is None and now - self._asked_at >= _EVERY_SECONDS:
            self._asked_at = now
            self._question = self._commands.ask()
        elif self._question is None and self._unanswered_since is None:
            return
        if self._unanswered_since is None:
            self._unanswered_since = now
            self._answered.clear()
        try:
            async with asyncio.timeout(self._unanswered_since + PATIENCE_SECONDS - now):
                await self._answered.wait()
        except TimeoutError:
            # Where it was this process that stood still, the answer is there in the same moment.
            self._is_silent = not self._answered.is_set()

    def take(self, message: Message) -> None:
        """Learn from a message that the engine runs. Whatever it answers, a refusal as well, ends its silence."""
        self._heard_at = time.time_ns()
        if isinstance(message, Answer):
            self._answered_at = self._heard_at
        elif not isinstance(message, Dropped):  # the answer may be among what was lost: ask again
            return
        if isinstance(message, Dropped) or message.id == self._question:
            self._question = None
        self._unanswered_since = None
        self._is_silent = False
        self._answered.set()

    @property
    def liveness(self) -> Liveness:
        """Whether the engine answers, as far as is known; after `renew`, as it is now."""
        return Liveness(not self._is_silent, self._answered_at, self._heard_at if self._is_silent else None)
