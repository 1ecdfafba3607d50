"""The agent's event loop: reads the channel, keeps the mirror, writes the log, serves the API, ends with the engine."""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from failover.agent.api.routes import application
from failover.agent.link.commands import Reloading
from failover.agent.link.freshness import Asking
from failover.agent.link.mirror import Mirror
from failover.events import Kind
from failover.messages import MAX_MESSAGE_BYTES, Dropped, Event, Message, decode

Write = Callable[[Event], None]

_MESSAGES_AT_ONCE = 256


class _Connection(H11Protocol):
    """Hears a client, by h11 whatever else is installed."""

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, and hang up.

        In the middle of a request uvicorn would go on with its answer as well: h11 does not let it, and each such
        client has a traceback in the log.
        """
        if self.cycle is not None:  # it is before the first request, whatever its type says
            self.cycle.disconnected = True
            if self.cycle.response_started:
                self.transport.close()
                return
        super().send_400_response(msg)


class _Server(uvicorn.Server):
    """Lives and dies with the channel: signals are for the engine, which says how it ended before it hangs up.

    It leaves at once then, for the engine waits, and wakes up once a second meanwhile, not ten times.
    """

    def __init__(self, config: uvicorn.Config, over: asyncio.Future[None]) -> None:
        super().__init__(config)
        self._over = over

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def main_loop(self) -> None:
        while not self._over.done():
            await self.on_tick(0)  # what is due every second
            await asyncio.wait([self._over], timeout=1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for one in sockets or []:
            one.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)


async def serve(channel: socket.socket, listener: socket.socket, write: Write) -> None:
    """Serve until the other end of `channel` is closed. `write` gets what is for the log."""
    mirror = Mirror()
    asking = Asking(channel)
    reloading = Reloading(channel)
    # Its warnings are about clients, have no time, and advise on packages: nothing for the log of a router.
    config = uvicorn.Config(
        application(mirror, asking.ask, reloading.reload),
        http=_Connection,
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        ws="none",
    )
    loop = asyncio.get_running_loop()
    over = loop.create_future()

    def take(message: Message) -> None:
        mirror.update(message)
        asking.take(message)
        reloading.take(message)

    loop.add_reader(channel, _Reader(channel, take, write, lambda: over.set_result(None)).read)
    await _Server(config, over).serve([listener])
    loop.remove_reader(channel)


class _Reader:
    def __init__(
        self, channel: socket.socket, take: Callable[[Message], None], write: Write, hung_up: Callable[[], None]
    ) -> None:
        self._channel = channel
        self._take_in = take
        self._write = write
        self._hung_up = hung_up

    def read(self) -> None:
        """What waits, in portions, so that the API gets its turn during a storm."""
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


def descriptor_sockets(channel_fd: int, listener_fd: int) -> tuple[socket.socket, socket.socket]:
    """The sockets that the engine has handed over."""
    channel, listener = socket.socket(fileno=channel_fd), socket.socket(fileno=listener_fd)
    for inherited in (channel, listener):
        os.set_inheritable(inherited.fileno(), False)
        inherited.setblocking(False)
    return channel, listener
