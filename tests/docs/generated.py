"""The parts of the documentation that are made from the code: `python -m tests.docs.generated` writes them.

Each stands between `<!-- NAME: made from ... -->` and `<!-- /NAME -->`; `tests/docs/test_generated.py` keeps them true.
"""

import ast
import inspect
import itertools
import re
import textwrap
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final, NamedTuple

import click
import msgspec

from benchmarks.report import number
from benchmarks.results import KEEPALIVED, OURS, Results
from failover.agent.log import text
from failover.cli import failures
from failover.cli import group as commands
from failover.config import DAEMON_SETTINGS, METHODS, SETTINGS, TRACKER_SETTINGS, Setting
from failover.engine.process.signals import USES, Use
from failover.events import Kind
from failover.linux.process.signals import in_words
from failover.messages import Event, Value
from failover.vrrp.packet.receive import DiscardReason
from failover.wording import CAUSES, ODDITIES
from tests.rfc import ledger
from tests.test_import_contract import ARROWS, EVERYTHING, FLOORS
from tests.test_import_contract import ROOT as PACKAGE

ROOT: Final = Path(__file__).parents[2]
README: Final = ROOT / "README.md"
STATUSES: Final = {
    failures.FINE: "The command succeeded, or the daemon was stopped.",
    failures.FAILED: "The command failed, or no daemon answers.",
    failures.USAGE: "Bad usage: an unknown option or a missing value.",
    failures.BAD_CONFIGURATION: "A bad configuration. Each error is a line.",
    failures.INTERRUPTED: "Interrupted by Ctrl-C.",
}
_SIDE_BY_SIDE: Final = 2
"""Buildings in a row of the picture: more would be too wide for a page."""
RESULTS: Final = ROOT / "docs/performance/results.json"
SHOWN: Final = {
    ("failover/0.1s", "excess"): "delay in noticing a dead MASTER, beyond the RFC's time (interval 0.1 s)",
    ("failover/1s", "stop"): "the MASTER is stopped: until the client is served by the other host, at 1 s",
    ("cpu/200@0.1s", "sent"): "CPU to send an advertisement, 200 virtual routers at 0.1 s",
    ("cpu/200@0.1s", "received from keepalived"): "CPU to receive one from keepalived, 200 virtual routers at 0.1 s",
    ("cpu/1@0.1s", "sent"): "CPU to send one, a single virtual router at 0.1 s",
    (
        "spacing/0.1s-hogs-ordinary",
        "p99",
    ): "jitter of advertisements (99th percentile), on a busy host without real-time priority",
    ("addresses/1x500", "configured"): "time to add 500 addresses",
    ("addresses/1x500", "late"): "meanwhile, another virtual router's advertisements are late by at most",
    ("addresses/100x1", "adverts"): "100 virtual routers take over at once: from the first to the last advertisement",
    ("lifetime", "exited"): "time to stop, from SIGTERM to the end of the process",
}
"""What the README shows, by scenario and key. Memory was measured of the engine alone, so the text has it."""
FIELDS: Final = {
    "daemon.version": "The version of the daemon.",
    "daemon.pid": "The process ID of the engine, the process that runs the virtual routers.",
    "daemon.uptime_seconds": "The time since the daemon started.",
    "daemon.engine.answers": (
        "Whether the engine answers. It is `false` after 2 s without an answer. Then everything else in the document is"
        " what the engine said last."
    ),
    "daemon.engine.answered_at": "When the engine answered last (RFC 3339, UTC). `null` if it has not answered yet.",
    "daemon.engine.silent_since": "If the engine does not answer: when it was last heard from. Otherwise `null`.",
    "daemon.realtime.scheduler": (
        "The scheduling class of the engine: `SCHED_RR`, or `SCHED_OTHER` without real-time priority."
    ),
    "daemon.realtime.priority": "The real-time priority of the engine. 0 means none.",
    "daemon.realtime.memory_locked": "Whether the memory of the engine is locked.",
    "daemon.realtime.time_slice_ns": "The time slice that the engine asks for (Linux 6.12 or later). 0 means none.",
    "daemon.realtime.timer_slack_ns": "How long the kernel may delay the timers of the engine.",
    "daemon.realtime.cpu_affinity": "The CPUs that the engine may use. `null` means all.",
    "daemon.engine_lag_seconds.max": "The longest delay of a timer since the daemon started.",
    "daemon.engine_lag_seconds.histogram[].up_to": "The upper end of a bucket, `null` for the last.",
    "daemon.engine_lag_seconds.histogram[].count": "How many timers had a delay in this bucket.",
    "daemon.engine_lag_seconds.last_minute.max": "The longest delay in the last 60 to 70 seconds.",
    "daemon.engine_lag_seconds.last_minute.histogram[].up_to": "The upper end of a bucket, `null` for the last.",
    "daemon.engine_lag_seconds.last_minute.histogram[].count": (
        "How many timers had a delay in this bucket in that time."
    ),
    "daemon.agent.user": "The user ID of the agent, which serves this status and writes the log.",
    "daemon.agent.landlock": (
        "The Landlock level. Landlock keeps the agent from files, ports and signals. 0 means none."
    ),
    "daemon.agent.system_call_filter": "Whether the agent's system calls are filtered.",
    "daemon.warnings[]": "What the system refused to give the daemon, one sentence each.",
    "daemon.configuration_file": "The file that a reload reads. `null` if there is none, as in `cli-mode`.",
    "daemon.configuration_digest": "A checksum of the settings that the daemon runs with. It changes if a setting"
    " changes, but not if the file is only written differently. `null` if there is no file.",
    "daemon.last_reload.at": (
        "When the last reload ended. `last_reload` is `null` if there was none since the daemon started."
    ),
    "daemon.last_reload.outcome": (
        "`reloaded` or `failed`. It stays `failed` until a reload succeeds. A failed reload changes nothing."
    ),
    "daemon.last_reload.error": "Why the reload failed, in one or more lines. Otherwise `null`.",
    "daemon.last_reload.file_is_bad": (
        "Whether the file itself is bad. Then the daemon would not start with it. `false` if something else was the"
        " reason, for example another process that already runs a new virtual router."
    ),
    "virtual_routers[].name": "The name from the configuration.",
    "virtual_routers[].family": "`ipv4` or `ipv6`. A virtual router with addresses of both families is listed twice.",
    "virtual_routers[].vrid": "The number of the virtual router.",
    "virtual_routers[].interface": "The network interface.",
    "virtual_routers[].version": "The protocol version, 2 or 3.",
    "virtual_routers[].state": "`INITIALIZE`, `BACKUP` or `MASTER`.",
    "virtual_routers[].since": "When it entered this state (RFC 3339, UTC).",
    "virtual_routers[].last_change.previous": (
        "The state before the last change, or the same state if only the cause changed. `last_change` is `null` before"
        " the first change."
    ),
    "virtual_routers[].last_change.cause": "Why it changed, [as a word](events.md#causes) for programs.",
    "virtual_routers[].last_change.text": "Why it changed, as in the log.",
    "virtual_routers[].last_change.evidence.EVIDENCE": "Details of the cause, by [name](events.md#causes).",
    "virtual_routers[].problems[].what": (
        "What is wrong at the moment, mostly with another host: a [discard reason](events.md#discard-reasons),"
        " an [oddity](events.md#oddities), `address_elsewhere`, `unheard_master`, `other_program` or `cannot_send`."
    ),
    "virtual_routers[].problems[].severity": (
        "`critical`: two hosts have the address, or none, now or after the MASTER dies. Otherwise `warning`."
    ),
    "virtual_routers[].problems[].source": (
        "The address of the other host. For `address_elsewhere`, its MAC address. For `cannot_send` and"
        " `other_program`, this host's own address."
    ),
    "virtual_routers[].problems[].text": "The problem as a sentence, as in the log.",
    "virtual_routers[].problems[].since": "When the problem was first seen.",
    "virtual_routers[].problems[].last_heard": "When the problem was last seen.",
    "virtual_routers[].problems[].count": "How often the problem was seen in that time.",
    "virtual_routers[].fault.reason": (
        "Why the virtual router cannot run, as a word for programs. `fault` is `null` if it can run."
    ),
    "virtual_routers[].fault.detail": "Why it cannot run, as a sentence.",
    "virtual_routers[].priority.configured": "The priority from the configuration.",
    "virtual_routers[].priority.effective": "The priority that is in use now, with what trackers add to it.",
    "virtual_routers[].tracking[].tracker": "The name of a tracker that the virtual router follows.",
    "virtual_routers[].tracking[].weight": (
        "Its weight from the configuration. `null` if the virtual router has a fault while the tracker fails."
    ),
    "virtual_routers[].tracking[].is_well": "Whether what the tracker watches is well.",
    "virtual_routers[].tracking[].contributes": "What the tracker adds to the priority now.",
    "virtual_routers[].tracking[].text": "What the tracker has found, such as `eth1 has no carrier`.",
    "virtual_routers[].tracking[].since": "Since when it is so (RFC 3339, UTC).",
    "virtual_routers[].master": "The address that the MASTER advertises from. `null` if no MASTER was heard.",
    "virtual_routers[].master_priority": "The priority that the MASTER advertises. `null` if no MASTER was heard.",
    "virtual_routers[].checksum.sent": (
        "The form of the checksums that this host sends: `rfc9568` or `pseudo_header`. `checksum` is `null` except for"
        " version 3 with IPv4."
    ),
    "virtual_routers[].checksum.is_learned": "Whether this host learned that form from another host.",
    "virtual_routers[].checksum.master": (
        "The form of the MASTER's checksums, if the MASTER is another host. Otherwise `null`."
    ),
    "virtual_routers[].advertisement_interval_seconds": "The advertisement interval of this host.",
    "virtual_routers[].master_down_interval_seconds": "How long the MASTER may be silent before this host takes over.",
    "virtual_routers[].addresses[]": (
        "The addresses that this host has while it is MASTER. The excluded ones come last."
    ),
    "virtual_routers[].own_subnets[]": (
        "The subnets of this host's own IPv4 addresses on the interface. `failover status` warns if a virtual address"
        " is in none of them."
    ),
    "virtual_routers[].accept_mode": "Whether the MASTER accepts what is sent to its addresses, as configured.",
    "virtual_routers[].preferred_lifetime": (
        "The configured preferred lifetime of the IPv6 addresses: 0 or `forever`. `null` for `ipv4`."
    ),
    "virtual_routers[].source": "The address that this host's advertisements come from. `null` if it has none yet.",
    "virtual_routers[].destinations[]": (
        "Where the advertisements go: a multicast group, or the unicast peers without this host."
    ),
    "virtual_routers[].hop_limit": "The TTL or hop limit of the advertisements.",
    "virtual_routers[].virtual_mac": "Always `null`: the addresses use the interface's own MAC address.",
    "virtual_routers[].send_error.what": "What could not be sent. `send_error` is `null` if sending works.",
    "virtual_routers[].send_error.error": "Why sending failed the last time.",
    "virtual_routers[].send_error.count": "How often sending failed in a row.",
    "virtual_routers[].send_error.at": "When sending failed the last time.",
    "virtual_routers[].address_conflict": (
        "What is wrong with the addresses on the interface now, as a sentence. Otherwise `null`. The kernel refuses to"
        " add a MASTER's address; another program keeps adding an address that this host must not have; a virtual"
        " address is the host's own address; an address owner cannot run, and its own address stays while another host"
        " may be MASTER; or another host, such as a clone, advertises from this host's own address (a MASTER looks for"
        " that once a minute)."
    ),
    "virtual_routers[].authentication.method": (
        "How advertisements are authenticated: `hmac_sha256` or `password`. `authentication` is `null` if they are not."
        " The fields of the other method are `null`."
    ),
    "virtual_routers[].authentication.password_is_cut": (
        "Whether the password has more than 8 bytes, of which only the first 8 are used."
    ),
    "virtual_routers[].authentication.mode": "`receive_only`, `permissive` or `enforce`.",
    "virtual_routers[].authentication.keys[]": "The numbers of the keys that may sign what is received.",
    "virtual_routers[].authentication.active_key": "The number of the key that signs what this host sends.",
    "virtual_routers[].authentication.anti_replay": "`time` or `sequence`.",
    "virtual_routers[].authentication.time_window_seconds": (
        "How far the time of an advertisement may be from this host's clock. `null` with `sequence`."
    ),
    "virtual_routers[].counters.advertisements_sent": (
        "How many were sent. All counters count from the start of the daemon."
    ),
    "virtual_routers[].counters.advertisements_received": "How many were received and accepted.",
    "virtual_routers[].counters.priority_zero_sent": "How often this host resigned.",
    "virtual_routers[].counters.priority_zero_received": "How often other hosts resigned.",
    "virtual_routers[].counters.transitions_to_master": "How often this host became MASTER.",
    "virtual_routers[].counters.send_errors": "How many advertisements and announcements could not be sent.",
    "virtual_routers[].counters.address_elsewhere": (
        "How often another host was found to have the addresses while this host was MASTER. Such a host is asked every"
        " ten seconds, so the counter grows as long as it has them."
    ),
    "virtual_routers[].counters.discarded.REASON": "Discarded packets, by [reason](events.md#discard-reasons).",
    "virtual_routers[].counters.oddities.ODDITY": "Odd advertisements, by [oddity](events.md#oddities).",
}
"""Of the status document, by their path in it."""


