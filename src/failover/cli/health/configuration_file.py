"""Whether the configuration file is one that the daemon would start with again, in sentences: at most one each."""

from datetime import datetime
from pathlib import Path
from typing import Any

from failover.cli.words import ago

Daemon = dict[str, Any]
"""As the status document has it. One of an older version says less."""


def not_reloaded(daemon: Daemon, now: datetime) -> list[str]:
    """That the last reload failed, and whether a restart would."""
    last = daemon.get("last_reload")
    if last is None or last["outcome"] != "failed":
        return []
    from failover.wording import not_reloaded  # noqa: PLC0415 - msgspec, for this case only

    when = f" {ago((now - datetime.fromisoformat(last['at'])).total_seconds())} ago"
    return [not_reloaded(last["error"], is_bad_file=last["file_is_bad"], when=when)]


def changed(daemon: Daemon, now: datetime) -> list[str]:
    """What a restart would find in a file that was changed and never reloaded. The daemon itself looks at no disk."""
    given, last = daemon.get("configuration_file"), daemon.get("last_reload")
    read = datetime.fromisoformat(last["at"]).timestamp() if last else now.timestamp() - daemon["uptime_seconds"]
    try:
        if given is None or Path(given).stat().st_ctime <= read:
            return []
    except OSError:
        return []
    from failover.cli import configuration  # noqa: PLC0415 - what reads it takes 0.1 s, for this case only
    from failover.wording import first_problem  # noqa: PLC0415 - msgspec, for this case only

    report = configuration.report_on(Path(given))
    if report is None:
        return []
    return [f"the configuration was changed and not reloaded, and a restart would fail: {first_problem(report)}"]
