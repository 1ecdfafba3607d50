"""Words for events: why a state changes, what is odd, and phrases that several kinds share.

`failover.events` has the kinds themselves.
"""

from collections.abc import Callable
from typing import Final

from failover.messages import Value

Fields = dict[str, Value]
"""The evidence of an event, by name."""
Names = tuple[str, ...]
"""Names of fields."""
Words = Callable[[Fields], str]


def seconds(value: Value) -> str:
    """A time of so many seconds; anything else as it is."""
    if not isinstance(value, float | int):
        return str(value)
    return f"{round(value, 2):.10g} s" if value >= 1 else f"{value:.3g} s"


def master(fields: Fields) -> str:
    """The MASTER that was heard, and its priority."""
    return f"{fields['master']} (priority {fields['master_priority']})"


def was(addresses: Value) -> str:
    """`was`, or `were` after a list of several."""
    return "were" if ", " in str(addresses) or " more" in str(addresses) else "was"


def sender(mac: Value) -> str:
    """A host by its MAC address; whose virtual router's that is, where it is one's (RFC 9568 §7.3)."""
    start, _, last = str(mac).rpartition(":")
    if start in {"00:00:5e:00:01", "00:00:5e:00:02"}:
        return f"virtual router {int(last, 16)} of another host ({mac})"
    return f"another host, {mac},"


def duplicate(fields: Fields) -> str:
    """That another host has our own address."""
    who = f"another host ({fields['mac']}) has this host's address {fields['address']} on {fields['interface']}"
    return f"{who}, and neither hears the other; give one of them another address"


def elsewhere(fields: Fields) -> str:
    """That another host has a virtual address, too."""
    who = f"{sender(fields['mac'])} answers for {fields['addresses']} on {fields['interface']}, too"
    return (
        f"{who}; if it is MASTER as well, the two do not hear each other: check firewalls and switch (IP protocol 112);"
        " if its daemon was killed, run failover teardown there; if it uses another VRID or version, correct that;"
        " else remove the address there"
    )


def late(fields: Fields) -> str:
    """That the daemon was late, and what that is to be held against."""
    ran, shortest = seconds(fields["late_seconds"]), seconds(fields["master_down_interval_seconds"])
    most = f"more than a quarter of the shortest master down interval ({shortest})"
    return f"the daemon ran {ran} late, {most}: the host is too busy or was paused"


def cannot_send(fields: Fields) -> str:
    """That a BACKUP could not advertise, and what that most likely comes from."""
    what = f"this host cannot send VRRP on {fields['interface']}, so it cannot take over: {fields['error']}"
    cause = "; most likely a firewall on this host drops outgoing VRRP (IP protocol 112)"
    return what + (cause if fields["is_refused"] else "")


ODDITY_EVIDENCE: Final = (
    "oddity",
    "source",
    "priority",
    "own_priority",
    "interval_seconds",
    "own_interval_seconds",
    "addresses",
    "own_addresses",
    "own_networks",
)
"""The evidence of an oddity."""


def other_program(fields: Fields) -> str:
    """That another program on this host runs the same virtual router."""
    which = f"VRID {fields['vrid']} on {fields['interface']}"
    return f"another program on this host, such as keepalived, also advertises {which}: stop it"


def alone(fields: Fields) -> str:
    """That no other program on this host does any more."""
    return f"no other program on this host advertises VRID {fields['vrid']} on {fields['interface']} any more"


def unheard(fields: Fields) -> str:
    """That another MASTER is not heard, and what that most likely comes from."""
    who = f"{fields['source']} advertises with priority {fields['priority']} as well"
    return f"{who}, and this host does not hear it: most likely a firewall on this host drops VRRP (IP protocol 112)"


def foreign(fields: Fields) -> str:
    """That virtual addresses were removed that were there before the daemon cared."""
    listed = fields["addresses"]
    it = "it" if was(listed) == "was" else "them"
    return (
        f"removed {listed} from {fields['interface']}{not_removed(fields)}: the configuration has {it} as virtual, so"
        f" only the MASTER may have {it}; failover had not added {it}"
    )


def stray(fields: Fields) -> str:
    """That virtual addresses were removed that somebody has just added."""
    listed = fields["addresses"]
    added = f"{listed} {was(listed)} added to {fields['interface']} by another program"
    return f"{added}, but this host is not MASTER; removed{not_removed(fields)}"


def password_cut(_: Fields) -> str:
    """That a part of a password is not used."""
    return "the password has more than 8 bytes; only the first 8 are used, as in keepalived"


def contested(fields: Fields) -> str:
    """That another program wants a virtual address here in every state."""
    who = f"another program, such as keepalived, keeps adding {fields['addresses']} to {fields['interface']}"
    return f"{who}, but only the MASTER may have it; stop that program, or remove the address from its configuration"


