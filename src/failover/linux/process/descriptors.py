"""How many files, sockets and the like a process may have open."""

import resource
from contextlib import suppress


def allow_many() -> None:
    """As many as an administrator allows. Most systems begin with 1024, for programs that still use select(2).

    Where a sandbox refuses that, the limit stays: a router for whose sockets it has no room says so itself.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # ValueError is what the module makes of EPERM
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
