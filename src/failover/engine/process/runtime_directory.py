"""The runtime directory: a lock that names the one daemon that uses it, and the control socket.

The control socket is bound here and handed to the agent, so that it outlives every agent, and a client that comes
while none runs waits in the backlog.
"""

import errno
import fcntl
import os
import socket
import stat
import time
from contextlib import suppress
from pathlib import Path

from failover.engine.process import directories
from failover.linux.errors import reason
from failover.paths import CONTROL_SOCKET

_BACKLOG = 64
_LOCK = "failover.pid"
_MODE = 0o600
"""Whoever can open the lock can also hold it, and keep the next daemon from starting."""
_AGENT_LEAVES_SECONDS = 0.5
"""How long the socket of a dead daemon may still be in use: its agent notices the end within a tenth of a second."""


class RuntimeDirectory:
    """A runtime directory in use by this process."""

    def __init__(self, directory: Path, control: Path | None = None) -> None:
        """Claim `directory`, making it where it is missing; the control socket is in it unless `control` says where.

        `OSError` says what could not be done; with EBUSY, which process uses the directory or the socket.
        """
        self.directory = directory
        self.control = control if control is not None else directory / CONTROL_SOCKET
        self._made: list[Path] = []
        try:
            self._lock = self._claim()
        except OSError:
            directories.remove(self._made)
            raise
        try:
            # In our directory nobody but a dead daemon's agent, on its way out, can still listen.
            self.listener = _listen(self.control, ours=control is None)
        except OSError:
            self._unlock()
            raise

    def release(self) -> None:
        """Leave nothing behind; the directory stays where it was there before, as systemd's is."""
        self.listener.close()
        with suppress(FileNotFoundError):
            self.control.unlink()
        self._unlock()

    def _claim(self) -> int:
        self._made += directories.make(self.directory)
        try:
            return _lock(self.directory / _LOCK)
        except FileNotFoundError:  # the daemon before us has just removed the directory that it had made
            self._made = directories.make(self.directory)
            return _lock(self.directory / _LOCK)

    def _unlock(self) -> None:
        with suppress(FileNotFoundError):
            (self.directory / _LOCK).unlink()
        os.close(self._lock)
        directories.remove(self._made)


def running_daemon(directory: Path) -> int | None:
    """The process that uses a runtime directory, None where there is none. 0: it has not left its number."""
    try:
        descriptor = os.open(directory / _LOCK, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        if _is_file(descriptor):
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder(descriptor)
    finally:
        os.close(descriptor)
    return None


def _is_file(descriptor: int) -> bool:
    return stat.S_ISREG(os.fstat(descriptor).st_mode)


def _holder(descriptor: int) -> int:
    """The process number in a lock; 0 where it has none, but what some other program has written."""
    text = os.read(descriptor, 32).strip()
    return int(text) if text.isdigit() else 0


def _lock(path: Path) -> int:
    """Take the lock and write our process number in it."""
    descriptor = _open_lock(path)
    while not _is_the_one_at(path, descriptor):  # its holder has removed it since we opened it
        os.close(descriptor)
        descriptor = _open_lock(path)
    try:
        os.fchmod(descriptor, _MODE)  # it may have been left by some other version
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
    except OSError as error:
        path.unlink()
        os.close(descriptor)
        raise OSError(error.errno, reason(error), str(path)) from error
    return descriptor


def _open_lock(path: Path) -> int:
    # Not through a link: what it points to would be overwritten. And a pipe or a device may never answer.
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, _MODE)
    if not _is_file(descriptor):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is not a regular file", str(path))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        try:
            holder = _holder(descriptor)
        finally:
            os.close(descriptor)
        who = (
            f"another failover, process {holder}, uses"
            if holder
            else f"another program, which has locked {_LOCK}, uses"
        )
        raise OSError(errno.EBUSY, f"{who} this directory; stop it or use --runtime-dir", str(path.parent)) from None
    return descriptor


def _is_the_one_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _listen(path: Path, *, ours: bool) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(path, ours=ours)
        # No moment in which others than owner and group may connect.
        mask = os.umask(0o117)
        try:
            listener.bind(str(path))
        finally:
            os.umask(mask)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"control socket: {reason(error)}", str(path)) from error
    return listener


def _remove_stale(path: Path, *, ours: bool) -> None:
    """Remove the socket of a daemon that died; refuse anything that is no socket, and one in use that is not ours."""
    if not path.exists():
        return
    if not path.is_socket():
        raise FileExistsError(errno.EEXIST, "exists and is not a socket")
    deadline = time.monotonic() + _AGENT_LEAVES_SECONDS
    while not ours and _is_in_use(path):
        if time.monotonic() > deadline:
            raise OSError(errno.EADDRINUSE, "in use by another process")
        time.sleep(0.02)
    path.unlink()


def _is_in_use(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False
        except BlockingIOError:
            return True  # its backlog is full
    return True
