"""The keeper of the log file: a process beside the agent that opens it, again and again, and does nothing else.

Forked off before the agent gives up its rights, it keeps those that opening the file takes, in the directory of the
file and nowhere else (Landlock). This program has no way to tell it which file. The agent itself may open nothing for
writing.
"""

import errno
import os
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from failover.agent.log.log_file import LogFile
from failover.linux.confinement import landlock, system_calls
from failover.linux.process import capabilities

_HAS: Final = b"+"
_HAS_NONE: Final = b"-"
"""What the agent sends: whether the descriptor that it was given last is still its own."""
_SAME: Final = b"="
_OPENED: Final = b"!"
_TORN: Final = b"~"
"""Opened as well: the file ends amid a line."""
_FAILED: Final = b"?"
"""What it is answered; after `_FAILED` comes the number of the error."""
_LONGEST_ANSWER: Final = 16


class KeptLogFile(LogFile):
    """The log file, opened by a keeper. An agent whose keeper has died ends, and the engine starts both anew."""

    def __init__(self, path: Path, keeper: socket.socket) -> None:
        super().__init__(path)
        self._keeper = keeper

    def write(self, text: str) -> bool:
        """As `LogFile`; what ends the agent has the line, for standard error."""
        try:
            return super().write(text)
        except SystemExit as end:
            raise SystemExit(f"{text}\n{end}") from None

    def descriptor(self) -> int:
        """The file that is at its path now; `OSError` where it cannot be opened."""
        answer, descriptors = self._ask()
        if answer in {_OPENED, _TORN}:
            if not descriptors:  # the kernel passes only the text on where there is no room for one
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
            self.close()
            self._descriptor = descriptors[0]
            if stat.S_ISREG(os.fstat(self._descriptor).st_mode):
                self._is_torn = answer == _TORN
        elif answer != _SAME or self._descriptor is None:
            number = int(answer[1:] or b"0")
            raise OSError(number, os.strerror(number))
        return self._descriptor

    def hang_up(self) -> None:
        """Let the keeper end."""
        self._keeper.close()

    def _ask(self) -> tuple[bytes, list[int]]:
        try:
            self._keeper.send(_HAS if self._descriptor is not None else _HAS_NONE)
            answer, descriptors, _, _ = socket.recv_fds(self._keeper, _LONGEST_ANSWER, 1)
        except ConnectionError:
            answer, descriptors = b"", []
        if not answer:
            raise SystemExit("the process that opens the log file has died")
        return answer, descriptors


def fork_off(path: Path, *closed: socket.socket) -> KeptLogFile:
    """Fork off a keeper of the log file at `path`; it closes these sockets, which are the agent's."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        try:
            for one in (ours, *closed):
                one.close()
            capabilities.give_up_all(but=capabilities.WRITE_ALL if capabilities.has(capabilities.WRITE_ALL) else None)
            has_moved = _confined_to(path.parent)
            with suppress(OSError):  # the agent says where there is no such filter
                system_calls.restrict_self()
            keep(LogFile(path), theirs, has_moved)
        finally:
            os._exit(0)
    theirs.close()
    return KeptLogFile(path, ours)


def _confined_to(directory: Path) -> Callable[[], bool]:
    """Make and write files in this directory alone from now on; returns whether that is another one meanwhile."""
    before = _identity(directory)
    try:
        landlock.Ruleset((), [str(directory)]).restrict_self()
    except OSError:  # the agent says that there is no Landlock
        return lambda: False
    return lambda: _identity(directory) not in {before, None}


def _identity(directory: Path) -> tuple[int, int] | None:
    try:
        there = directory.stat()
    except OSError:
        return None
    return there.st_dev, there.st_ino


def keep(log: LogFile, agent: socket.socket, has_moved: Callable[[], bool]) -> None:
    """Answer until the agent hangs up, or its directory has been made anew: there another keeper must write."""
    given: tuple[int, int] | None = None
    while asked := agent.recv(1):
        try:
            descriptor = log.descriptor()
        except OSError as error:
            log.close()
            if has_moved():
                return
            agent.send(_FAILED + str(error.errno or 0).encode())
            continue
        # By the file: a new one may have the same descriptor. Not so the same number: the agent has the old one open.
        status = os.fstat(descriptor)
        current = status.st_dev, status.st_ino
        if asked == _HAS and current == given:
            agent.send(_SAME)
        else:
            socket.send_fds(agent, [_TORN if log.ends_amid_a_line(descriptor) else _OPENED], [descriptor])
        given = current
