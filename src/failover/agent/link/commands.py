"""What the agent asks of its engine: each command with a number of its own, and each answered, or given up."""

import asyncio
import socket
from collections.abc import Callable
from itertools import count

from failover.messages import Answer, Command, Message, Refused, ReloadEnded, Told, encode


class Commands:
    """Over one channel."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[Answer]] = {}

    async def send(self, make: Callable[[int], Command], patience_seconds: float) -> Answer | None:
        """The answer to the command that `make` makes of a number; None where none comes in so long."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._channel.send(encode(make(number)))
            done, _ = await asyncio.wait([answer], timeout=patience_seconds)
            return answer.result() if done else None
        except OSError:  # the engine is busy, or gone
            return None
        finally:
            del self._waiting[number]

    def take(self, message: Message) -> None:
        """A message has come, which may be an answer."""
        if isinstance(message, Told | ReloadEnded | Refused) and message.id is not None:
            answer = self._waiting.get(message.id)
            if answer is not None and not answer.done():
                answer.set_result(message)
