"""`failover status`: shows what the virtual routers of a running daemon do now."""

import json
import time
from datetime import UTC, datetime
from typing import Any, Final

import click

from failover.cli import control, places, table
from failover.cli.failures import FAILED, FINE, Failure, tell
from failover.cli.group import declared
from failover.cli.health import judgement
from failover.cli.options import RUNTIME_DIR, SOCKET
from failover.cli.sentences import past, wrong
from failover.cli.words import elapsed

WATCH_SECONDS: Final = 1.0

_HEADER: Final = ("NAME", "FAMILY", "STATE", "FOR", "MASTER", "PRIORITY", "INTERFACE", "VRID", "ADDRESSES")
_STYLES: Final = {"MASTER": "green", "INITIALIZE": "red"}

_EXPLAINED: Final = 10
"""So many routers at most have a line each that says how they came to their state; one that is named has it always."""

Document = dict[str, Any]


def _status(*, name: str | None, as_json: bool, watch: bool, runtime_dir: str | None, socket: str | None) -> int:
    """Show what the virtual routers do now.

    All of them, or the one called NAME. Exit status 1 where no daemon answers, or has no virtual router of that name,
    or where its engine does not answer: then it says so, and shows what the engine said last.
    """
    where = places.find(runtime_dir, socket).socket

    def shown() -> tuple[str, int]:
        document = json.loads(control.get(where, "/status"))
        selected = document if name is None else only(document, name)
        now = datetime.now(UTC)
        silence = judgement.silence(document, now)
        status = FAILED if silence else FINE
        if as_json:
            if silence:
                tell(silence)
            return json.dumps(selected, ensure_ascii=False), status
        said_last = [f"{silence}. What follows is what it said last."] if silence else []
        return "\n".join([*said_last, text(selected, now)]), status

    first, status = shown()
    table.write(first, afresh=watch and not as_json)
    if not watch:
        return status
    try:
        while True:
            time.sleep(WATCH_SECONDS)
            try:
                now, _ = shown()
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
    lines += (sentence for router in routers for sentence in wrong(router, now))
    if len(routers) <= _EXPLAINED:
        lines += (sentence for router in routers for sentence in past(router, now))
    if daemon["warnings"]:
        lines.append(f"warning: {'; '.join(daemon['warnings'])}")
    lines.append(f"failover {daemon['version']}, process {daemon['pid']}, up {elapsed(daemon['uptime_seconds'])}")
    return "\n".join(lines)


def _row(router: Document, now: datetime) -> list[str]:
    since = datetime.fromisoformat(router["since"])
    first, *others = router["addresses"]
    return [
        router["name"],
        router["family"],
        router["state"],
        elapsed((now - since).total_seconds()),
        "this host" if router["state"] == "MASTER" else _master(router),
        _priority(router["priority"]),
        router["interface"],
        str(router["vrid"]),
        f"{first} and {len(others)} more" if others else first,
    ]


def _master(router: Document) -> str:
    """Who is MASTER, and its priority: whoever looks wants to know why it is that one."""
    priority = router.get("master_priority")
    return f"{router['master'] or '-'}{'' if priority is None else f' ({priority})'}"


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
