"""Accepts the clients of the control API, so many at once; more of them take the place of idle ones."""

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import Final

from failover.agent.api.http import Client, Route, converse

MOST_CLIENTS: Final = 64
"""How many are served at once. One more takes the place of the one that has been idle for the longest time, or waits
where none is idle."""

_RETRY_SECONDS: Final = 1.0
"""How long to accept nobody where the system has no descriptor or no memory for another client."""
_NO_DESCRIPTOR: Final = (errno.EMFILE, errno.ENFILE)


class Clients:
    """The clients of one listening socket, from now until it is closed."""

    def __init__(self, listener: socket.socket, route: Route, complain: Callable[[str, OSError], None]) -> None:
        """Accept them from now on. `complain` tells people what is wrong, and why."""
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._route = route
        self._complain = complain
        self._served: dict[asyncio.Task[None], Client] = {}
        self._again: asyncio.TimerHandle | None = None
        self._listen()

    def close(self) -> None:
        """Accept nobody any more, and hang up on all."""
        if self._again is not None:
            self._again.cancel()
        self._loop.remove_reader(self._listener)
        self._listener.close()
        for serving in self._served:
            serving.cancel()

    def _listen(self) -> None:
        self._again = None
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
            self._complain("could not accept a client of the control socket", error)
            self._loop.remove_reader(self._listener)
            if error.errno not in _NO_DESCRIPTOR or not self._make_room():  # else until that one has left
                self._again = self._loop.call_later(_RETRY_SECONDS, self._listen)
            return
        connection.setblocking(False)
        client = Client(connection)
        serving = self._loop.create_task(converse(client, self._route))
        self._served[serving] = client
        serving.add_done_callback(self._left)

    def _make_room(self) -> bool:
        """Hang up on the client that has been idle for the longest time. Returns whether there was one."""
        idle = [(client.idle_since, serving) for serving, client in self._served.items() if client.idle_since]
        if not idle:
            return False
        _, longest = min(idle, key=lambda one: one[0])
        del self._served[longest]
        longest.cancel()
        return True

    def _left(self, serving: asyncio.Task[None]) -> None:
        self._served.pop(serving, None)
        if self._again is None:
            self._listen()
