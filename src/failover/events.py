"""The kinds of events: the closed list of what the daemon tells, and of each how grave it is, its evidence, its words.

The engine makes events (`engine.events`), the agent writes them down (`agent.log`). An event travels as data,
`messages.Event`; the log, the journal and the documentation are renderings of it. A new kind is a line here.
"""

from enum import Enum, IntEnum
from typing import Final

from failover.messages import Event
from failover.wording import CAUSES, ODDITIES, Fields, Words, not_removed, seconds

_Names = tuple[str, ...]


class Severity(IntEnum):
    """How grave an event is, by the levels of syslog(3)."""

    WARNING = 4
    NOTICE = 5
    INFO = 6


def _state_changed(fields: Fields) -> str:
    cause = CAUSES.get(str(fields["cause"]))
    because = cause(fields) if cause else str(fields["cause"])
    if fields["previous"] == fields["current"]:
        return f"stays {fields['current']}: {because}"
    return f"{fields['previous']} -> {fields['current']}: {because}"


def _oddity(fields: Fields) -> str:
    words = ODDITIES.get(str(fields["oddity"]))
    return f"{fields['source']} {words(fields) if words else fields['oddity']}"


def _reloaded(fields: Fields) -> str:
    counts = ", ".join(f"{fields[what]} {what}" for what in ("added", "removed", "changed", "unchanged"))
    later = fields.get("needs_restart")
    return f"reloaded the configuration: {counts}" + (f"; after a restart only: {later}" if later else "")


