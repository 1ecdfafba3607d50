"""The log file: opened at the first line, and again after somebody has moved or removed it. Each line is whole."""

import errno
import os
import stat
from pathlib import Path
from typing import Final

_MODE: Final = 0o644
"""Whatever the umask of our parent: nobody else writes in the log."""


def open_log(path: Path) -> int:
    """Open a log file for appending and return the descriptor; `OSError` where that fails.

    It never blocks: a pipe that nobody reads is an `OSError` here, and a full one on writing. Nor does it follow a
    symbolic link (ELOOP): whoever may make one could have root write in any file.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC
    try:
        return os.open(path, flags, _MODE)
    except OSError as error:
        if error.errno == errno.ELOOP and path.is_symlink():
            text = "is a symbolic link, and a log is not written through one: name the file itself"
            raise OSError(errno.ELOOP, text, str(path)) from None
        raise


class LogFile:
    """Appends lines to the file that is at `path` at that time, so that log rotation needs no signal."""

    def __init__(self, path: Path) -> None:
        """Do not open the file yet: where that fails, the agent must still answer `status`."""
        self._path = path
        self._descriptor: int | None = None
        self._is_torn = False
        """Whether a line was cut short, by a full disk or the death of whoever wrote it: the next one begins anew."""

    def write(self, text: str) -> bool:
        """Append a line. False where that failed; the next line opens the file again."""
        # In UTF-8 whatever the locale; a name that cannot be encoded must not stop the log.
        line = f"{text}\n".encode(errors="backslashreplace")
        try:
            descriptor = self.descriptor()
            rest = b"\n" + line if self._is_torn else line
            while rest:
                written = os.write(descriptor, rest)
                self._is_torn = rest[:written] != b"\n" and written < len(rest)
                rest = rest[written:]
        except OSError:
            self.close()
            return False
        return True

    def close(self) -> None:
        """Close the file; the next line opens it again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def descriptor(self) -> int:
        """The file that is at the path now, opened; `OSError` where it cannot be."""
        if self._descriptor is not None and not self._is_at_path(self._descriptor):
            self.close()
        if self._descriptor is None:
            self._descriptor = open_log(self._path)
            self._is_torn = self.ends_amid_a_line(self._descriptor)
        return self._descriptor

    def _is_at_path(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(self._path.stat(), os.fstat(descriptor))
        except OSError:
            return False

    def ends_amid_a_line(self, descriptor: int) -> bool:
        """Whether the next line has to begin anew. What we have written tells where the file does not."""
        there = os.fstat(descriptor)
        if not stat.S_ISREG(there.st_mode):
            return self._is_torn
        if not there.st_size:
            return False
        try:
            # That very file: at the path there may be another one by now, or a pipe, which would keep us waiting.
            with open(f"/proc/self/fd/{descriptor}", "rb", buffering=0) as file:  # noqa: PTH123 - no Path to it
                return os.pread(file.fileno(), 1, there.st_size - 1) != b"\n"
        except OSError:  # it may be for writing alone
            return self._is_torn


class HandedOver(LogFile):
    """A log that somebody else has opened, such as the daemon's standard output: it is never opened again."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(Path(f"/proc/self/fd/{descriptor}"))
        self._handed = descriptor

    def descriptor(self) -> int:
        """What was handed over."""
        return self._handed
