"""Runs the agent as a child of the engine, and starts it again when it dies."""

import select
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from failover.engine.agent_link.channel import Channel
from failover.engine.environment import EventLoop
from failover.engine.events import EventSink
from failover.engine.process.child import Child
from failover.events import Kind
from failover.vrrp import Instant, Interval, seconds, to_seconds

_BACKOFF_FIRST = seconds(0.1)
_BACKOFF_LAST = seconds(10)
_STEADY_AFTER = seconds(30)
_FAREWELL = seconds(0.5)
_STARTED_AFTER = seconds(1.5)
"""How long an agent may take to start on a busy machine, until it reads what it was told: usually 0.3 s."""


class AgentProcess:
    """Has an agent running: when one process dies, the next one is started."""

    def __init__(
        self,
        loop: EventLoop,
        channel: Channel,
        handed: Sequence[int],
        options: list[str],
        events: EventSink,
        greet: Callable[[], None],
        aside: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """`handed` are the descriptors for it, behind its channel: the listener, and the log where that is one.

        `options` are the agent's arguments; `greet` tells a new agent all that it must know.

        It is spawned inside `aside()`.
        """
        self._aside = aside
        self._loop = loop
        self._channel = channel
        self._handed = tuple(handed)
        self._options = options
        self._events = events
        self._greet = greet
        self._child: Child | None = None
        self._started_at = loop.clock.now()
        self._backoff = _BACKOFF_FIRST
        self._restart = loop.alarm(lambda _: self._start_again())

    def start(self) -> None:
        """Start one, with a channel of its own, and greet it. `OSError` where the system has no room for it."""
        theirs = self._channel.open()
        with theirs, self._aside():
            self._child = Child("failover.agent", self._options, (theirs.fileno(), *self._handed))
        self._loop.watch(self._child.fileno(), self._died)
        self._started_at = self._loop.clock.now()
        self._greet()

    def stop(self) -> None:
        """Hang up and wait: the agent writes what it has been told, then leaves; it is killed if it does not."""
        self._restart.set(None)
        self._channel.close()
        child, self._child = self._child, None
        if child is None:
            return
        self._loop.forget(child.fileno())
        farewell = select.poll()
        farewell.register(child.fileno(), select.POLLIN)
        young_for = self._started_at + _STARTED_AFTER - self._loop.clock.now()
        if farewell.poll(to_seconds(Interval(max(_FAREWELL, young_for))) * 1000):
            child.bury()
        else:
            child.end()

    def _died(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        self._loop.forget(child.fileno())
        how = child.bury()
        self._channel.close()
        # Waits for the next one, which is the first that can log it.
        self._events.tell(Kind.AGENT_DIED, {"how": how})
        if self._loop.clock.now() - self._started_at > _STEADY_AFTER:
            self._backoff = _BACKOFF_FIRST
        self._start_later()

    def _start_later(self) -> None:
        self._restart.set(Instant(self._loop.clock.now() + self._backoff))
        self._backoff = min(Interval(2 * self._backoff), _BACKOFF_LAST)

    def _start_again(self) -> None:
        try:
            self.start()
        except OSError:  # out of processes, memory or descriptors: the routers go on without an agent meanwhile
            self._channel.close()
            self._start_later()
