"""The exit statuses, and what turns a failure into one, with a line on standard error instead of a traceback.

Every command imports this, so it imports nothing that takes long: neither click nor the configuration.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TextIO

from failover.linux.errors import describe

FINE: Final = 0
FAILED: Final = 1
"""It did not work here and now; or the daemon cannot be reached."""
USAGE: Final = 2
BAD_CONFIGURATION: Final = 3
INTERRUPTED: Final = 130
"""The status that shells give a program that Ctrl-C has ended: 128 + SIGINT."""


class Failure(Exception):  # noqa: N818 - a message for the operator, not a fault of the program
    """Ends a command with an exit status. The text is what the operator reads after `failover: `."""

    def __init__(self, text: str, status: int = FAILED) -> None:
        super().__init__(text)
        self.status = status


def exit_status(command: Callable[[], int]) -> int:
    """Run a command and return its exit status. What an operator can correct is told; bugs are raised."""
    try:
        status = command()
        if sys.stdout is not None:
            sys.stdout.flush()
    except Failure as failure:
        tell(str(failure))
        return failure.status
    except OSError as error:
        tell(describe(error))
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    else:
        return status
    finally:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            _discard_unwritten(stream)


def tell(text: str) -> None:
    """Write a line to standard error. Never raises: it may be closed or full."""
    if sys.stderr is not None:
        with suppress(OSError):
            sys.stderr.write(f"failover: {text}\n")
            sys.stderr.flush()


def _discard_unwritten(stream: TextIO) -> None:
    """Let go what a full disk has not taken.

    The interpreter would try again at its end, complain in words of its own, and end with status 120.
    """
    try:
        stream.flush()
    except OSError:
        with suppress(OSError):  # it may be none of the system's files
            number = stream.fileno()
            nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
            os.dup2(nowhere, number)
            os.close(nowhere)