class Kind(Enum):
    """What may happen. Each: when, how grave, the evidence that is always there, the words, and the rate limit.

    Some have more evidence: `STATE_CHANGED` that of its cause, `RELOADED` perhaps `needs_restart`, and all that are
    limited `suppressed`, how often the same happened since it was told last.

    The rate limit names the fields that make an event the same as another about the same virtual router: of these one
    is told in a minute. None: each is told.
    """

    when: str
    severity: Severity
    fields: tuple[str, ...]
    words: Words
    limited_by: tuple[str, ...] | None

    STATE_CHANGED = (
        "A virtual router has changed its state, or taken a new cause for the same one.",
        Severity.NOTICE,
        ("previous", "current", "cause"),
        _state_changed,
    )
    ODDITY = (
        "An advertisement was accepted that is not as it should be.",
        Severity.WARNING,
        (
            "oddity",
            "source",
            "priority",
            "own_priority",
            "interval_seconds",
            "own_interval_seconds",
            "addresses",
            "own_addresses",
            "own_networks",
        ),
        _oddity,
        ("oddity", "source"),
    )
    DISCARDED = (
        "A packet was no advertisement for this virtual router.",
        Severity.WARNING,
        ("reason", "source", "detail"),
        lambda f: f"discarded an advertisement from {f['source']}: {f['detail']}",
        ("reason", "source"),
    )
    SEND_FAILED = (
        "An advertisement or an announcement could not be sent.",
        Severity.WARNING,
        ("what", "error"),
        lambda f: f"could not send an {f['what']}: {f['error']}",
        ("what",),
    )
    SEND_RECOVERED = (
        "What could not be sent can be sent again.",
        Severity.NOTICE,
        ("what", "failed", "error"),
        lambda f: f"can send its {f['what']}s again, after {f['failed']} that failed: {f['error']}",
        ("what",),
    )
    ADDRESSES_FAILED = (
        "The kernel has refused to add or to remove addresses.",
        Severity.WARNING,
        ("doing", "count", "errors"),
        lambda f: f"{f['doing']} {f['count']} addresses failed: {f['errors']}",
        ("doing",),
    )
    DUPLICATE_ADDRESS = (
        "Another host advertises from this host's own address, as a clone of it does: neither hears the other.",
        Severity.WARNING,
        ("interface", "address", "mac"),
        lambda f: (
            f"another host has our address {f['address']}: {f['mac']} advertises from it on {f['interface']},"
            " and neither hears the other; give one of them another address"
        ),
        ("interface", "address", "mac"),
    )
    DUPLICATE_ADDRESS_OVER = (
        "No other host advertises from this host's own address any more.",
        Severity.NOTICE,
        ("interface", "address", "mac"),
        lambda f: f"{f['mac']} no longer advertises from our address {f['address']} on {f['interface']}",
        ("interface", "address", "mac"),
    )
    ADDRESSES_RESTORED = (
        "Somebody else has removed virtual addresses of a MASTER.",
        Severity.WARNING,
        ("interface",),
        lambda f: f"somebody removed virtual addresses from {f['interface']}: put back",
        (),
    )
    LIFETIMES_RESTORED = (
        "Somebody else has changed how long virtual addresses of a MASTER are valid or preferred.",
        Severity.WARNING,
        ("interface",),
        lambda f: f"somebody changed the lifetimes of virtual addresses on {f['interface']}: set again",
        (),
    )
    ADDRESSES_REORDERED = (
        "A virtual IPv4 address of a MASTER came before the host's own, and so was the source of what the host sends.",
        Severity.NOTICE,
        ("interface", "addresses", "own"),
        lambda f: f"put {f['addresses']} on {f['interface']} behind {f['own']}, the host's own address",
        ("interface",),
    )
    LEFTOVERS_REMOVED = (
        "The daemon has found addresses that a daemon before it had left, on whatever interface.",
        Severity.INFO,
        ("interface", "addresses", "failed"),
        lambda f: f"removed addresses left on {f['interface']}: {f['addresses']}{not_removed(f)}",
    )
    STRAYS_REMOVED = (
        "Somebody else has put a virtual address on the interface of a BACKUP.",
        Severity.WARNING,
        ("interface", "addresses", "failed"),
        lambda f: f"removed virtual addresses that somebody put on {f['interface']}: {f['addresses']}{not_removed(f)}",
        ("interface",),
    )
    INTERFACE_REMADE = (
        "An interface, or one family's part of it, was made anew under the same name, such as by an MTU below 1280.",
        Severity.NOTICE,
        ("interface", "families"),
        lambda f: f"{f['interface']} was made anew ({f['families']}): sockets and addresses are set up again",
        ("interface",),
    )
    ADDRESSES_CONTESTED = (
        "A virtual address has come back again and again after it was removed.",
        Severity.WARNING,
        ("interface", "addresses"),
        lambda f: (
            f"another program, such as keepalived, keeps adding {f['addresses']} to {f['interface']}, where only the"
            " MASTER may have it: stop that program, or take the address from its configuration"
        ),
        ("addresses",),
    )
    ADDRESSES_LEFT = (
        "An address of a virtual router is the host's own, and is left on the interface whoever is MASTER.",
        Severity.WARNING,
        ("interface", "addresses"),
        lambda f: (
            f"leaves {f['addresses']} on {f['interface']} whoever is MASTER: it is the host's own; remove it where that"
            " is not meant"
        ),
        ("addresses",),
    )
    AGENT_DIED = (
        "The process that serves status and log has ended.",
        Severity.WARNING,
        ("how",),
        lambda f: f"the process that serves status and log died ({f['how']}) and was started again",
    )
    DEGRADED = (
        "What was wanted of the system could not be had.",
        Severity.WARNING,
        ("warning",),
        lambda f: str(f["warning"]),
    )
    SIGNAL = (
        "A signal has come that is not meant for such a daemon; one that is ignored is told once.",
        Severity.WARNING,
        ("signal", "outcome"),
        lambda f: f"{f['signal']}: {f['outcome']}",
    )
    RELOADED = (
        "The configuration was read again, and what runs is as it says.",
        Severity.NOTICE,
        ("added", "removed", "changed", "unchanged"),
        _reloaded,
    )
    RELOAD_FAILED = (
        "The configuration could not be read or carried out: all is as before.",
        Severity.WARNING,
        ("error",),
        lambda f: f"the configuration was not reloaded, everything is as before: {f['error']}",
    )
    LATE = (
        "The daemon was so late that this host may change states for no other reason.",
        Severity.WARNING,
        ("late_seconds", "master_down_interval_seconds"),
        lambda f: (
            f"the daemon ran {seconds(f['late_seconds'])} late, more than a quarter of the shortest master down"
            f" interval ({seconds(f['master_down_interval_seconds'])}): the host is too busy or was paused"
        ),
        (),
    )
    EVENTS_LOST = (
        "The process that serves status and log could not keep up, and has missed some of these.",
        Severity.WARNING,
        ("count",),
        lambda f: f"{f['count']} messages from the engine were lost: the agent was too slow",
    )
    NETWORK_UNREAD = (
        "The state of the interfaces could not be read.",
        Severity.WARNING,
        ("error",),
        lambda f: f"could not read the state of the interfaces, trying again: {f['error']}",
        ("error",),
    )
    AGENT_TROUBLE = (
        "The process that serves status and log could not do something, and goes on.",
        Severity.WARNING,
        ("trouble", "where"),
        lambda f: f"the process that serves status and log: {f['trouble']}",
        ("trouble", "where"),
    )

    def __init__(
        self, when: str, severity: Severity, fields: _Names, words: Words, limited_by: _Names | None = None
    ) -> None:
        self.when = when
        self.severity = severity
        self.fields = fields
        self.words = words
        self.limited_by = limited_by

    @property
    def label(self) -> str:
        """As it is called in an event, a log and the documentation, such as `state_changed`."""
        return self.name.lower()

    def event(self, at: int, fields: Fields, name: str | None = None, family: str | None = None) -> Event:
        """An event of this kind at wall-clock time `at` (ns); `name` and `family` are those of the virtual router."""
        return Event(at=at, kind=self.label, name=name, family=family, fields=fields)


KINDS: Final = {kind.label: kind for kind in Kind}
"""All of them, by what they are called."""
