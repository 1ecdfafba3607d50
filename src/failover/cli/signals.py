"""Blocks all signals while a daemon starts, until it can handle them in good order.

Imported before everything else, so it imports next to nothing itself.
"""

import signal

_RUNNING = ("run", "file-mode", "cli-mode")
"""The commands that become the daemon, which unblocks the signals when it can handle them."""


def hold(arguments: list[str]) -> None:
    """Block signals where these are the arguments of a daemon. A signal that is ignored stays ignored."""
    if arguments and arguments[0] in _RUNNING:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
