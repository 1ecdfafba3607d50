"""`failover reload`: have the running daemon read its configuration again."""

import json
from typing import Any, Final

import click

from failover.cli import control
from failover.cli.failures import BAD_CONFIGURATION, FAILED, FINE, Failure
from failover.cli.group import declared
from failover.cli.options import RUNTIME_DIR, SOCKET

_PATIENCE_SECONDS: Final = 90.0
"""How long to wait for the answer: longer than the daemon takes at most."""
_UNPROCESSABLE: Final = 422
_SILENT: Final = 504
_NOT_KNOWN: Final = "the outcome of the reload is not known"


def _reload(*, runtime_dir: str | None, socket: str | None) -> int:
    """Apply the changed configuration to the running daemon.

    What has not changed is not touched, and a MASTER stays MASTER. A bad file changes nothing; `failover check` shows
    its errors beforehand. The command gives up after a minute without an answer, or on Ctrl-C. A change that has not
    begun by then is not made. Exit status: 0 done, 1 not possible or outcome not known, 3 bad configuration.
    """
    from failover.cli import places  # noqa: PLC0415 - not for `--help`

    where = places.find(runtime_dir, socket).socket
    try:
        status, body = control.post(where, "/reload", _PATIENCE_SECONDS)
    except control.Unanswered as silence:
        raise Failure(f"{_NOT_KNOWN}: {silence}; see failover status when the daemon answers again") from silence
    document = _document(body)
    if status == control.OK:
        click.echo(text(document))
        return FINE
    if "error" not in document:
        raise Failure(f"{where}: the daemon answered with HTTP status {status}")
    if status == _SILENT:
        raise Failure(f"{_NOT_KNOWN}: {document['error']}")
    raise Failure(
        f"not reloaded, nothing was changed: {document['error']}",
        BAD_CONFIGURATION if status == _UNPROCESSABLE else FAILED,
    )


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def text(document: dict[str, Any]) -> str:
    """The outcome as text: a line each for what was added, removed, changed, unchanged, or needs a restart."""
    lines = [f"{what}: {_names(document[what])}" for what in ("added", "removed", "changed") if document[what]["count"]]
    lines.append(f"{'unchanged' if lines else 'nothing has changed'}: {_counted(document['unchanged'])}")
    if document["needs_restart"]:
        lines.append(f"needs a restart: {', '.join(document['needs_restart'])}")
    return "\n".join(lines)


def _names(names: dict[str, Any]) -> str:
    more = names["count"] - len(names["first"])
    return ", ".join(names["first"]) + (f" and {more} more" if more else "")


def _counted(count: int) -> str:
    return f"{count} virtual router{'' if count == 1 else 's'}"


command = click.Command(
    "reload",
    params=[declared(RUNTIME_DIR), declared(SOCKET)],
    callback=_reload,
    help=_reload.__doc__,
)