def documents() -> list[Path]:
    """Everything that may have parts made from the code."""
    return [README, *sorted((ROOT / "docs").rglob("*.md"))]


def made_anew(document: str) -> str:
    """A document with the parts between their marks made anew; `LookupError` where a mark has no end or no maker."""

    def make(found: re.Match[str]) -> str:
        return f"{found[1]}\n\n{PARTS[found[2]]()}\n\n{found[3]}"

    return re.sub(r"(<!-- ([a-z ]+): made from [^\n]*-->)\n.*?(<!-- /\2 -->)", make, document, flags=re.DOTALL)


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def settings_table(settings: Mapping[str, Setting]) -> str:
    """What the keys of the configuration mean."""
    rows = ((f"`{one.name}`", _meaning(one), one.allowed, _default(one)) for one in settings.values())
    return table(("key", "meaning", "allowed", "default"), rows)


def _meaning(setting: Setting) -> str:
    unit = f" In {setting.unit}." if setting.unit else ""
    section = f" ({setting.section})" if setting.section else ""
    return f"{setting.description}{unit}{section}"


def _default(setting: Setting) -> str:
    return "**required**" if setting.required else _as_code(setting.default_text)


def _as_code(text: str) -> str:
    """As code, unless parts of it are marked as code already."""
    return text if "`" in text else f"`{text}`"


