"""`failover health`: one line and an exit status for monitoring and probes."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from failover.cli import control, places
from failover.cli.failures import Failure
from failover.cli.group import declared
from failover.cli.health import judgement
from failover.cli.health.findings import Finding, Severity
from failover.cli.options import RUNTIME_DIR, SOCKET


def _health(*, live: bool, as_json: bool, runtime_dir: str | None, socket: str | None) -> int:
    """Say in one line whether all is well, for monitoring.

    Like a Nagios plugin, it prints OK, WARNING, CRITICAL or UNKNOWN, and then what is wrong, the worst first. Exit
    status: 0 OK, 1 warning, 2 critical (also if no daemon runs), 3 unknown (the status cannot be read). With --live:
    0 if engine and agent answer, else 2.
    """
    where = places.find(runtime_dir, socket).socket
    findings, well = _live(where) if live else _whole(where)
    severity = judgement.worst(findings)
    if as_json:
        listed = [
            {"severity": one.severity.name.lower(), "router": one.router, "message": one.sentence} for one in findings
        ]
        click.echo(json.dumps({"status": severity.name.lower(), "findings": listed}, ensure_ascii=False))
    else:
        click.echo(judgement.in_a_line(findings, well))
    return int(severity)


def _live(where: Path) -> tuple[list[Finding], str]:
    """Whether engine and agent answer: what is wrong, and what to say where nothing is."""
    try:
        status, body = control.probe(where, "/healthz")
    except Failure as failure:
        return [Finding(Severity.CRITICAL, None, str(failure))], ""
    if status == control.OK:
        return [], "engine and agent answer"
    return [Finding(Severity.CRITICAL, None, _error(body) or f"HTTP status {status}")], ""


def _whole(where: Path) -> tuple[list[Finding], str]:
    """Whether all is well: what is wrong, and what to say where nothing is."""
    try:
        document = json.loads(control.get(where, "/status"))
    except control.NoDaemon as failure:
        from failover.cli.health.abandoned import abandoned  # noqa: PLC0415 - netlink, for this case only

        sentences = (str(failure), abandoned())
        return [Finding(Severity.CRITICAL, None, sentence) for sentence in sentences if sentence], ""
    except Failure as failure:
        return [Finding(Severity.UNKNOWN, None, str(failure))], ""
    except ValueError:
        return [Finding(Severity.UNKNOWN, None, f"{where}: the daemon's answer is not JSON")], ""
    now = datetime.now(UTC)
    return judgement.judge(document, now), judgement.summary(document)


def _error(body: bytes) -> str | None:
    """The reason that a document gives."""
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return None


command = click.Command(
    "health",
    params=[
        click.Option(["--live"], is_flag=True, help="For probes: check only that engine and agent answer."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print JSON with all findings."),
        declared(RUNTIME_DIR),
        declared(SOCKET),
    ],
    callback=_health,
    help=_health.__doc__,
)
