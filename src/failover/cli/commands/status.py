"""`failover status`: shows what the virtual routers of a running daemon do now."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import click

from failover.cli import completion, control, places
from failover.cli.failures import FAILED, FINE, Failure, tell
from failover.cli.group import declared
from failover.cli.health import configuration_file, judgement
from failover.cli.health.findings import doubts, notes, wrong
from failover.cli.options import RUNTIME_DIR, SOCKET
from failover.cli.terminal import page, screen, table
from failover.cli.terminal.table import Cell, Column
from failover.cli.words import elapsed

WATCH_SECONDS: Final = 1.0

_HEADER: Final = (
    Column(("NAME",), 0),
    Column(("FAMILY", "IP"), 1),
    Column(("STATE",), 0),
    Column(("FOR",), 5),
    Column(("MASTER",), 3),
    Column(("PRIORITY", "PRIO"), 4),
    Column(("INTERFACE", "IFACE"), 6),
    Column(("VRID",), 7),
    Column(("ADDRESSES",), 2),
)
_COLOURS: Final = {"MASTER": "green", "INITIALIZE": "red"}

_EXPLAINED: Final = 10
"""So many routers at most have a line each that says how they came to their state; one that is named has it always."""

_SILENT: Final = (
    "Another host has probably taken over, and this one may still have the addresses: systemctl restart failover.",
    "What follows is what the engine said last.",
)
"""What to do where it does not answer."""

Document = dict[str, Any]


def _status(*, name: str | None, as_json: bool, watch: bool, runtime_dir: str | None, socket: str | None) -> int:
    """Show what the virtual routers do now, and what is wrong.

    It shows all virtual routers, or only the one called NAME. Exit status: 0 shown, 1 if no daemon answers, if there
    is no virtual router called NAME, or if the engine does not answer. In the last case, it shows what the engine said
    last.
    """
    where = places.find(runtime_dir, socket).socket

    def asked() -> Document:
        try:
            document: Document = json.loads(control.get(where, "/status"))
        except control.NoDaemon as failure:
            from failover.cli.health.abandoned import abandoned  # noqa: PLC0415 - netlink, for this case only

            left = abandoned()
            raise (Failure(f"{failure}\n  {left}") if left else failure) from failure
        return document

    def drawn(document: Document, window: page.Window | None) -> str:
        return text(document, datetime.now(UTC), window, name)

    def shown(document: Document) -> str:
        if not as_json:
            return drawn(document, screen.window())
        if silence := judgement.silence(document, datetime.now(UTC)):
            tell(silence)
        return json.dumps(only(document, name), ensure_ascii=False)

    document = asked()
    first = shown(document)
    if not watch:
        click.echo(first)
        return FAILED if judgement.silence(document, datetime.now(UTC)) else FINE
    if as_json or not screen.is_possible():
        _stream(first, lambda: shown(asked()))
    else:
        _watch(document, asked, drawn)
    return FINE


def _stream(first: str, following: Callable[[], str]) -> None:
    """Print the status every second until Ctrl-C."""
    click.echo(first)
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(WATCH_SECONDS)
            try:
                click.echo(following())
            except Failure as failure:
                click.echo(f"failover: {failure}", err=True)  # and go on: people use --watch to see a restart


def _watch(document: Document, asked: Callable[[], Document], drawn: Callable[[Document, page.Window], str]) -> None:
    """Draw the status every second until Ctrl-C."""
    with suppress(KeyboardInterrupt), screen.opened() as draw:
        draw(drawn(document, screen.size()))
        while True:
            time.sleep(WATCH_SECONDS)
            try:
                draw(drawn(asked(), screen.size()))
            except Failure as failure:
                draw(page.compose([], [f"failover: {failure}"], screen.size()))


def only(document: Document, name: str | None) -> Document:
    """The document with only the virtual router of this name; None: with all. `Failure` where there is none."""
    if name is None:
        return document
    routers = [router for router in document["virtual_routers"] if router["name"] == name]
    if not routers:
        known = ", ".join(dict.fromkeys(router["name"] for router in document["virtual_routers"]))
        raise Failure(f"no virtual router is called {name}; there are: {known}")
    return {**document, "virtual_routers": routers}


def text(document: Document, now: datetime, window: page.Window | None = None, name: str | None = None) -> str:
    """The status as text: a table, sentences about what is wrong, and a line about the daemon.

    `name` selects a virtual router; None: all. `Failure` where there is none of that name.
    """
    daemon, routers = document["daemon"], only(document, name)["virtual_routers"]
    lines = [finding.sentence for router in routers for finding in wrong(router, now)]
    lines += (doubt for router in routers for doubt in doubts(router))
    if len(routers) <= _EXPLAINED:
        lines += (note for router in routers for note in notes(router, now))
    if daemon["warnings"]:
        lines.append(f"warning: {'; '.join(daemon['warnings'])}")
    lines += configuration_file.wrong(daemon, now) or configuration_file.pending(document, now)
    lines.append(f"failover {daemon['version']}, process {daemon['pid']}, up {elapsed(daemon['uptime_seconds'])}")
    silence = judgement.silence(document, now)
    above = [page.Line(line, "red") for line in (f"{silence}.", *_SILENT)] if silence else []
    return page.compose([*above, *_table(routers, now, window)], lines, window)


def _table(routers: list[Document], now: datetime, window: page.Window | None) -> list[page.Line]:
    rows = [_row(router, now) for router in routers]
    header, *others = table.render(_HEADER, rows, window.columns if window else None)
    return [
        page.Line(header, bold=True),
        *(page.Line(line, _COLOURS.get(router["state"])) for line, router in zip(others, routers, strict=True)),
    ]


def _row(router: Document, now: datetime) -> tuple[Cell, ...]:
    since = datetime.fromisoformat(router["since"])
    lasted = elapsed((now - since).total_seconds())
    return (
        (router["name"],),
        (router["family"], router["family"].replace("ip", "")),
        (router["state"],),
        (lasted, " ".join(lasted.split()[:2])),
        ("this host",) if router["state"] == "MASTER" else _master(router),
        _priority(router["priority"]),
        (router["interface"],),
        (str(router["vrid"]),),
        _addresses(router["addresses"]),
    )


def _master(router: Document) -> Cell:
    """Who is MASTER, and with which priority: whoever looks wants to know why it is that one."""
    master, priority = router["master"] or "-", router.get("master_priority")
    return (f"{master} ({priority})", master) if priority is not None else (master,)


def _addresses(addresses: list[str]) -> Cell:
    first, *others = addresses or ("none",)
    return (f"{first} and {len(others)} more", f"{first} +{len(others)}") if others else (first,)


def _priority(priority: dict[str, int]) -> Cell:
    configured, effective = priority["configured"], priority["effective"]
    if effective == configured:
        return (str(effective),)
    return f"{effective} ({configured} configured)", f"{effective} ({configured})"


command = click.Command(
    "status",
    params=[
        click.Argument(["name"], required=False, metavar="[NAME]", shell_complete=completion.router_names),
        click.Option(["--json", "as_json"], is_flag=True, help="Print everything as JSON."),
        click.Option(["--watch"], is_flag=True, help="Refresh every second until Ctrl-C."),
        declared(RUNTIME_DIR),
        declared(SOCKET),
    ],
    callback=_status,
    help=_status.__doc__,
)