class Described(NamedTuple):
    """What a command says of itself."""

    name: str
    usage: list[str]
    about: str
    options: list[tuple[str, str]]
    """Flags, and what they mean."""


def described() -> Iterator[Described]:
    """All commands, as click has them."""
    parent = click.Context(commands.group, info_name="failover")
    for name in commands.NAMES:
        command = commands.group.get_command(parent, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=parent)
        options = [one for one in command.params if isinstance(one, click.Option)]
        records = [record for option in options if (record := option.get_help_record(context))]
        yield Described(
            name,
            command.collect_usage_pieces(context),
            inspect.cleandoc(command.help or ""),
            [(flags, " ".join(meaning.split())) for flags, meaning in records],
        )


def command_sections() -> str:
    """A section for each command: what it does, its usage, its options."""
    return "\n\n".join(part for one in described() for part in _section(one))


def _section(one: Described) -> Iterator[str]:
    usage = " ".join(["failover", one.name, *one.usage])
    yield from (f"## failover {one.name}", one.about, f"```text\n{usage}\n```")
    if one.options:
        yield table(("option", "meaning"), ((f"`{flags}`", meaning) for flags, meaning in one.options))


def manual_commands() -> str:
    """A manual page's list of commands with their options."""
    return "\n\n".join(part for one in described() for part in _manual(one))


