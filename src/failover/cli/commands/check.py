"""`failover check`: validates a configuration and shows what it would run on this host."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from failover.cli import completion
from failover.cli.failures import FINE, Failure, tell
from failover.cli.words import precise
from failover.linux.errors import describe
from failover.vrrp.authentication.keys import AuthenticationMode, KeyedAuthentication
from failover.vrrp.protocol import Family, PreferredLifetime
from failover.vrrp.scope import MULTICAST
from failover.vrrp.standing import Contribution, Standing
from failover.vrrp.units import to_seconds

if TYPE_CHECKING:
    from failover.cli.preview import Preview, TrackerPreview
    from failover.config import Problem, Track
    from failover.vrrp import VirtualRouter

_LABEL_WIDTH: Final = 11


@click.command("check")
@click.argument("file", required=False, metavar="[FILE]", shell_complete=completion.paths("file"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON, errors included.")
def command(file: str | None, *, as_json: bool) -> int:
    """Check a configuration and print what would run.

    Without FILE it checks the file that `failover run` would use. A missing interface is shown but is not an error,
    because the daemon waits for it. With --json, errors are also printed to standard output. Exit status: 0 good,
    3 bad configuration.
    """
    from failover import config  # noqa: PLC0415 - not for `--help`
    from failover.cli import configuration, preview  # noqa: PLC0415 - not for `--help`

    path = configuration.path_of(file)
    try:
        loaded = configuration.load(path)
    except Failure as failure:
        if not as_json or not isinstance(failure.__cause__, config.ConfigError):
            raise
        click.echo(_document(path, failure.__cause__.problems))
        return failure.status
    try:
        here = preview.interfaces()
    except OSError as error:
        tell(f"this host's interfaces cannot be listed: {describe(error)}")
        here = None
    previews, trackers = preview.preview(loaded, here), preview.preview_trackers(loaded, here)
    agent = preview.agent(loaded.daemon)
    if as_json:
        click.echo(_document(path, (), previews, trackers, {"agent": agent}))
        return FINE
    count = len({one.name for one in previews})
    click.echo(f"{path}: no errors, {count} virtual router{'s' if count > 1 else ''}")
    for one in previews:
        click.echo("\n" + text(one))
    if trackers:
        click.echo("\n" + trackers_text(trackers))
    click.echo("\n" + _daemon(agent))
    return FINE


def _document(
    path: Path,
    errors: Sequence["Problem"],
    previews: Sequence["Preview"] = (),
    trackers: Sequence["TrackerPreview"] = (),
    daemon: dict[str, Any] | None = None,
) -> str:
    document = {
        "file": str(path).encode(errors="replace").decode(),  # a name need not be UTF-8, JSON must
        "errors": list(map(_error, errors)),
        "virtual_routers": [one.document() for one in previews],
        "trackers": [one.document() for one in trackers],
        "daemon": daemon,
    }
    return json.dumps(document, ensure_ascii=False)


def _error(error: "Problem") -> dict[str, str | None]:
    return {
        "path": error.path,
        "value": error.value,
        "message": error.message,
        "allowed": error.allowed,
        "suggestion": error.suggestion,
        "text": str(error),
    }


def text(one: "Preview") -> str:
    """The text about one protocol instance: a heading, and a labelled line for each fact."""
    router = one.router
    heading = (
        f"{one.name} ({router.family.label}): VRID {router.vrid} on {one.interface}, VRRP version {router.version}"
    )
    lines = [_line("addresses", ", ".join(map(str, router.addresses)) or "none: it elects a MASTER, and nothing more")]
    if router.excluded_addresses:
        lines.append(_line("also held", ", ".join(map(str, router.excluded_addresses)) + " (not advertised)"))
    if router.family is Family.IPV6:
        lines.append(_line("preferred", _preferred(one)))
    lines.append(_line("priority", _priority(one)))
    lines += (_line("follows", _followed(track, router)) for track in one.track)
    if router.scope != MULTICAST:
        lines.append(_line("to", _destinations(one)))
    lines += (_line(*timer) for timer in _timers(one))
    if router.password is not None:
        lines.append(_line("password", "in each advertisement, where anyone on the LAN can read it"))
    if router.keyed is not None:
        lines.append(_line("signed", _signed(router.keyed)))
    if one.fault:
        lines.append(_line("now", f"waits: {one.fault.detail}"))
    elif one.source:
        lines.append(_line("now", f"would send from {one.source}"))
    lines += (_line("warning", warning) for warning in one.warnings)
    return "\n".join((heading, *lines))


def _preferred(one: "Preview") -> str:
    if one.router.preferred_lifetime is PreferredLifetime.FOREVER:
        return "forever: this host may use these addresses as the source of its own connections"
    return "0 seconds: this host uses another source for its own connections, if it has one"


def _daemon(agent: dict[str, Any]) -> str:
    if agent["warning"]:
        who = _line("warning", f"{agent['warning']}: started as root, the daemon would refuse to start")
    else:
        who = _line("agent", f"if the daemon is started as root, status and log run as user {agent['user']}")
    return f"The daemon\n{who}"


def _signed(by: KeyedAuthentication) -> str:
    """How what is sent and heard is signed."""
    sends = f"by key {by.active_key}" if by.signs else "not by this host"
    hears = "demanded" if by.mode is AuthenticationMode.ENFORCE else "not demanded"
    others = ", ".join(str(number) for number, _ in by.keys)
    window = f"; clocks must agree within {precise(to_seconds(by.window))}" if by.window else ""
    return f"{sends}; of others {hears}, by keys {others}{window}"


def _priority(one: "Preview") -> str:
    if one.router.is_address_owner:
        return "255, the addresses are this host's own: MASTER from the start"
    takes = "takes" if one.router.preempt_mode else "does not take"
    return f"{one.router.priority}, {takes} over from a MASTER with a lower priority"


def _followed(track: "Track", router: "VirtualRouter") -> str:
    if track.weight is None:
        return f"tracker {track.tracker}: gives up the addresses while it fails"
    changed = Standing(router.priority, (Contribution(track.tracker, track.weight),)).priority
    when, sign = ("fails", "-") if track.weight < 0 else ("is well", "+")
    total = f"{router.priority} {sign} {abs(track.weight)}"
    return f"tracker {track.tracker}: while it {when}, the priority is {changed} ({total})"


def trackers_text(trackers: Sequence["TrackerPreview"]) -> str:
    """The text about all trackers: a heading and a line for each."""
    return "\n".join(("Trackers", *(_line(one.tracker.name, _tracker(one)) for one in trackers)))


def _tracker(one: "TrackerPreview") -> str:
    now = f", fails now ({one.trouble})" if one.trouble else ""
    followers = f"followed by {', '.join(one.followed_by)}" if one.followed_by else "no virtual router follows it"
    return f"interface {one.tracker.interface_name}{now}; {followers}"


def _destinations(one: "Preview") -> str:
    listed = ", ".join(map(str, one.destinations))
    if not one.router.scope.is_unicast:
        return f"the multicast group {listed}"
    ours = len(one.destinations) < len(one.router.scope.peers)
    without = f"; {one.source} is this host" if ours else ""
    return f"{listed}, one by one, with hop limit {one.router.scope.hop_limit}{without}"


def _timers(one: "Preview") -> tuple[tuple[str, str], ...]:
    router = one.router
    interval = router.advertisement_interval
    down, skew = router.master_down_interval(interval), router.skew_time(interval)
    every = precise(to_seconds(interval))
    master = ("MASTER", f"advertises every {every}")
    if router.is_address_owner:
        return (master,)
    silence = f"{precise(to_seconds(down))} without an advertisement (3 x {every} + skew {precise(to_seconds(skew))})"
    return master, ("BACKUP", f"takes over after {silence}")


def _line(label: str, text: str) -> str:
    return f"  {label:<{_LABEL_WIDTH}}{text}"
