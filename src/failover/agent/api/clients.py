"""The clients of the control socket: so many at once, and none of them for longer than it needs."""

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

MOST: Final = 64
"""How many are connected at once: whoever asks is answered in milliseconds. For one more, the one goes that has been
idle for the longest time; where none is idle, the new one waits in the backlog."""
IDLE_SECONDS: Final = 10.0
"""How long a client may be connected without being served: before it has sent a request, after it was answered, and
while it does not take its answer."""
_RETRY_SECONDS: Final = 1.0
_NO_DESCRIPTOR: Final = (errno.EMFILE, errno.ENFILE)


class Connection(H11Protocol):
    """A connection with a client. Always uses h11, even where uvicorn would find a faster parser."""

    def __init__(self, config: uvicorn.Config, state: ServerState, clients: "Clients") -> None:
        super().__init__(config, state, {})
        self._clients = clients

    @property
    def is_served(self) -> bool:
        """Whether it has asked for something, and the answer is being made."""
        if self.cycle is None:  # before the first request, though its type does not say so
            return False
        return not self.cycle.response_started and not self.cycle.disconnected

    def abort(self) -> None:
        """Close it at once, whatever it has not taken."""
        if self.transport is not None:
            self.transport.abort()

    def on_response_complete(self) -> None:
        """It has its answer, or can take it: from now on it is idle."""
        super().on_response_complete()
        self._clients.answered(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        super().connection_lost(exc)
        self._clients.left(self)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, and close the connection.

        In the middle of a request, uvicorn would also go on with its answer. h11 refuses that, and each such client
        would be an error in the log.
        """
        if self.cycle is not None:  # see above
            self.cycle.disconnected = True
            if self.cycle.response_started:
                self.transport.close()
                return
        super().send_400_response(msg)


class Clients:
    """Accepts connections on a listening socket that does not block."""

    def __init__(
        self,
        listener: socket.socket,
        make: Callable[["Clients"], Connection],
        complain: Callable[[str, OSError], None],
    ) -> None:
        """Begin. `make` makes the protocol of a connection; `complain` tells people what is wrong, and why."""
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._make = make
        self._complain = complain
        self._timers: dict[Connection, asyncio.TimerHandle] = {}
        """When to look whether it is idle, by client; who has been answered last comes last."""
        self._connecting: set[asyncio.Task[object]] = set()
        self._again: asyncio.TimerHandle | None = None
        self._is_closed = False
        self._accept_more()

    def close(self) -> None:
        """Accept nobody any more."""
        self._is_closed = True
        self._wait()
        for timer in (*self._timers.values(), *([self._again] if self._again else [])):
            timer.cancel()

    def answered(self, client: Connection) -> None:
        """A client may ask again for a while."""
        if timer := self._timers.pop(client, None):
            timer.cancel()
            self._watch(client)

    def left(self, client: Connection) -> None:
        """A client has gone: there is room for another."""
        if timer := self._timers.pop(client, None):
            timer.cancel()
        if self._again is None and not self._is_closed:
            self._accept_more()

    def _accept_more(self) -> None:
        self._again = None
        self._loop.add_reader(self._listener, self._accept)

    def _wait(self) -> None:
        self._loop.remove_reader(self._listener)

    def _accept(self) -> None:
        """Somebody waits."""
        if len(self._timers) >= MOST:
            if not self._make_room():
                self._wait()  # until one leaves
            return
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:
            self._complain("no client of the control socket is accepted", error)
            if error.errno not in _NO_DESCRIPTOR or not self._make_room():
                self._wait()
                self._again = self._loop.call_later(_RETRY_SECONDS, self._accept_more)
            return
        self._take(connection)

    def _take(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        client = self._make(self)
        self._watch(client)
        connecting = self._loop.create_task(self._loop.connect_accepted_socket(lambda: client, connection))
        self._connecting.add(connecting)
        connecting.add_done_callback(self._connecting.discard)

    def _make_room(self) -> bool:
        """Close the connection that has been idle for the longest time. False where none is idle."""
        idle = next((client for client in self._timers if not client.is_served), None)
        if idle is not None:
            idle.abort()
        return idle is not None

    def _watch(self, client: Connection) -> None:
        self._timers[client] = self._loop.call_later(IDLE_SECONDS, self._look, client)

    def _look(self, client: Connection) -> None:
        if client.is_served:
            self._watch(client)
        else:
            client.abort()
