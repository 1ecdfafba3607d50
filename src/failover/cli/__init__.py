"""The command line. Each command is a module of its own, which is imported only when it is used.

`failover run` does not go through click: the engine must start fast and stay small. Only where its own parser does not
understand the arguments, such as `--help` or a mistake, click answers.
"""

import sys
from collections.abc import Sequence

from failover.cli import signals

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status (see `failures`). A failure is told in a line on standard error."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if argv is None:  # we are a process of our own, not called by some program
        signals.hold(arguments)
    from failover.cli.failures import USAGE, exit_status  # noqa: PLC0415 - takes time in which a signal may come

    if not arguments:
        exit_status(lambda: _dispatch(["--help"]))
        return USAGE
    return exit_status(lambda: _dispatch(arguments))


def _dispatch(arguments: list[str]) -> int:
    if arguments[0] == "run":
        from failover.cli import options  # noqa: PLC0415 - needed by `run` alone

        given = options.parse(arguments[1:])
        if given is not None:
            from failover.cli import launch  # noqa: PLC0415 - the whole engine

            return launch.run_file(**given)
    from failover.cli import group as commands  # noqa: PLC0415 - click

    return commands.invoke(arguments)
