"""The log file: opened at the first line, and again after somebody has moved or removed it."""

import os
from pathlib import Path


def open_log(path: Path) -> int:
    """Open a log file for appending and return the descriptor; `OSError` where that fails.

    It never blocks: a pipe that nobody reads is an `OSError` here, and a full one on writing.
    """
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)


class LogFile:
    """Appends lines to the file that is at `path` at that time, so that log rotation needs no signal."""

    def __init__(self, path: Path) -> None:
        """Do not open the file yet: where that fails, the agent must still answer `status`."""
        self._path = path
        self._descriptor: int | None = None

    def write(self, text: str) -> bool:
        """Append a line. False where that failed; the next line opens the file again."""
        # In UTF-8 whatever the locale; a name that cannot be encoded must not stop the log.
        line = f"{text}\n".encode(errors="backslashreplace")
        try:
            os.write(self.descriptor(), line)
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
        return self._descriptor

    def _is_at_path(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(self._path.stat(), os.fstat(descriptor))
        except OSError:
            return False
