"""The signals that stop a daemon or have it reload, while it starts: held back until it can do that in good order.

Imported before all else, so it imports next to nothing.
"""

import signal

HELD = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_RUNNING = ("run", "file-mode", "cli-mode")
"""The commands that become the daemon; it lets the signals through when it has somewhere for them to go."""


def hold(arguments: list[str]) -> None:
    """Hold them back where these are the arguments of a daemon. One that is ignored stays so."""
    if arguments and arguments[0] in _RUNNING:
        signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
