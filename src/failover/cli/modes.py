"""What the original commands `file-mode` and `cli-mode` share: the ways to write the actions "run" and "teardown".

Depending on the release, the action stood before the mode (`failover teardown file-mode`) or after it (`--action
teardown`, `--teardown`). All of these stay valid.
"""

from collections.abc import Sequence
from typing import Final

import click

from failover.cli.options import Option

MODES: Final = ("file-mode", "cli-mode")
ACTIONS: Final = ("run", "teardown")

LOG_FILE: Final = Option(
    "--log-file-path",
    "FILE",
    "Log to this file or to /dev/stdout; other symbolic links are refused (default: standard error).",
)


def mode_first(arguments: Sequence[str]) -> list[str]:
    """Rewrite `run file-mode ...` to `file-mode --action run ...`; leave anything else as it is."""
    if len(arguments) >= 2 and arguments[0] in ACTIONS and arguments[1] in MODES:
        action, mode, *rest = arguments
        return [mode, "--action", action, *rest]
    return list(arguments)


def action_options() -> list[click.Option]:
    """The options `--action` and `--teardown`; `is_teardown` interprets their values."""
    return [
        click.Option(
            ["--action"],
            type=click.Choice(ACTIONS, case_sensitive=False),
            help="Run the daemon, or remove the addresses that a killed one has left (default: run).",
        ),
        click.Option(["--teardown"], is_flag=True, help="The same as --action teardown."),
    ]


def is_teardown(action: str | None, *, teardown: bool) -> bool:
    """Whether addresses are to be removed; `click.UsageError` where the options contradict each other."""
    if teardown and action == "run":
        raise click.UsageError("--teardown contradicts run")
    return teardown or action == "teardown"