def _manual(one: Described) -> Iterator[str]:
    usage = " ".join(f"[*{piece[1:-1]}*]" for piece in one.usage)
    yield from (f"### failover {one.name}", f"**failover {one.name}** {usage}", one.about)
    yield from (f"**{flags}**\n: {meaning}" for flags, meaning in one.options)


def manual_settings(settings: Mapping[str, Setting]) -> str:
    """A manual page's list of keys."""
    return "\n\n".join(
        f"**{one.name}**\n: {_meaning(one)} {one.allowed[0].upper()}{one.allowed[1:]}."
        + (" Required." if one.required else f" Default: {_as_code(one.default_text)}.")
        for one in settings.values()
    )


def status_codes() -> str:
    """The exit statuses."""
    return table(("status", "meaning"), ((str(code), meaning) for code, meaning in STATUSES.items()))


class _Placeholders(dict[str, Any]):
    """Fields of an event whose values are their names; only what is always there."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"

    def get(self, key: str, default: Any = None) -> Any:
        return default if key == "suppressed" else self[key]


def _said(words: Callable[[Any], str]) -> str:
    return words(_Placeholders())


def event_table() -> str:
    """The kinds of events with the words of the log."""
    rows = (
        (f"`{kind.label}`", kind.when, "see below" if kind in {Kind.STATE_CHANGED, Kind.ODDITY} else _said(kind.words))
        for kind in Kind
    )
    return table(("kind", "when", "in the log"), rows)


def cause_table() -> str:
    """Why states change."""
    return table(("cause", "in the log"), ((f"`{cause}`", _said(words)) for cause, words in CAUSES.items()))


def oddity_table() -> str:
    """What is accepted but reported."""
    rows = ((f"`{oddity}`", f"{{source}} {_said(words)}") for oddity, words in ODDITIES.items())
    return table(("oddity", "in the log"), rows)


def discard_table() -> str:
    """Why packets are discarded."""
    return table(("reason", "meaning"), ((f"`{one.value}`", meaning) for one, meaning in documented(DiscardReason)))


def documented(enum: type[Enum]) -> Iterator[tuple[Enum, str]]:
    """Each member with the string below it."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(enum))).body
    assert isinstance(definition, ast.ClassDef)
    for one, below in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
            assert isinstance(below, ast.Expr), f"{one.targets[0].id} is not documented"
            assert isinstance(below.value, ast.Constant)
            yield enum[one.targets[0].id], " ".join(str(below.value.value).split())


