"""Has the configuration read by another process (`reader`), and takes in what that hands over, a little at a time."""

import os
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from failover.config import DaemonSettings
from failover.engine.environment import EventLoop
from failover.engine.intended import Intended
from failover.engine.process.child import Child
from failover.engine.reload.handover import UNREADABLE, Bad, Complete, Excluded, Instances, decode
from failover.linux.confinement.users import User
from failover.linux.errors import describe
from failover.messages import MAX_MESSAGE_BYTES
from failover.vrrp import Instant, VirtualAddress, seconds, to_seconds

_PATIENCE: Final = seconds(20)
"""How long to wait: a file of ten thousand virtual routers takes 2 s, one on a file server that is away for ever."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a good file says."""

    instances: list[Intended]
    daemon: DaemonSettings
    digest: str
    """Of the configuration."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Why nothing was read."""

    report: str
    is_bad: bool
    """Whether the file cannot be used; else something here and now is in the way."""


class ReaderProcess:
    """One reading of one file."""

    def __init__(
        self,
        path: str,
        loop: EventLoop,
        aside: Callable[[], AbstractContextManager[None]],
        done: Callable[[Read | Unread], None],
        user: User | None = None,
    ) -> None:
        """Begin; `done` is called once, later. `OSError` where the system has no room for another process.

        The process is spawned inside `aside()`, and becomes `user` once it has read the file.
        """
        self._loop = loop
        self._done = done
        self._instances: list[Intended] = []
        self._excluded: list[VirtualAddress] = []
        self._outcome: Complete | Bad | None = None
        self._is_late = False
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs, aside():
                self._child = Child(
                    "failover.engine.reload.reader", [path, *([str(user)] if user else [])], [theirs.fileno()]
                )
        except OSError:
            self._socket.close()
            raise
        self._socket.setblocking(False)
        self._too_late = loop.alarm(self._give_up)
        self._too_late.set(Instant(loop.clock.now() + _PATIENCE))
        loop.watch(self._socket.fileno(), self._take)

    def stop(self) -> None:
        """Give the reading up; `done` is not called."""
        self._end()

    def _take(self) -> None:
        """Take in one packet; the loop comes back for the next one."""
        packet = self._socket.recv(MAX_MESSAGE_BYTES)
        if not packet:
            self._done(self._judge(self._end()))
            return
        try:
            self._take_in(packet)
        except UNREADABLE:
            self._end()
            text = "the answer of the process that reads the configuration was not understood"
            self._done(Unread(text, is_bad=False))

    def _take_in(self, packet: bytes) -> None:
        match decode(packet):
            case Excluded() as part:
                self._excluded += part.unpacked()
            case Instances() as some:
                self._instances += some.unpacked(self._excluded)
                self._excluded = []
            case Complete() | Bad() as outcome:
                self._outcome = outcome

    def _end(self) -> str:
        """Bury the process; how it ended, in words. One that has not ended by now is broken, or not needed any more."""
        self._let_go()
        return self._child.end()

    def _let_go(self) -> None:
        self._too_late.retire()
        self._loop.forget(self._socket.fileno())
        self._socket.close()

    def _give_up(self, _: Instant) -> None:
        self._is_late = True
        if not self._child.kill():  # then it never hangs up, and waiting for its end would be in vain
            self._let_go()
            self._done(self._judge(self._child.bury(os.WNOHANG)))

    def _judge(self, how: str) -> Read | Unread:
        match self._outcome:
            case Complete(daemon=daemon, digest=digest):
                return Read(self._instances, daemon, digest)
            case Bad(report=report):
                return Unread(report, is_bad=True)
        if self._is_late:
            return Unread(f"the configuration could not be read within {to_seconds(_PATIENCE):g} s", is_bad=False)
        return Unread(f"the process that reads the configuration died ({how})", is_bad=False)


def unread(error: OSError) -> Unread:
    """What to say where no process could be started to read the file."""
    return Unread(f"no process could be started to read the configuration: {describe(error)}", is_bad=False)
