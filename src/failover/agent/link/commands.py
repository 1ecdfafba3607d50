"""Sends commands to the engine and waits for the answers. An answer has the number of its command."""

import asyncio
import socket
import time
from collections.abc import Callable
from itertools import count

from failover.messages import Answer, Command, Message, Refused, ReloadEnded, Told, encode


class Commands:
    """The commands sent over one channel that still wait for an answer."""

    def __init__(self, channel: socket.socket, first_number: int | None = None) -> None:
        """Numbers begin at `first_number`, by default where no earlier agent has been: its answers may still come."""
        self._channel = channel
        self._numbers = count(time.monotonic_ns() if first_number is None else first_number)
        self._waiting: dict[int, asyncio.Future[Answer]] = {}

    async def send(self, make: Callable[[int], Command], patience_seconds: float) -> Answer | None:
        """Send the command that `make` builds from a number, and return the answer.

        None where no answer comes within `patience_seconds`, or the command could not be sent.
        """
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
        """Pass a received message to the command that it answers, if it is an answer."""
        if isinstance(message, Told | ReloadEnded | Refused) and message.id is not None:
            answer = self._waiting.get(message.id)
            if answer is not None and not answer.done():
                answer.set_result(message)
