"""`failover status`: shows what the virtual routers of a running daemon do now."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from failover.cli import control, places, table
from failover.cli.failures import FINE, Failure
from failover.cli.group import declared
from failover.cli.options import RUNTIME_DIR, SOCKET
from failover.cli.words import ago, elapsed

WATCH_SECONDS: Final = 1.0

_HEADER: Final = ("NAME", "FAMILY", "STATE", "FOR", "MASTER", "PRIORITY", "INTERFACE", "VRID", "ADDRESSES")
_STYLES: Final = {"MASTER": "green", "INITIALIZE": "red"}

Document = dict[str, Any]


def _status(*, name: str | None, as_json: bool, watch: bool, runtime_dir: str | None, socket: str | None) -> int:
    """Show what the virtual routers do now.

    All of them, or the one called NAME. Exit status 1 where no daemon answers, or has no virtual router of that name.
    """
    where = places.find(runtime_dir, socket).socket

    def shown() -> str:
        document = json.loads(control.get(where, "/status"))
        selected = document if name is None else only(document, name)
        return json.dumps(selected, ensure_ascii=False) if as_json else text(selected, datetime.now(UTC))

    if not watch:
        table.write(shown())
        return FINE
    table.write(shown(), afresh=not as_json)
    try:
        while True:
            time.sleep(WATCH_SECONDS)
            try:
                now = shown()
            except Failure as failure:
                # Go on: people use --watch to see a restart.
                click.echo(f"failover: {failure}", err=True)
            else:
                table.write(now, afresh=not as_json)
    except KeyboardInterrupt:
        return FINE


def only(document: Document, name: str) -> Document:
    """The document with only the virtual router of this name. `Failure` with the known names where there is none."""
    routers = [router for router in document["virtual_routers"] if router["name"] == name]
    if not routers:
        known = ", ".join(dict.fromkeys(router["name"] for router in document["virtual_routers"]))
        raise Failure(f"no virtual router is called {name}; there are: {known}")
    return {**document, "virtual_routers": routers}


def text(document: Document, now: datetime) -> str:
    """The status as text: a table, sentences about what is wrong, and a line about the daemon."""
    daemon, routers = document["daemon"], document["virtual_routers"]
    rows = [_row(router, now) for router in routers]
    lines = [table.render(_HEADER, rows, [_STYLES.get(router["state"], "") for router in routers])]
    lines += (
        f"{router['name']} ({router['family']}) cannot run: {router['fault']['detail']}"
        for router in routers
        if router["fault"]
    )
    lines += (_unsent(router, now) for router in routers if router["send_error"])
    lines += (
        f"{router['name']} ({router['family']}): {router['address_conflict']}"
        for router in routers
        if router.get("address_conflict")
    )
    if daemon["warnings"]:
        lines.append(f"warning: {'; '.join(daemon['warnings'])}")
    lines += _not_reloaded(daemon.get("last_reload"), now) or _changed(daemon, now)
    lines.append(f"failover {daemon['version']}, process {daemon['pid']}, up {elapsed(daemon['uptime_seconds'])}")
    return "\n".join(lines)


def _unsent(router: Document, now: datetime) -> str:
    error = router["send_error"]
    last = ago((now - datetime.fromisoformat(error["at"])).total_seconds())
    return (
        f"{router['name']} ({router['family']}) cannot send its {error['what']}s: {error['error']}"
        f" ({error['count']} failed, last {last} ago)"
    )


def _not_reloaded(last: Document | None, now: datetime) -> list[str]:
    if last is None or last["outcome"] != "failed":
        return []
    from failover.wording import not_reloaded  # noqa: PLC0415 - msgspec, for this case only

    when = f" {ago((now - datetime.fromisoformat(last['at'])).total_seconds())} ago"
    return [not_reloaded(last["error"], is_bad_file=last["file_is_bad"], when=when)]


def _changed(daemon: Document, now: datetime) -> list[str]:
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
    return [f"the configuration was changed and not reloaded, a restart would not come up: {first_problem(report)}"]


def _row(router: Document, now: datetime) -> list[str]:
    since = datetime.fromisoformat(router["since"])
    master = router["master"] or "-"
    first, *others = router["addresses"]
    return [
        router["name"],
        router["family"],
        router["state"],
        elapsed((now - since).total_seconds()),
        "this host" if router["state"] == "MASTER" else master,
        _priority(router["priority"]),
        router["interface"],
        str(router["vrid"]),
        f"{first} and {len(others)} more" if others else first,
    ]


def _priority(priority: dict[str, int]) -> str:
    configured, effective = priority["configured"], priority["effective"]
    return str(effective) if effective == configured else f"{effective} ({configured} configured)"


command = click.Command(
    "status",
    params=[
        click.Argument(["name"], required=False, metavar="[NAME]"),
        click.Option(["--json", "as_json"], is_flag=True, help="Print the document of the control API."),
        click.Option(["--watch"], is_flag=True, help="Again every second, until Ctrl-C."),
        declared(RUNTIME_DIR),
        declared(SOCKET),
    ],
    callback=_status,
    help=_status.__doc__,
)
