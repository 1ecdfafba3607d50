"""Whether the configuration file says what the daemon runs, in sentences: at most one each.

The daemon looks at no disk but for a reload, so the command reads the file where it was changed since.
"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from failover.cli.words import ago
from failover.version import __version__

if TYPE_CHECKING:
    from failover.config import Configuration

Daemon = dict[str, Any]
"""As the status document has it. One of an older version says less."""
Document = dict[str, Any]

_WAITS: Final = "the configuration was changed and not reloaded"
_SLACK: Final = 5
"""Seconds between reading a file and saying so, at most. A file that was changed then is read once more for nothing."""


def wrong(daemon: Daemon, now: datetime) -> list[str]:
    """That the last reload failed, or that a restart would fail."""
    last = daemon.get("last_reload")
    if _is_deleted(daemon):
        return [f"{daemon['configuration_file']} does not exist any more: a restart would fail"]
    found = _changed(daemon, now)
    if last is None or last["outcome"] != "failed":
        return [f"{_WAITS}, and a restart would fail: {_first(found)}"] if isinstance(found, str) else []
    from failover.wording import not_reloaded  # noqa: PLC0415 - msgspec, for this case only

    when = f" {ago((now - datetime.fromisoformat(last['at'])).total_seconds())} ago"
    if not last["file_is_bad"] or found is None:
        return [not_reloaded(last["error"], is_bad_file=last["file_is_bad"], when=when)]
    if isinstance(found, str):
        return [not_reloaded(found, is_bad_file=True, when=when)]
    return [f"the last reload failed{when}; the file is good now: run failover reload"]


def pending(document: Document, now: datetime) -> list[str]:
    """That a good file waits for a reload, and what this would change, as far as the status shows it."""
    daemon = document["daemon"]
    last = daemon.get("last_reload")
    if daemon["version"] != __version__ or (last is not None and last["outcome"] == "failed"):
        return []  # another version may have other settings, and so another digest of the same file
    found = _changed(daemon, now)
    if found is None or isinstance(found, str) or daemon.get("configuration_digest") in (None, found.digest):
        return []
    from failover.cli.health.changes import changes  # noqa: PLC0415 - msgspec, for this case only

    listed = changes(document["virtual_routers"], found)
    return [f"{_WAITS}{f' ({listed})' if listed else ''}: run failover reload"]


def _is_deleted(daemon: Daemon) -> bool:
    """Whether there is no such file; its directory is there, so that this is no look into another container."""
    given = daemon.get("configuration_file")
    try:
        return given is not None and not Path(given).exists() and Path(given).parent.is_dir()
    except OSError:
        return False


def _changed(daemon: Daemon, now: datetime) -> "Configuration | str | None":
    """What the file says, or what is wrong with it; None where it is as the daemon read it, or cannot be read."""
    given, last = daemon.get("configuration_file"), daemon.get("last_reload")
    read = datetime.fromisoformat(last["at"]).timestamp() if last else now.timestamp() - daemon["uptime_seconds"]
    try:
        if given is None or Path(given).stat().st_ctime <= read - _SLACK:
            return None
    except OSError:
        return None
    from failover.cli import configuration  # noqa: PLC0415 - what reads it takes 0.1 s, for this case only

    return configuration.read_again(Path(given))


def _first(report: str) -> str:
    from failover.wording import first_problem  # noqa: PLC0415 - msgspec, for this case only

    return first_problem(report)
