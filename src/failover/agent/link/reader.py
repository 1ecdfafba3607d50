"""Reads what the engine sends, in portions, until it hangs up."""

import asyncio
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from failover.events import Kind
from failover.messages import MAX_MESSAGE_BYTES, Dropped, Event, Message, decode

Write = Callable[[Event], None]
"""Takes what is for the log."""

_MESSAGES_AT_ONCE: Final = 256


class Reader:
    """Of one channel."""

    def __init__(
        self, channel: socket.socket, take: Callable[[Message], None], write: Write, hung_up: Callable[[], None]
    ) -> None:
        self._channel = channel
        self._take_in = take
        self._write = write
        self._hung_up = hung_up

    def read(self) -> None:
        """Take in what waits, a portion of it, so that the API gets its turn during a storm."""
        with suppress(BlockingIOError):
            for _ in range(_MESSAGES_AT_ONCE):
                packet = self._receive()
                if not packet:
                    asyncio.get_running_loop().remove_reader(self._channel)
                    self._hung_up()
                    return
                self._take(decode(packet))

    def _receive(self) -> bytes:
        """A packet, empty where there is no engine any more."""
        try:
            return self._channel.recv(MAX_MESSAGE_BYTES)
        except ConnectionError:  # it has gone without having read that we asked it something
            return b""

    def _take(self, message: Message) -> None:
        self._take_in(message)
        if isinstance(message, Event):
            self._write(message)
        elif isinstance(message, Dropped):
            self._write(Kind.EVENTS_LOST.event(time.time_ns(), {"count": message.count}))


def inherited_sockets(channel_fd: int, listener_fd: int) -> tuple[socket.socket, socket.socket]:
    """The sockets that the engine has handed over, the channel and the listening control socket."""
    channel, listener = socket.socket(fileno=channel_fd), socket.socket(fileno=listener_fd)
    for inherited in (channel, listener):
        os.set_inheritable(inherited.fileno(), False)
        inherited.setblocking(False)
    return channel, listener
