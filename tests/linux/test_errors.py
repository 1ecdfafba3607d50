"""System errors in words."""

import errno
import os

from failover.linux.errors import describe, reason


def test_the_reason_has_no_number_and_no_file() -> None:
    assert reason(OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))) == "Network is unreachable"
    assert reason(OSError(errno.ENOENT, "No such file", "/x")) == "No such file"
    assert reason(OSError("AF_UNIX path too long")) == "AF_UNIX path too long"


def test_a_description_has_the_file_too() -> None:
    assert describe(OSError(errno.ENOENT, "No such file", "/x")) == "/x: No such file"
    assert describe(OSError(errno.EPERM, "needs root")) == "needs root"
