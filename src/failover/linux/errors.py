"""System errors as text for people: the reason without the number that `str(OSError)` puts before it."""

import errno
import os


def reason(error: OSError) -> str:
    """The reason alone, such as `Network is unreachable`."""
    return error.strerror or str(error)


def describe(error: OSError) -> str:
    """The reason after the name of the file that the error is about, if there is one: `FILE: REASON`."""
    return f"{error.filename}: {reason(error)}" if error.filename else reason(error)


def interface_down() -> OSError:
    """The error of sending on an interface that is not there."""
    return OSError(errno.ENETDOWN, os.strerror(errno.ENETDOWN))
