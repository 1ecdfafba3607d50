"""How many files, sockets and the like a process may have open."""

import resource


def allow_many() -> None:
    """As many as an administrator allows. Most systems begin with 1024, for programs that still use select(2)."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
