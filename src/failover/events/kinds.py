"""The kinds of events: the closed list of what the daemon reports, each with its severity, evidence and words.

The engine makes events (`engine.events`), the agent writes them down (`agent.log`). An event travels as data,
`messages.Event`; the log, the journal and the documentation are renderings of it. A new kind is a line here.
"""

from typing import Final

from failover import wording
from failover.events.described import Described, Severity


class Kind(Described):
    """What may happen. Each: when, how grave, the evidence that is always there, the words, and the rate limit.

    Some have more evidence: `STATE_CHANGED` that of its cause, `RELOADED` perhaps `needs_restart`, and all that are
    limited `suppressed`, how often the same happened since it was told last.

    The rate limit names the fields that make an event the same as another about the same virtual router: of these one
    is told in a minute. None: each is told.
    """

    STATE_CHANGED = (
        "A virtual router changed its state, or the reason for its state changed.",
        Severity.NOTICE,
        ("previous", "current", "cause"),
        wording.state_changed,
    )
    ODDITY = (
        "An advertisement was accepted although something about it is odd.",
        Severity.WARNING,
        wording.ODDITY_EVIDENCE,
        wording.oddity,
        ("oddity", "source"),
    )
    DISCARDED = (
        "A packet was discarded, because it is not a valid advertisement for this virtual router.",
        Severity.WARNING,
        ("reason", "source", "detail"),
        lambda f: f"discarded an advertisement from {f['source']}: {f['detail']}",
        ("reason", "source"),
    )
    PASSWORD_CUT = ("A password has more than 8 bytes.", Severity.WARNING, (), wording.password_cut, ())
    SEND_FAILED = (
        "An advertisement or an announcement could not be sent.",
        Severity.WARNING,
        ("what", "error"),
        lambda f: f"could not send an {f['what']}: {f['error']}",
        ("what",),
    )
    SEND_RECOVERED = (
        "Sending works again.",
        Severity.NOTICE,
        ("what", "failed", "error"),
        lambda f: f"{f['what']}s are sent again; {f['failed']} had failed: {f['error']}",
        ("what",),
    )
    ADDRESSES_FAILED = (
        "The kernel refused to add or to remove addresses.",
        Severity.WARNING,
        ("doing", "count", "errors"),
        lambda f: f"{f['doing']} {f['count']} addresses failed: {f['errors']}",
        ("doing",),
    )
    DUPLICATE_ADDRESS = (
        "Another host, such as a clone, advertises from this host's own address. Neither hears the other.",
        Severity.WARNING,
        ("interface", "address", "mac"),
        wording.duplicate,
        ("interface", "address", "mac"),
    )
    CLONE = (
        "VRRP packets come from this host's own IP and MAC address: from a clone, or through a loop in the network.",
        Severity.WARNING,
        ("interface", "address", "mac"),
        wording.cloned,
        ("interface", "address"),
    )
    DUPLICATE_ADDRESS_OVER = (
        "No other host advertises from this host's own address any more.",
        Severity.NOTICE,
        ("interface", "address", "mac"),
        lambda f: f"no other host advertises from this host's address {f['address']} on {f['interface']} any more",
        ("interface", "address", "mac"),
    )
    ADDRESS_ELSEWHERE = (
        "Another host also has virtual addresses of a MASTER. It was found twice in a row.",
        Severity.WARNING,
        ("interface", "addresses", "mac"),
        wording.elsewhere,
        ("mac",),
    )
    ADDRESS_ELSEWHERE_OVER = (
        "The other host no longer has virtual addresses of a MASTER.",
        Severity.NOTICE,
        ("interface", "addresses", "mac"),
        lambda f: f"{wording.sender(f['mac'])} no longer answers for {f['addresses']} on {f['interface']}",
        ("mac",),
    )
    CANNOT_SEND = (
        "This host is BACKUP and could not advertise: two tests in a row have failed.",
        Severity.WARNING,
        ("interface", "error", "is_refused"),
        wording.cannot_send,
        ("interface",),
    )
    CANNOT_SEND_OVER = (
        "This host is BACKUP and could advertise again.",
        Severity.NOTICE,
        ("interface", "error", "is_refused"),
        lambda f: f"this host can send VRRP on {f['interface']} again",
        ("interface",),
    )
    OTHER_PROGRAM = (
        "Another program on this host also advertises a MASTER's VRID.",
        Severity.WARNING,
        ("interface", "vrid"),
        wording.other_program,
        ("interface", "vrid"),
    )
    OTHER_PROGRAM_OVER = (
        "The other program no longer advertises it.",
        Severity.NOTICE,
        ("interface", "vrid"),
        wording.alone,
        ("vrid",),
    )
    UNHEARD_MASTER = (
        "Another host is MASTER, too, and something on this host drops its advertisements.",
        Severity.WARNING,
        ("source", "priority"),
        wording.unheard,
        ("source",),
    )
    UNHEARD_MASTER_OVER = (
        "The other MASTER is heard now, or no longer advertises.",
        Severity.NOTICE,
        ("source", "priority"),
        lambda f: f"{f['source']} is heard again, or no longer advertises",
        ("source",),
    )
    ADDRESSES_RESTORED = (
        "Another program removed virtual addresses of a MASTER. They were added again.",
        Severity.WARNING,
        ("interface", "addresses"),
        lambda f: (
            f"{f['addresses']} {wording.was(f['addresses'])} removed from {f['interface']} by another program; restored"
        ),
        (),
    )
    LIFETIMES_RESTORED = (
        "Another program changed the valid or preferred lifetime of virtual addresses of a MASTER.",
        Severity.WARNING,
        ("interface", "addresses"),
        lambda f: f"another program changed the lifetimes of {f['addresses']} on {f['interface']}; restored",
        (),
    )
    ADDRESSES_REORDERED = (
        "A virtual IPv4 address was listed before the host's own, so the host used it as its source. It was moved.",
        Severity.NOTICE,
        ("interface", "addresses", "own"),
        lambda f: f"moved {f['addresses']} on {f['interface']} behind {f['own']}, the host's own address",
        ("interface",),
    )
    LEFTOVERS_REMOVED = (
        "An earlier run of the daemon had left addresses on an interface. They were removed.",
        Severity.INFO,
        ("interface", "addresses", "failed"),
        lambda f: f"removed what an earlier run left on {f['interface']}: {f['addresses']}{wording.not_removed(f)}",
    )
    FOREIGN_REMOVED = (
        "A virtual address was on an interface already, and failover had not put it there. It was removed.",
        Severity.WARNING,
        ("interface", "addresses", "failed"),
        wording.foreign,
    )
    STRAYS_REMOVED = (
        "Another program added a virtual address to the interface of a BACKUP. It was removed.",
        Severity.WARNING,
        ("interface", "addresses", "failed"),
        wording.stray,
        ("interface",),
    )
    INTERFACE_REMADE = (
        "An interface was deleted and created again, or IPv6 went off and on again, as with an MTU below 1280.",
        Severity.NOTICE,
        ("interface", "families"),
        lambda f: f"{f['interface']} was re-created ({f['families']}); sockets and addresses are set up again",
        ("interface",),
    )
    ADDRESSES_CONTESTED = (
        "Another program keeps adding a virtual address that this host must not have.",
        Severity.WARNING,
        ("interface", "addresses"),
        wording.contested,
        ("addresses",),
    )
    ADDRESSES_LEFT = (
        "A virtual address is also the host's own address. It stays on the interface in every state.",
        Severity.WARNING,
        ("interface", "addresses"),
        wording.left,
        ("addresses",),
    )
    TRACKER_FAILED = (
        "A tracker has found that something failed. The virtual routers that follow it are told.",
        Severity.WARNING,
        ("tracker", "detail"),
        lambda f: f"tracker {f['tracker']} failed: {f['detail']}",
    )
    TRACKER_RECOVERED = (
        "A tracker has found that all is well again.",
        Severity.NOTICE,
        ("tracker", "detail"),
        lambda f: f"tracker {f['tracker']} is well again (was: {f['detail']})",
    )
    PRIORITY_CHANGED = (
        "A tracker has changed the priority of a virtual router. The new priority is advertised at once.",
        Severity.NOTICE,
        ("previous", "current", "because"),
        lambda f: f"priority {f['previous']} -> {f['current']}: {f['because']}",
    )
    AGENT_DIED = (
        "The agent, the process that serves the status and writes the log, has ended. It was restarted.",
        Severity.WARNING,
        ("how",),
        lambda f: f"the agent (status and log) died ({f['how']}) and was restarted",
    )
    DEGRADED = (
        "The system refused something that the daemon asked for. The daemon runs without it.",
        Severity.WARNING,
        ("warning",),
        lambda f: str(f["warning"]),
    )
    SIGNAL = (
        "The daemon got an unusual signal. A signal that it ignores is logged only once.",
        Severity.WARNING,
        ("signal", "outcome"),
        lambda f: f"{f['signal']}: {f['outcome']}",
    )
    RELOADED = (
        "The configuration was reloaded.",
        Severity.NOTICE,
        ("added", "removed", "changed", "unchanged"),
        wording.reloaded,
    )
    RELOAD_FAILED = (
        "The configuration could not be reloaded. Nothing was changed.",
        Severity.WARNING,
        ("error",),
        lambda f: f"the configuration was not reloaded, nothing was changed: {f['error']}",
    )
    LATE = (
        "The daemon was so late that this may cause a failover.",
        Severity.WARNING,
        ("late_seconds", "master_down_interval_seconds"),
        wording.late,
        (),
    )
    EVENTS_LOST = (
        "The agent was too slow, and some events were not logged.",
        Severity.WARNING,
        ("count",),
        lambda f: f"{f['count']} messages from the engine were lost, because the agent was too slow",
    )
    NETWORK_UNREAD = (
        "The state of the interfaces could not be read.",
        Severity.WARNING,
        ("error",),
        lambda f: f"could not read the state of the interfaces, trying again: {f['error']}",
        ("error",),
    )
    AGENT_TROUBLE = (
        "Something failed in the agent. The agent goes on.",
        Severity.WARNING,
        ("trouble", "where"),
        lambda f: f"agent: {f['trouble']}",
        ("trouble", "where"),
    )


KINDS: Final = {kind.label: kind for kind in Kind}
"""All of them, by what they are called."""
