"""What the agent does: reads the channel, updates the mirror, writes the log, serves the API; ends with the engine."""

import asyncio
import socket
import time
from functools import partial
from typing import Final

from failover.agent.api.clients import Clients
from failover.agent.api.routes import routes
from failover.agent.link.commands import Commands
from failover.agent.link.freshness import Freshness
from failover.agent.link.mirror import Mirror
from failover.agent.link.reader import Reader, Write
from failover.events import Kind
from failover.linux.confinement import fence
from failover.linux.confinement.fence import Fence
from failover.linux.errors import describe
from failover.messages import Message, Reload

_RELOAD_PATIENCE_SECONDS: Final = 60.0
"""How long to wait for a reload: longer than the engine waits for the process that reads the file."""


async def serve(channel: socket.socket, listener: socket.socket, write: Write, fenced: Fence = fence.NONE) -> None:
    """Serve until the engine closes its end of `channel`. `write` is called with each event, for the log.

    `fenced` is what this process has given up; the status says so.
    """
    mirror = Mirror(fenced)
    commands = Commands(channel)
    freshness = Freshness(commands)
    loop = asyncio.get_running_loop()
    over = loop.create_future()

    def take(message: Message) -> None:
        mirror.update(message)
        commands.take(message)

    def complain(error: OSError) -> None:
        write(Kind.CLIENTS_WAIT.event(time.time_ns(), {"error": describe(error)}))

    loop.add_reader(channel, Reader(channel, take, write, lambda: over.set_result(None)).read)
    route = routes(mirror, freshness.renew, partial(commands.send, Reload, _RELOAD_PATIENCE_SECONDS))
    clients = Clients(listener, route, complain)
    fence.close(fenced)  # by now all of the program is loaded
    await over
    clients.close()
    await asyncio.sleep(0)  # each hangs up
