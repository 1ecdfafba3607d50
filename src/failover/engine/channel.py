"""The engine's end of the channel to the agent: bounded, never blocking.

While the agent does not read, or is dead, messages wait in a queue; when that is full the oldest go, counted, and
the agent is told how many it missed.
"""

import socket
from collections import deque
from typing import Final, NamedTuple

from failover.linux.socket_options import SEND_BUFFER, grow
from failover.messages import MAX_MESSAGE_BYTES, Dropped, Event, Message, encode

QUEUE_LIMIT: Final = 4096
"""Messages."""

_BUFFER_BYTES: Final = 1 << 20


class _Waiting(NamedTuple):
    packet: bytes
    outlives_agent: bool
    """An event is for whoever comes next; what describes the present is told anew to each."""


class Channel:
    """Sends messages to one agent after the other."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._queue: deque[_Waiting] = deque()
        self.dropped = 0
        """Messages lost since the daemon started."""
        self._untold = 0

    @property
    def is_clear(self) -> bool:
        """Whether there is an agent, and it keeps up: what only repeats the present is worth sending."""
        return self._socket is not None and not self._queue

    def open(self) -> socket.socket:
        """Begin anew with another agent: returns its end. It gets the events that the one before did not take."""
        self.close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        grow(ours, SEND_BUFFER, _BUFFER_BYTES)
        self._socket = ours
        return theirs

    def close(self) -> None:
        """Hang up: the agent reads what it was sent, then the end."""
        self.flush()
        self._hang_up()

    def send(self, message: Message) -> None:
        """Send now, or as soon as the agent reads: at the next `send` or `flush` then."""
        packet = encode(message)
        if len(packet) > MAX_MESSAGE_BYTES:
            self._drop()
            return
        if len(self._queue) >= QUEUE_LIMIT:
            self._queue.popleft()
            self._drop()
        self._queue.append(_Waiting(packet, isinstance(message, Event)))
        self.flush()

    def flush(self) -> None:
        """Send what waits, as far as the agent reads."""
        if self._socket is None:
            return
        try:
            while self._queue:
                if self._untold:
                    self._socket.send(encode(Dropped(self._untold)))
                    self._untold = 0
                self._socket.send(self._queue[0].packet)
                self._queue.popleft()
        except BlockingIOError:
            return
        except OSError:
            self._hang_up()  # the agent has died; its supervisor opens the next channel

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._queue = deque(waiting for waiting in self._queue if waiting.outlives_agent)

    def _drop(self) -> None:
        self.dropped += 1
        self._untold += 1
