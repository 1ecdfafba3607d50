"""What a shell completes, where click cannot know it: files, directories, and the virtual routers that run.

The shell asks while somebody types, so nothing is said here, and nobody is waited for long.
"""

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import click

from failover.cli.failures import Failure

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

PATIENCE_SECONDS: Final = 0.5
"""How long to wait for a daemon: it answers in some milliseconds."""

Completer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]

_SPECIAL_IN_BASH: Final = re.compile(r"([^\w@%+=:,./-])", re.ASCII)


def paths(kind: str) -> Completer:
    """Completes what the shell itself finds: a `file` or a `dir`."""

    def complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only where a shell asks

        return [CompletionItem(incomplete, type=kind)]

    return complete


def router_names(context: click.Context, _: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The names of the virtual routers of a running daemon; none where it does not tell them in time."""
    import json  # noqa: PLC0415 - this, and the rest, only where a shell asks

    from click.shell_completion import CompletionItem  # noqa: PLC0415

    from failover.cli import control, places  # noqa: PLC0415

    try:
        where = places.find(context.params.get("runtime_dir"), context.params.get("socket")).socket
        routers = json.loads(control.get(where, "/status", PATIENCE_SECONDS))["virtual_routers"]
        names = dict.fromkeys(str(router["name"]) for router in routers)
    except (Failure, OSError, ValueError, LookupError, TypeError):
        return []
    return [CompletionItem(_typed(name)) for name in names if name.startswith(incomplete)]


def _typed(name: str) -> str:
    """A name as it must be typed. Zsh and fish see to that themselves; in bash, click's script has it read twice."""
    if not os.environ.get("_FAILOVER_COMPLETE", "").startswith("bash"):
        return name
    return _SPECIAL_IN_BASH.sub(r"\\\\\1", name)
