"""Events as sentences for the log. An event is data; this is one rendering of it, and decides nothing."""

from collections.abc import Callable

from failover.agent.mirror import timestamp
from failover.messages import Event, Value

Fields = dict[str, Value]


def line(event: Event) -> str:
    """One line: time, virtual router, sentence."""
    who = f" {_who(event)}" if event.name else ""
    return f"{timestamp(event.at)}{who}: {sentence(event)}"


def message(event: Event) -> str:
    """The same without the time."""
    return f"{_who(event)}: {sentence(event)}" if event.name else sentence(event)


def sentence(event: Event) -> str:
    """What happened, in words; a kind that has no words of its own shows its fields, and so does one that lacks any.

    An agent may be newer than its engine: it is started again from whatever is installed by then.
    """
    try:
        text = _KINDS[event.kind](event.fields)
    except KeyError:
        text = f"{event.kind} {_listed(event.fields)}"
    suppressed = event.fields.get("suppressed")
    return f"{text} (and {suppressed} more like it since the last report)" if suppressed else text


def _who(event: Event) -> str:
    return f"{event.name} ({event.family})"


def _state_changed(fields: Fields) -> str:
    cause = _CAUSES.get(str(fields["cause"]))
    because = cause(fields) if cause else str(fields["cause"])
    if fields["previous"] == fields["current"]:
        return f"stays {fields['current']}: {because}"
    return f"{fields['previous']} -> {fields['current']}: {because}"


def _reloaded(fields: Fields) -> str:
    counts = ", ".join(f"{fields[what]} {what}" for what in ("added", "removed", "changed", "unchanged"))
    later = fields.get("needs_restart")
    return f"reloaded the configuration: {counts}" + (f"; after a restart only: {later}" if later else "")


def _oddity(fields: Fields) -> str:
    words = _ODDITIES.get(str(fields["oddity"]))
    return f"{fields['source']} {words(fields) if words else fields['oddity']}"


def _seconds(value: Value) -> str:
    return f"{value:.6g} s" if isinstance(value, float | int) else str(value)


def _listed(fields: Fields) -> str:
    return " ".join(f"{key}={value}" for key, value in fields.items())


def _master(fields: Fields) -> str:
    return f"{fields['master']} (priority {fields['master_priority']})"


_CAUSES: dict[str, Callable[[Fields], str]] = {
    "started": lambda _: "started",
    "fault_over": lambda f: f"the fault is over ({f['detail']})",
    "became_owner": lambda _: "the new configuration makes this host the address owner",
    "no_master": lambda f: f"no MASTER heard in {_seconds(f['silence_seconds'])}",
    "master_down": lambda f: f"nothing heard from MASTER {f['master']} for {_seconds(f['silence_seconds'])}",
    "master_resigned": lambda f: f"MASTER {f['master']} resigned",
    "preempted": lambda f: f"took over from {_master(f)}, our priority is higher",
    "better_priority": lambda f: f"{_master(f)} has the higher priority",
    "better_address": lambda f: f"{_master(f)} has the same priority and the greater address",
    "overslept": lambda f: f"the daemon did not run for {_seconds(f['late_seconds'])}, listening first",
    "fault": lambda f: str(f["detail"]),
    "shutdown": lambda _: "stopped",
}

_ODDITIES: dict[str, Callable[[Fields], str]] = {
    "interval_mismatch": lambda f: (
        f"advertises every {_seconds(f['interval_seconds'])}, configured here is {_seconds(f['own_interval_seconds'])};"
        " the MASTER's interval is used"
    ),
    "address_list_mismatch": lambda f: (
        f"advertises the addresses {f['addresses']}, configured here are {f['own_addresses']}"
    ),
    "several_owners": lambda _: "claims priority 255 as this host does: only one can own the addresses",
    "equal_priority": lambda f: f"has our priority {f['priority']}: the greater address wins; better make them differ",
    "rival_master": lambda f: f"advertises with priority {f['priority']} although this host is MASTER",
}

_KINDS: dict[str, Callable[[Fields], str]] = {
    "state_changed": _state_changed,
    "oddity": _oddity,
    "discarded": lambda f: f"discarded an advertisement from {f['source']}: {f['detail']}",
    "send_failed": lambda f: f"could not send an {f['what']}: {f['error']}",
    "send_recovered": lambda f: f"can send its {f['what']}s again, after {f['failed']} that failed: {f['error']}",
    "addresses_failed": lambda f: f"{f['doing']} {f['count']} addresses failed: {f['errors']}",
    "addresses_restored": lambda f: f"somebody removed virtual addresses from {f['interface']}: put back",
    "leftovers_removed": lambda f: (
        f"removed addresses left on {f['interface']}: {f['addresses']}"
        + (f" ({f['failed']} of them would not go)" if f["failed"] else "")
    ),
    "strays_removed": lambda f: (
        f"removed virtual addresses that somebody put on {f['interface']}: {f['addresses']}"
        + (f" ({f['failed']} of them would not go)" if f["failed"] else "")
    ),
    "agent_died": lambda f: f"the process that serves status and log died ({f['how']}) and was started again",
    "degraded": lambda f: str(f["warning"]),
    "reloaded": _reloaded,
    "reload_failed": lambda f: f"the configuration was not reloaded, everything is as before: {f['error']}",
    "late": lambda f: (
        f"the daemon ran {_seconds(f['late_seconds'])} late, more than a quarter of the shortest master down interval"
        f" ({_seconds(f['master_down_interval_seconds'])}): the host is too busy or was paused"
    ),
    "events_lost": lambda f: f"{f['count']} messages from the engine were lost: the agent was too slow",
    "network_unread": lambda f: f"could not read the state of the interfaces, trying again: {f['error']}",
}
