"""Exit statuses, and how a failure becomes one: a line on standard error, never a traceback.

Imported by every command, so nothing heavy here: neither click nor the configuration.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from failover.linux.errors import describe

FINE: Final = 0
FAILED: Final = 1
"""Did not work here and now; also: the daemon cannot be reached."""
USAGE: Final = 2
BAD_CONFIGURATION: Final = 3
INTERRUPTED: Final = 130
"""What a shell says of a program that Ctrl-C ended."""


class Failure(Exception):  # noqa: N818 - a message for the operator, not a fault of the program
    """Ends a command; the text is what the operator reads after `failover: `."""

    def __init__(self, text: str, status: int = FAILED) -> None:
        super().__init__(text)
        self.status = status


def exit_status(command: Callable[[], int]) -> int:
    """Run a command; failures that an operator can cause or cure are told, faults of the program are raised."""
    try:
        return command()
    except Failure as failure:
        tell(str(failure))
        return failure.status
    except OSError as error:
        tell(describe(error))
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def tell(text: str) -> None:
    """A line on standard error, if there is one to write on."""
    if sys.stderr is not None:
        with suppress(OSError):
            sys.stderr.write(f"failover: {text}\n")
            sys.stderr.flush()
