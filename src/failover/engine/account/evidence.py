"""The evidence of events about virtual routers and reloads: from what the protocol says to fields."""

from failover.events import Kind
from failover.messages import (
    Change,
    NotReloaded,
    Reloaded,
)
from failover.vrrp import (
    BecameOwner,
    BetterMaster,
    Cause,
    Faulted,
    Heard,
    Instant,
    MasterDown,
    MasterResigned,
    Overslept,
    Preempted,
    ReportOddity,
    ShutDown,
    Started,
    StateChanged,
    VirtualRouter,
    state_name,
    to_seconds,
)
from failover.wording import CAUSES, Fields

_LONGEST_REPORT = 2000
"""Characters of a line in the log; `failover check` says all of it."""


def transition_fields(change: StateChanged, now: Instant) -> Fields:
    """`previous`, `current`, `cause` and what the cause knows."""
    cause, evidence = _evidence(change.cause, now)
    return {
        "previous": state_name(change.previous),
        "current": state_name(change.current),
        "cause": cause,
        **evidence,
    }


def change_of(change: StateChanged, at: Instant) -> Change:
    """The same for the status; `at` is when it was."""
    cause, evidence = _evidence(change.cause, at)
    return Change(previous=state_name(change.previous), cause=cause, text=CAUSES[cause](evidence), evidence=evidence)


def reload_evidence(outcome: Reloaded | NotReloaded) -> tuple[Kind, Fields]:
    """That the configuration was reloaded, or why not."""
    if isinstance(outcome, NotReloaded):
        report = "; ".join(line.strip() for line in outcome.report.splitlines())
        error = report if len(report) <= _LONGEST_REPORT else f"{report[:_LONGEST_REPORT]} ..."
        return Kind.RELOAD_FAILED, {"error": error}
    fields: Fields = {
        "added": outcome.added.count,
        "removed": outcome.removed.count,
        "changed": outcome.changed.count,
        "unchanged": outcome.unchanged,
    }
    if outcome.needs_restart:
        fields["needs_restart"] = ", ".join(outcome.needs_restart)
    return Kind.RELOADED, fields


def oddity_fields(report: ReportOddity, router: VirtualRouter) -> Fields:
    """Who was odd, in what, and what is configured here."""
    advertisement = report.advertisement
    return {
        "oddity": report.oddity.value,
        "source": str(report.source),
        "priority": advertisement.priority,
        "own_priority": router.priority,
        "interval_seconds": to_seconds(advertisement.interval),
        "own_interval_seconds": to_seconds(router.advertisement_interval),
        "addresses": ", ".join(map(str, advertisement.addresses)),
        "own_addresses": ", ".join(map(str, router.advertised)) or "none",
        "own_networks": ", ".join(map(str, router.on_link)),
    }


def _evidence(cause: Cause, now: Instant) -> tuple[str, Fields]:  # noqa: C901 - one case a cause
    match cause:
        case Started(recovered_from=None):
            return "started", {}
        case Started(recovered_from=fault):
            return "fault_over", {"fault": fault.reason, "detail": fault.detail} if fault else {}
        case BecameOwner():
            return "became_owner", {}
        case MasterDown(last=None, silence=silence):
            return "no_master", {"silence_seconds": to_seconds(silence)}
        case MasterDown(last=last, silence=silence):
            return "master_down", {**_heard(last, now), "silence_seconds": to_seconds(silence)}
        case MasterResigned(last=last):
            return "master_resigned", _heard(last, now)
        case Preempted(incumbent=incumbent):
            return "preempted", _heard(incumbent, now)
        case BetterMaster(master=master, by_address=by_address):
            return "better_address" if by_address else "better_priority", _heard(master, now)
        case Overslept(late=late):
            return "overslept", {"late_seconds": to_seconds(late)}
        case Faulted(fault=fault):
            return "fault", {"fault": fault.reason, "detail": fault.detail}
        case ShutDown():
            return "shutdown", {}


def _heard(heard: Heard | None, now: Instant) -> Fields:
    if heard is None:
        return {}
    return {
        "master": str(heard.source),
        "master_priority": heard.priority,
        "heard_seconds_ago": (now - heard.at) / 1e9,
    }
