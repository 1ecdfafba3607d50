"""A process of ours beside the engine: one of this package's modules, spawned, watched and buried.

Spawned rather than forked: a new program inherits none of the engine's sockets, memory locks or real-time priority,
and vfork spares the engine the page faults that follow a fork.
"""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from failover.linux.process.signals import in_words

_FIRST_FD: Final = 3
"""The first descriptor behind standard input, output and error."""


class Child:
    """One process, from its start until it is buried."""

    def __init__(self, module: str, arguments: Sequence[str], descriptors: Sequence[int]) -> None:
        """Start it with these descriptors as its 3, 4 and so on. `OSError` where the system has no room for it."""
        # By way of descriptors that none of the old and new ones has, so that none overwrites another.
        spare = max(*descriptors, _FIRST_FD + len(descriptors)) + 1
        aside = range(spare, spare + len(descriptors))
        actions = [
            *((os.POSIX_SPAWN_DUP2, old, new) for old, new in zip(descriptors, aside, strict=True)),
            *((os.POSIX_SPAWN_DUP2, old, new) for new, old in enumerate(aside, _FIRST_FD)),
            *((os.POSIX_SPAWN_CLOSE, old) for old in aside),
        ]
        # -P: `-m` alone would look for the program in the working directory first, whoever may write there.
        command = [sys.executable, "-P", "-m", module, *arguments]
        # A session of its own: Ctrl-C is for the engine, which tells the others. So is any signal that is sent to all
        # processes of a service: a child blocks them, unless it has something better to do about them.
        held = signal.valid_signals()
        self.pid = os.posix_spawn(
            sys.executable, command, os.environ, file_actions=actions, setsid=True, setsigmask=held
        )
        self._pidfd = -1
        try:
            self._pidfd = os.pidfd_open(self.pid)
        except OSError:
            os.kill(self.pid, signal.SIGKILL)
            self.bury()
            raise

    def fileno(self) -> int:
        """A descriptor that is readable once the process has ended."""
        return self._pidfd

    def kill(self) -> None:
        """Kill the process."""
        signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def bury(self) -> str:
        """Wait for the end of the process, which has come or is near; how it ended, in words."""
        how = "unknown"
        with suppress(ChildProcessError):  # whoever started us ignores SIGCHLD: the kernel has done it
            how = _in_words(os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]))
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
        return how


def _in_words(exit_code: int) -> str:
    """`status 1`, or the name of the signal that ended it."""
    return f"status {exit_code}" if exit_code >= 0 else in_words(-exit_code)
