"""The event loop: reads the channel, updates the mirror, writes the log, serves the API. Ends with the engine."""

import asyncio
import socket
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from typing import Final

import uvicorn

from failover.agent.api.clients import Clients, Connection
from failover.agent.api.routes import application
from failover.agent.complaints import Complaints, Write
from failover.agent.link.commands import Commands
from failover.agent.link.freshness import Freshness
from failover.agent.link.mirror import Mirror
from failover.agent.link.reader import Reader
from failover.messages import Message, Reload

_RELOAD_PATIENCE_SECONDS: Final = 60.0
"""How long to wait for a reload: longer than the engine waits for the process that reads the file."""
_RELOAD_BEGINS_WITHIN_SECONDS: Final = 50.0
"""A change that has not begun by then is not made. The rest is for the change itself, so that it can be answered."""


class _Server(uvicorn.Server):
    """A uvicorn server that ends when the channel is closed, and not by signals: those are for the engine.

    It then ends at once, because the engine waits for it. While it runs it wakes up once a second, not ten times. It
    leaves it to `Clients` to accept connections: uvicorn keeps any number of them for any time, and asyncio, where
    there is no descriptor for another one, complains without end.
    """

    def __init__(self, config: uvicorn.Config, over: asyncio.Future[None], complaints: Complaints) -> None:
        super().__init__(config)
        self._over = over
        self._complaints = complaints
        self._clients: list[Clients] = []

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in sockets or []:
            make = partial(Connection, self.config, self.server_state)
            self._clients.append(Clients(listener, make, self._complaints.tell))
        self.started = True

    async def main_loop(self) -> None:
        while not self._over.done():
            await self.on_tick(0)  # what is due every second
            await asyncio.wait([self._over], timeout=1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for clients in self._clients:
            clients.close()
        for one in sockets or []:
            one.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)


async def serve(channel: socket.socket, listener: socket.socket, write: Write) -> None:
    """Serve until the engine closes its end of `channel`. `write` is called with each event, for the log."""
    complaints = Complaints(write)
    with complaints.heard():
        await _serve(channel, listener, write, complaints)


async def _serve(channel: socket.socket, listener: socket.socket, write: Write, complaints: Complaints) -> None:
    mirror = Mirror()
    commands = Commands(channel)
    freshness = Freshness(commands)
    # uvicorn's warnings are about clients, have no time, and recommend packages: they do not belong in a router's log.
    reload = partial(commands.send, Reload, _RELOAD_PATIENCE_SECONDS, _RELOAD_BEGINS_WITHIN_SECONDS)
    config = uvicorn.Config(
        application(mirror, freshness.renew, reload),
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
        commands.take(message)

    reader = Reader(channel, take, write, lambda: over.set_result(None), complaints.tell)
    loop.add_reader(channel, reader.read)
    await _Server(config, over, complaints).serve([listener])
    loop.remove_reader(channel)
