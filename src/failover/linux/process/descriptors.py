"""The limit on open descriptors (RLIMIT_NOFILE): how many files and sockets this process may have open."""

import resource
from contextlib import suppress


def allow_many() -> None:
    """Raise the soft limit to the hard limit. Most systems start with 1024, for programs that still use select(2).

    Never raises: where a sandbox refuses, the limit stays, and a router that gets no socket reports that itself.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # the resource module raises ValueError for EPERM
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
