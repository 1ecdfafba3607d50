"""The engine's end of the channel to the agent: bounded in both directions, never blocking.

While the agent does not read, or is dead, messages wait in a queue; when that is full the oldest go, counted, and
the agent is told how many it missed.
"""

import socket
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from failover.engine.environment import EventLoop
from failover.linux.sockets.options import SEND_BUFFER, grow
from failover.messages import MAX_MESSAGE_BYTES, Dropped, Event, Message, encode
from failover.vrrp import Instant, seconds

QUEUE_LIMIT: Final = 4096
"""How many messages wait for an agent that does not read."""
COMMANDS_AT_ONCE: Final = 10
"""How many commands are heard at once: enough for people, and little work, whatever a broken agent sends."""
COMMAND_EVERY: Final = seconds(0.2)
"""How often one more is heard after that. What comes faster waits in the channel."""

_BUFFER_BYTES: Final = 1 << 20


class _Waiting(NamedTuple):
    packet: bytes
    outlives_agent: bool
    """Whether the next agent is to have it too: an event is; what describes the present is told anew to each."""


class Channel:
    """Sends messages to one agent after the other."""

    def __init__(self, loop: EventLoop, take: Callable[[bytes], None]) -> None:
        """`take` is given each packet that the agent sends."""
        self._loop = loop
        self._take = take
        self.hung_up: Callable[[], None] = lambda: None
        """Called when an agent has gone, or is to go: no answer reaches it any more."""
        self._listening = loop.alarm(lambda _: self._listen())
        self._is_listening = False
        self._spent_until = Instant(0)
        """When every command so far will have had its `COMMAND_EVERY`: with so many ahead of now, none is heard."""
        self._socket: socket.socket | None = None
        self._queue: deque[_Waiting] = deque()
        self.dropped = 0
        """Messages lost since the daemon started."""
        self._untold = 0
        self.is_incomplete = False
        """Whether something that describes the present was lost; whoever tells all of it anew says no more."""

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
        self._spent_until = Instant(0)
        self._listen()
        return theirs

    def close(self) -> None:
        """Hang up: the agent reads what it was sent, then the end."""
        self.flush()
        self._hang_up()

    def send(self, message: Message) -> None:
        """Send a message now, or at a later `send` or `flush`, when the agent reads."""
        packet = encode(message)
        if len(packet) > MAX_MESSAGE_BYTES:
            self._drop()
            return
        if len(self._queue) >= QUEUE_LIMIT:
            lost = self._queue.popleft()
            self.is_incomplete = self.is_incomplete or not lost.outlives_agent
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

    def _listen(self) -> None:
        if self._socket is not None:
            self._loop.watch(self._socket.fileno(), self._hear)
            self._is_listening = True

    def _be_deaf(self) -> None:
        self._listening.set(None)
        if self._socket is not None and self._is_listening:
            self._loop.forget(self._socket.fileno())
        self._is_listening = False

    def _hear(self) -> None:
        if self._socket is None:
            return
        try:
            packet = self._socket.recv(MAX_MESSAGE_BYTES)
        except BlockingIOError:  # woken for nothing
            return
        except OSError:
            packet = b""
        if not packet:
            # The end of the channel is readable for ever, until the supervisor has seen that the agent is dead.
            self._be_deaf()
            return
        now = self._loop.clock.now()
        in_hand_from = Instant(now - (COMMANDS_AT_ONCE - 1) * COMMAND_EVERY)
        self._spent_until = Instant(max(self._spent_until, in_hand_from) + COMMAND_EVERY)
        if self._spent_until > now:
            self._be_deaf()
            self._listening.set(self._spent_until)
        self._take(packet)

    def _hang_up(self) -> None:
        self._be_deaf()
        if self._socket is not None:
            self._socket.close()
            self._socket = None
            self.hung_up()
        self._queue = deque(waiting for waiting in self._queue if waiting.outlives_agent)

    def _drop(self) -> None:
        self.dropped += 1
        self._untold += 1
