"""Accepts the clients of the control API, so many at once; more of them take the place of idle ones."""

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from failover.agent.api.http import Client, Route, converse

MOST_CLIENTS: Final = 64
"""How many are served at once. One more takes the place of the oldest idle one, or waits where none is idle."""

_RETRY_SECONDS: Final = 1.0
"""How long to accept nobody where the system has no descriptor or no memory for another client."""


class Clients:
    """The clients of one listening socket, from now until it is closed."""

    def __init__(self, listener: socket.socket, route: Route, complain: Callable[[OSError], None]) -> None:
        """Accept them from now on. `complain` is called once where nobody can be accepted, until somebody is again."""
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._route = route
        self._complain = complain
        self._served: dict[asyncio.Task[None], Client] = {}
        self._is_short = False
        self._listen()

    def close(self) -> None:
        """Accept nobody any more, and hang up on all."""
        self._loop.remove_reader(self._listener)
        self._listener.close()
        for serving in self._served:
            serving.cancel()

    def _listen(self) -> None:
        if self._listener.fileno() >= 0:  # it was not closed meanwhile
            self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        if len(self._served) >= MOST_CLIENTS and not self._make_room():
            self._loop.remove_reader(self._listener)  # until a client has left
            return
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, ConnectionError):  # it has left already
            return
        except OSError as error:
            self._loop.remove_reader(self._listener)
            self._loop.call_later(_RETRY_SECONDS, self._listen)
            if not self._is_short:
                self._complain(error)
            self._is_short = True
            return
        self._is_short = False
        connection.setblocking(False)
        client = Client(connection)
        serving = self._loop.create_task(converse(client, self._route))
        self._served[serving] = client
        serving.add_done_callback(self._left)

    def _make_room(self) -> bool:
        """Hang up on the oldest client that is idle. Returns whether there was one."""
        idle = next((serving for serving, client in self._served.items() if client.is_idle), None)
        if idle is None:
            return False
        del self._served[idle]
        idle.cancel()
        return True

    def _left(self, serving: asyncio.Task[None]) -> None:
        self._served.pop(serving, None)
        if not self._is_short:
            self._listen()
