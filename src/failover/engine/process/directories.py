"""Directories that are made when they are missing, and removed again by whoever made them."""

import errno
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

_MODE: Final = 0o755
"""Whatever the umask of our parent: nobody else makes files in them."""


def make(directory: Path) -> list[Path]:
    """Make a directory and those above it; returns what was missing, the deepest first. Nothing stays on `OSError`."""
    made: list[Path] = []
    try:
        _make(directory, made)
    except OSError:
        remove(reversed(made))
        raise
    return made[::-1]


def remove(made: Iterable[Path]) -> None:
    """Remove what `make` returned, as far as nobody else has put anything there."""
    with suppress(OSError):
        for directory in made:
            directory.rmdir()


def _make(directory: Path, made: list[Path]) -> None:
    try:
        directory.mkdir(_MODE)
    except FileNotFoundError:
        if directory.parent == directory:
            raise
        _make(directory.parent, made)
        directory.mkdir(_MODE)
    except FileExistsError:
        if not directory.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "exists and is not a directory", str(directory)) from None
        return
    made.append(directory)
