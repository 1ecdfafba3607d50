"""Sends commands to the engine and waits for the answers. An answer has the number of its command.

A command whose sender gives up is void: it says until when it waits, and is withdrawn where it goes before.
"""

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Final

from failover.linux.clock import now
from failover.messages import Answer, Ask, Command, Message, Refused, ReloadEnded, Told, Withdraw, encode

_NANOSECONDS: Final = 1_000_000_000


class Commands:
    """The commands sent over one channel that still wait for an answer."""

    def __init__(self, channel: socket.socket, first_number: int | None = None) -> None:
        """Numbers begin at `first_number`, by default where no earlier agent has been: its answers may still come."""
        self._channel = channel
        self._numbers = count(time.monotonic_ns() if first_number is None else first_number)
        self._waiting: dict[int, asyncio.Future[Answer]] = {}

    async def send(
        self, make: Callable[[int, int], Command], patience_seconds: float, begun_within: float | None = None
    ) -> Answer | None:
        """Send the command that `make` builds from a number and the time until which it is valid; return the answer.

        None where no answer comes within `patience_seconds`, or the command could not be sent. The engine drops what
        it has not begun `begun_within` seconds from now, by default `patience_seconds`.
        """
        number = next(self._numbers)
        until = now() + round((patience_seconds if begun_within is None else begun_within) * _NANOSECONDS)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._channel.send(encode(make(number, until)))
            done, _ = await asyncio.wait([answer], timeout=patience_seconds)
            return answer.result() if done else None
        except OSError:  # the engine is busy, or gone
            return None
        except asyncio.CancelledError:
            with suppress(OSError):  # where there is no room for it, the time limit is left
                self._channel.send(encode(Withdraw(number)))
            raise
        finally:
            del self._waiting[number]

    def ask(self) -> int | None:
        """Ask for news, and wait for nothing: the question's number, which its answer has. None where it was not sent.

        It stays valid for ever, so it is answered as soon as the engine can.
        """
        number = next(self._numbers)
        try:
            self._channel.send(encode(Ask(number)))
        except OSError:  # the channel is full, or the engine is gone
            return None
        return number

    def take(self, message: Message) -> None:
        """Pass a received message to the command that it answers, if it is an answer."""
        if isinstance(message, Told | ReloadEnded | Refused) and message.id is not None:
            answer = self._waiting.get(message.id)
            if answer is not None and not answer.done():
                answer.set_result(message)
