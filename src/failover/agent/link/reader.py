"""Reads the engine's messages from the channel, in portions, until the engine closes it."""

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from failover.agent.complaints import Write
from failover.events import Kind
from failover.messages import MAX_MESSAGE_BYTES, UNREADABLE, Dropped, Event, Message, decode

_MESSAGES_AT_ONCE: Final = 256


class Reader:
    """Reads the messages of one channel."""

    def __init__(
        self,
        channel: socket.socket,
        take: Callable[[Message], None],
        write: Write,
        hung_up: Callable[[], None],
        complain: Callable[[str, BaseException], None],
    ) -> None:
        """`take` gets each message, `write` each event; `hung_up` is called when the engine closes the channel.

        `complain` is told what is no message, and why.
        """
        self._channel = channel
        self._take_in = take
        self._write = write
        self._hung_up = hung_up
        self._complain = complain

    def read(self) -> None:
        """Read at most 256 of the waiting messages, so that the API gets its turn during a storm of events."""
        with suppress(BlockingIOError):
            for _ in range(_MESSAGES_AT_ONCE):
                packet = self._receive()
                if not packet:
                    asyncio.get_running_loop().remove_reader(self._channel)
                    self._hung_up()
                    return
                try:
                    message = decode(packet)
                except UNREADABLE as error:
                    self._complain("a message from the engine was not understood", error)
                else:
                    self._take(message)

    def _receive(self) -> bytes:
        """One message; empty where the engine has closed the channel. `BlockingIOError` where none waits."""
        try:
            return self._channel.recv(MAX_MESSAGE_BYTES)
        except ConnectionError:  # it has ended without reading our last command
            return b""

    def _take(self, message: Message) -> None:
        self._take_in(message)
        if isinstance(message, Event):
            self._write(message)
        elif isinstance(message, Dropped):
            self._write(Kind.EVENTS_LOST.event(time.time_ns(), {"count": message.count}))