def status_table() -> str:
    """The fields of the status document."""
    return table(("field", "meaning"), ((f"`{path}`", meaning) for path, meaning in FIELDS.items()))


def benchmark_table() -> str:
    """What the README shows of the last `make bench`."""
    results = msgspec.json.decode(RESULTS.read_bytes(), type=Results)
    by_place = {(one.scenario, one.labels.get("key")): one for one in results.measurements}
    rows = []
    for (scenario, key), what in SHOWN.items():
        one = by_place[scenario, key]
        ours, theirs = one.median(OURS), one.median(KEEPALIVED)
        assert ours is not None
        assert theirs is not None
        cells = f"{number(ours)} {one.unit}", f"{number(theirs)} {one.unit}", f"{ours / theirs:.2f}"
        rows.append((what, *cells))
    about = results.environment
    days = sorted({one.taken.split()[0] for one in results.measurements})
    where = f"{' to '.join(days)}, {about['CPUs']}, Linux {about['kernel']}, Python {about['Python']}"
    return f"{table(('', 'Failover', 'keepalived 2.2.7', 'ratio'), rows)}\n\n{where}. Reproduce with `make bench`."


def sample_line() -> str:
    """A line of the log."""
    fields: dict[str, Value] = {
        "previous": "BACKUP",
        "current": "MASTER",
        "cause": "master_down",
        "master": "192.168.100.2",
        "silence_seconds": 3.602,
    }
    event = Event(at=1_790_000_000_000_000_000, kind="state_changed", name="VR_1", family="ipv4", fields=fields)
    return f"```text\n{text.line(event)}\n```"


def floors_picture() -> str:
    """The floors of the project, and of each package that has floors of its own; the ground floor at the bottom."""
    buildings = {"src/failover/": ARROWS, **{f"{package}/": floors for package, floors in FLOORS.items()}}
    columns = [_column(name, uses) for name, uses in buildings.items()]
    streets = [columns[start : start + _SIDE_BY_SIDE] for start in range(0, len(columns), _SIDE_BY_SIDE)]
    drawn = "\n\n\n".join(map(_street, streets))
    return f"```text\n{drawn}\n```"


