"""The terminal's other screen (as of `less` and `top`): what was there before comes back, whatever ends the program."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

from failover.cli.terminal.page import Window

_ENTER: Final = "\033[?1049h\033[?25l"
"""The other screen, without a cursor (xterm's control sequences, DECSET)."""
_LEAVE: Final = "\033[?25h\033[?1049l"
_AFRESH: Final = "\033[H\033[J"
_ENDING: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def window() -> Window | None:
    """The terminal that standard output is, of any height; None where it is none."""
    return Window(size().columns) if _is_terminal() else None


def size() -> Window:
    """The terminal as it is now, with its height."""
    return Window(*shutil.get_terminal_size())


def is_possible() -> bool:
    """Whether standard output is a terminal with another screen."""
    return _is_terminal() and os.environ.get("TERM") not in {"dumb", "unknown"}


@contextmanager
def opened() -> Iterator[Callable[[str], None]]:
    """The other screen: draws a page in place of what it shows. The screen from before is back at the end.

    Also where a signal ends the program, and while Ctrl-Z stops it.
    """

    def draw(page: str) -> None:
        _write(_AFRESH + page)

    def end(number: int, _: FrameType | None) -> None:
        _restore()
        _by_default(number)

    def stop(number: int, _: FrameType | None) -> None:
        _restore()
        _by_default(number)  # goes on here after SIGCONT
        signal.signal(number, stop)
        _write(_ENTER)

    handlers = {**dict.fromkeys(_ENDING, end), signal.SIGTSTP: stop}
    taken = {number: handler for number, handler in handlers.items() if signal.getsignal(number) is signal.SIG_DFL}
    try:
        for number, handler in taken.items():
            signal.signal(number, handler)
        _write(_ENTER)
        yield draw
    finally:
        _restore()
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _restore() -> None:
    """Past what is buffered, which a handler of signals may not touch; never raises, for the terminal may be gone."""
    with suppress(OSError, ValueError):
        os.write(sys.stdout.fileno(), _LEAVE.encode())


def _by_default(number: int) -> None:
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
