"""What the agent does: reads the channel, updates the mirror, writes the log, serves the API; ends with the engine."""

import asyncio
import socket
from functools import partial
from typing import Final

from failover.agent.api.clients import Clients
from failover.agent.api.routes import routes
from failover.agent.complaints import Complaints, Write
from failover.agent.link.commands import Commands
from failover.agent.link.freshness import Freshness
from failover.agent.link.mirror import Mirror
from failover.agent.link.reader import Reader
from failover.linux.confinement import fence
from failover.linux.confinement.fence import Fence
from failover.messages import Message, Reload

_RELOAD_PATIENCE_SECONDS: Final = 60.0
"""How long to wait for a reload: longer than the engine waits for the process that reads the file."""
_RELOAD_BEGINS_WITHIN_SECONDS: Final = 50.0
"""A change that has not begun by then is not made. The rest is for the change itself, so that it can be answered."""


async def serve(channel: socket.socket, listener: socket.socket, write: Write, fenced: Fence = fence.NONE) -> None:
    """Serve until the engine closes its end of `channel`. `write` is called with each event, for the log.

    `fenced` is what this process has given up; the status says so.
    """
    complaints = Complaints(write)
    with complaints.heard():
        await _serve(channel, listener, write, complaints, fenced)


async def _serve(
    channel: socket.socket, listener: socket.socket, write: Write, complaints: Complaints, fenced: Fence
) -> None:
    mirror = Mirror(fenced)
    commands = Commands(channel)
    freshness = Freshness(commands)
    loop = asyncio.get_running_loop()
    over = loop.create_future()

    def take(message: Message) -> None:
        mirror.update(message)
        freshness.take(message)
        commands.take(message)

    reader = Reader(channel, take, write, lambda: over.set_result(None), complaints.tell)
    loop.add_reader(channel, reader.read)
    reload = partial(commands.send, Reload, _RELOAD_PATIENCE_SECONDS, _RELOAD_BEGINS_WITHIN_SECONDS)
    clients = Clients(listener, routes(mirror, freshness, reload), complaints.tell)
    fence.close(fenced)  # by now all of the program is loaded
    await over
    clients.close()
    await asyncio.sleep(0)  # each hangs up
