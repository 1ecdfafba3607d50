"""A process of ours beside the engine: one of this package's modules, spawned, watched and buried.

Spawned rather than forked: a new program inherits none of the engine's sockets, memory locks or real-time priority,
and vfork spares the engine the page faults that follow a fork. It is isolated: neither the environment nor the working
directory says where its modules come from, and of descriptors it has standard error and those that it is given.
"""

import os
import select
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from failover.linux.process import descriptors as ours
from failover.linux.process.signals import in_words

_FIRST_FD: Final = 3
"""The first descriptor behind standard input, output and error."""
_NOWHERE: Final = "/dev/null"
_DEATH_MILLISECONDS: Final = 500
"""How long a killed process is waited for: usually a few."""
_WITH_OUR_PATH: Final = (
    "import sys; sys.path[:] = sys.argv.pop(1).split(':'); del sys.argv[0];"
    " from runpy import run_module; run_module(sys.argv[0], run_name='__main__', alter_sys=True)"
)
"""The program of an isolated Python that finds its modules where we have found ours."""


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
            (os.POSIX_SPAWN_OPEN, 0, _NOWHERE, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, _NOWHERE, os.O_WRONLY, 0),
        ]
        ours.bequeath_none(_FIRST_FD)
        command = _command(module, arguments)
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

    def kill(self) -> bool:
        """Kill the process, unless it has ended, and been buried by the kernel.

        Returns False where that is not allowed: it has become another user, and we are root without CAP_KILL, as root
        of a container may be.
        """
        try:
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        except ProcessLookupError:
            pass
        except PermissionError:
            return False
        return True

    def end(self) -> str:
        """Kill and bury it; how it ended, in words.

        One that even then does not end, for a disk that does not answer, or that may not be killed and hangs, is left
        to the system.
        """
        self.kill()
        death = select.poll()
        death.register(self._pidfd, select.POLLIN)
        death.poll(_DEATH_MILLISECONDS)
        return self.bury(os.WNOHANG)

    def bury(self, options: int = 0) -> str:
        """Wait for the end of the process, which has come or is near; how it ended, in words.

        `options` are those of waitpid(2).
        """
        how = "unknown"
        with suppress(ChildProcessError):  # whoever started us ignores SIGCHLD: the kernel has done it
            pid, status = os.waitpid(self.pid, options)
            if pid:
                how = _in_words(os.waitstatus_to_exitcode(status))
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
        return how


def _command(module: str, arguments: Sequence[str]) -> list[str]:
    """The command line that runs a module, isolated (`-I`): of the environment and of the working directory."""
    if sys.flags.isolated:  # as the packages start us: it finds what we have found
        return [sys.executable, "-I", "-m", module, *arguments]
    return [sys.executable, "-I", "-c", _WITH_OUR_PATH, os.pathsep.join(search_path()), module, *arguments]


def search_path() -> list[str]:
    """Where this process finds its modules, but for the directory of its script, or that it was started in.

    Python puts that first, whoever may write there. Where this package is in it, that is what was meant.
    """
    home = str(Path(__file__).absolute().parents[3])
    path = sys.path if sys.flags.safe_path else sys.path[1:]
    return [*filter(os.path.isabs, path), *([] if home in path else [home])]


def _in_words(exit_code: int) -> str:
    """`status 1`, or the name of the signal that ended it."""
    return f"status {exit_code}" if exit_code >= 0 else in_words(-exit_code)