def left(fields: Fields) -> str:
    """That a virtual address is the host's own as well."""
    stays = f"{fields['addresses']} stays on {fields['interface']} in every state"
    return f"{stays}, because it is the host's own address; remove it if only the MASTER should have it"


def cloned(fields: Fields) -> str:
    """That somebody else has both our IP address and our MAC address."""
    what = f"{fields['interface']} receives VRRP packets from this host's own IP and MAC address"
    return f"{what}: a clone of this host, or a loop in the network; give the clone another MAC and IP address"


def not_removed(fields: Fields) -> str:
    """How many addresses could not be removed, where there are any."""
    return f" ({fields['failed']} of them could not be removed)" if fields["failed"] else ""


def not_reloaded(error: str, *, is_bad_file: bool, when: str = "") -> str:
    """That the last reload failed, and why, in one line; `when` goes on the verb, such as ` 5 min ago`."""
    consequence = "; a restart with that file would fail" if is_bad_file else ""
    return f"the last reload failed{when}{consequence}: {first_problem(error)}"


def first_problem(report: str) -> str:
    """A report of a heading and problems in one line: with the first of them."""
    heading, *problems = (line.strip() for line in report.splitlines() or [report])
    more = "; failover check lists all" if len(problems) > 1 else ""
    return f"{': '.join((heading, *problems[:1]))}{more}"


CAUSES: Final[dict[str, Words]] = {
    "started": lambda _: "started",
    "fault_over": lambda f: f"fault cleared (was: {f['detail']})",
    "became_owner": lambda _: "the new configuration makes this host the address owner",
    "no_master": lambda f: f"no MASTER heard in {seconds(f['silence_seconds'])}",
    "master_down": lambda f: f"nothing heard from MASTER {f['master']} for {seconds(f['silence_seconds'])}",
    "master_resigned": lambda f: f"MASTER {f['master']} resigned",
    "preempted": lambda f: f"took over from {master(f)}: this host's priority is higher",
    "better_priority": lambda f: f"{f['master']} had the higher priority ({f['master_priority']})",
    "better_address": lambda f: f"{f['master']} had the same priority ({f['master_priority']}) and the higher address",
    "overslept": lambda f: f"the daemon did not run for {seconds(f['late_seconds'])}; it listens first",
    "fault": lambda f: str(f["detail"]),
    "shutdown": lambda _: "stopped",
}
"""Why a state changes, in words, by the `cause` of `STATE_CHANGED`."""


ODDITIES: Final[dict[str, Words]] = {
    "interval_mismatch": lambda f: (
        f"advertises every {seconds(f['interval_seconds'])}, but {seconds(f['own_interval_seconds'])} is configured"
        " here; the MASTER's interval is used"
    ),
    "address_list_mismatch": lambda f: (
        f"advertises {f['addresses']}, but this host has {f['own_addresses']} configured; an address that the MASTER"
        " does not list is on no host: list the same addresses on both hosts, or change the VRID of one"
    ),
    "several_owners": lambda _: "claims priority 255, as this host does; set a lower priority on one of the two",
    "equal_priority": lambda f: f"has the same priority {f['priority']} as this host; give each host its own priority",
    "rival_master": lambda f: (
        f"advertises with priority {f['priority']} although this host is MASTER; it does not hear this host: check its"
        " firewall, and the switch"
    ),
    "source_off_subnet": lambda f: f"is in none of this host's subnets ({f['own_networks']}); logged once",
    "source_not_link_local": lambda _: (
        "is not a link-local address, but the source of an advertisement must be one; logged once"
    ),
}
"""What is odd about an advertisement, in words after its source, by the `oddity` of `ODDITY`."""


def oddity(fields: Fields) -> str:
    """Who does something odd, and what."""
    words = ODDITIES.get(str(fields["oddity"]))
    return f"{fields['source']} {words(fields) if words else fields['oddity']}"


def reloaded(fields: Fields) -> str:
    """What a reload has changed."""
    counts = ", ".join(f"{fields[what]} {what}" for what in ("added", "removed", "changed", "unchanged"))
    later = fields.get("needs_restart")
    return f"reloaded the configuration: {counts}" + (f"; needs a restart: {later}" if later else "")


def state_changed(fields: Fields) -> str:
    """From what to what a virtual router has come, and why."""
    cause = CAUSES.get(str(fields["cause"]))
    because = cause(fields) if cause else str(fields["cause"])
    if fields["cause"] == "shutdown" and fields["previous"] == fields["current"]:
        return because
    if fields["previous"] == fields["current"]:
        return f"still {fields['current']}: {because}"
    return f"{fields['previous']} -> {fields['current']}: {because}"