def _street(columns: list[list[str]]) -> str:
    lines = reversed([*itertools.zip_longest(*map(reversed, columns), fillvalue="")])
    widths = [max(map(len, column)) + 4 for column in columns]
    return "\n".join("".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def _column(name: str, uses: Mapping[str, Collection[str]]) -> list[str]:
    return [name, "", *("  ".join(floor) for floor in _floors(uses))]


def _floors(uses: Mapping[str, Collection[str]]) -> list[list[str]]:
    """The parts of a package, from the top down: each is above all that it uses, and as low as that lets it be."""
    floors: list[list[str]] = []
    below: set[str] = set()
    waiting = {name: used for name, used in uses.items() if not name.startswith("__")}
    while waiting:
        top = [name for name, used in waiting.items() if used is EVERYTHING]
        floor = [name for name, used in waiting.items() if name not in top and below.issuperset(used)] or top
        floors.insert(0, floor)
        below.update(floor)
        waiting = {name: used for name, used in waiting.items() if name not in floor}
    return floors


def folder_table() -> str:
    """What lives in each folder and what it may use, from the top floor down."""
    rows: list[tuple[str, str, str]] = []
    for name in itertools.chain(*_floors(ARROWS)):
        rows.append((f"**{name}**", _lives_in(PACKAGE / name), _listed(ARROWS[name])))
        inside = FLOORS.get(name, {})
        rows += (
            (f"{name}/{one}", _lives_in(PACKAGE / name / one), _listed(inside[one]))
            for one in itertools.chain(*_floors(inside))
        )
    return table(("folder or module", "what lives there", "what it may use beside itself"), rows)


def _lives_in(path: Path) -> str:
    """The first paragraph of what a package or module says of itself."""
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    said = ast.get_docstring(ast.parse(source.read_text()))
    assert said, f"{source} says nothing of itself"
    return " ".join(said.split("\n\n")[0].split())


def _listed(used: Collection[str]) -> str:
    return "everything" if used is EVERYTHING else ", ".join(sorted(used)) or "nothing"


def signal_table() -> str:
    """What signals do to the engine, those together that do the same."""
    rows = [(", ".join(_named(n for n, does in USES.items() if does is use)), use.value) for use in Use]
    return table(("signal", "effect on the engine"), rows)


def _named(numbers: Iterable[int]) -> Iterator[str]:
    """By name where they have one; of the others from which to which."""
    named = [(number, in_words(number)) for number in numbers]
    yield from (f"`{one}`" for _, one in named if one.startswith("SIG") and not one.startswith("SIGRT"))
    rest = [number for number, one in named if not one.startswith("SIG") or one.startswith("SIGRT")]
    if rest:
        yield f"{rest[0]} to {rest[-1]}"


def rules_table(what: Callable[[ledger.Rule], str | None]) -> str:
    """The lines of the ledger that say so, and what they say."""
    rows = ((rule.section, rule.level, rule.text, said) for rule in ledger.load().values() if (said := what(rule)))
    return table(("section", "level", "rule", "here"), rows)


PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "settings": lambda: settings_table(SETTINGS),
    "daemon settings": lambda: settings_table(DAEMON_SETTINGS),
    "hmac": lambda: settings_table(METHODS["hmac_sha256"].settings),
    "password": lambda: settings_table(METHODS["password"].settings),
    "interface trackers": lambda: settings_table(TRACKER_SETTINGS["interface"]),
    "commands": command_sections,
    "exit statuses": status_codes,
    "events": event_table,
    "causes": cause_table,
    "oddities": oddity_table,
    "discard reasons": discard_table,
    "status fields": status_table,
    "signals": signal_table,
    "deviations": lambda: rules_table(lambda rule: rule.deviation),
    "not yet": lambda: rules_table(lambda rule: rule.not_yet),
    "a line": sample_line,
    "benchmark": benchmark_table,
    "floors": floors_picture,
    "folders": folder_table,
    "manual commands": manual_commands,
    "manual exit statuses": lambda: "\n\n".join(f"**{code}**\n: {meaning}" for code, meaning in STATUSES.items()),
    "manual settings": lambda: manual_settings(SETTINGS),
    "manual hmac": lambda: manual_settings(METHODS["hmac_sha256"].settings),
    "manual password": lambda: manual_settings(METHODS["password"].settings),
    "manual interface trackers": lambda: manual_settings(TRACKER_SETTINGS["interface"]),
    "manual daemon settings": lambda: manual_settings(DAEMON_SETTINGS),
}


if __name__ == "__main__":
    for path in documents():
        path.write_text(made_anew(path.read_text()))
