"""Runs the agent as a child of the engine, and starts it again when it dies.

Spawned rather than forked: a new program inherits none of the engine's sockets, memory locks or real-time priority,
and vfork spares the engine the page faults that follow a fork.
"""

import os
import select
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress

from failover.engine.channel import Channel
from failover.engine.loop import Loop
from failover.engine.reporting import wall_clock
from failover.linux.timer import now
from failover.messages import CHANNEL_FD, LISTENER_FD, Event
from failover.vrrp import Instant, Interval, seconds

_BACKOFF_FIRST = seconds(0.1)
_BACKOFF_LAST = seconds(10)
_STEADY_AFTER = seconds(30)
_FAREWELL_MILLISECONDS = 500


class AgentProcess:
    """The agent, one process after another."""

    def __init__(
        self,
        loop: Loop,
        channel: Channel,
        listener_fd: int,
        options: list[str],
        greet: Callable[[], None],
        aside: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """`options` are the agent's arguments; `greet` tells a new agent all that it must know.

        It is spawned inside `aside()`.
        """
        self._aside = aside
        self._loop = loop
        self._channel = channel
        self._listener_fd = listener_fd
        self._options = options
        self._greet = greet
        self._pid = 0
        self._pidfd = -1
        self._started_at = now()
        self._backoff = _BACKOFF_FIRST
        self._restart = loop.alarm(lambda _: self._start_again())

    def start(self) -> None:
        """Start one, with a channel of its own, and greet it. `OSError` where the system has no room for it."""
        theirs = self._channel.open()
        with theirs, self._aside():
            self._pid = self._spawn(theirs.fileno())
        try:
            self._pidfd = os.pidfd_open(self._pid)
        except OSError:
            os.kill(self._pid, signal.SIGKILL)
            self._bury()
            raise
        self._loop.watch(self._pidfd, self._died)
        self._started_at = now()
        self._greet()

    def stop(self) -> None:
        """Hang up and wait: the agent writes what it has been told, then leaves; it is killed if it does not."""
        self._restart.set(None)
        self._channel.close()
        if self._pidfd < 0:
            return
        self._loop.forget(self._pidfd)
        farewell = select.poll()
        farewell.register(self._pidfd, select.POLLIN)
        if not farewell.poll(_FAREWELL_MILLISECONDS):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        self._bury()

    def _spawn(self, channel_fd: int) -> int:
        # By way of descriptors that none of the four has, so that neither overwrites the other.
        spare = max(channel_fd, self._listener_fd, CHANNEL_FD, LISTENER_FD) + 1
        actions = [
            (os.POSIX_SPAWN_DUP2, channel_fd, spare),
            (os.POSIX_SPAWN_DUP2, self._listener_fd, spare + 1),
            (os.POSIX_SPAWN_DUP2, spare, CHANNEL_FD),
            (os.POSIX_SPAWN_DUP2, spare + 1, LISTENER_FD),
            (os.POSIX_SPAWN_CLOSE, spare),
            (os.POSIX_SPAWN_CLOSE, spare + 1),
        ]
        # -P: `-m` alone would look for the program in the working directory first, whoever may write there.
        arguments = [sys.executable, "-P", "-m", "failover.agent", *self._options]
        # A session of its own: Ctrl-C is for the engine, which then tells the agent how it ended. No signal is blocked.
        return os.posix_spawn(sys.executable, arguments, os.environ, file_actions=actions, setsid=True, setsigmask=())

    def _died(self) -> None:
        self._loop.forget(self._pidfd)
        how = self._bury()
        self._channel.close()
        # Waits for the next one, which is the first that can log it.
        self._channel.send(Event(at=wall_clock(), kind="agent_died", fields={"how": how}))
        if now() - self._started_at > _STEADY_AFTER:
            self._backoff = _BACKOFF_FIRST
        self._start_later()

    def _bury(self) -> str:
        """How it ended, in words."""
        how = "unknown"
        with suppress(ChildProcessError):  # whoever started us ignores SIGCHLD: the kernel has done it
            how = _in_words(os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1]))
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
        return how

    def _start_later(self) -> None:
        self._restart.set(Instant(now() + self._backoff))
        self._backoff = min(Interval(2 * self._backoff), _BACKOFF_LAST)

    def _start_again(self) -> None:
        try:
            self.start()
        except OSError:  # out of processes, memory or descriptors: the routers go on without an agent meanwhile
            self._channel.close()
            self._start_later()


def _in_words(exit_code: int) -> str:
    """`status 1`, or the name of the signal that ended it."""
    if exit_code >= 0:
        return f"status {exit_code}"
    try:
        return signal.Signals(-exit_code).name
    except ValueError:  # a real-time signal has no name
        return f"signal {-exit_code}"
