"""From what the protocol says to messages: events with their evidence, and a limit on how often the same is said."""

from dataclasses import dataclass

from failover.messages import (
    Counters,
    Event,
    FaultStatus,
    NotReloaded,
    Reloaded,
    RouterStatus,
    SendError,
    Value,
)
from failover.vrrp import (
    Backup,
    BecameOwner,
    BetterMaster,
    Cause,
    Faulted,
    Heard,
    Initialize,
    Instant,
    Interval,
    Master,
    MasterDown,
    MasterResigned,
    Overslept,
    Preempted,
    ReportOddity,
    ShutDown,
    Started,
    State,
    StateChanged,
    VirtualRouter,
    seconds,
    state_name,
    to_seconds,
)

REPEAT_AFTER = seconds(60)
"""The same thing about the same router is said once a minute, with how often it happened meanwhile."""

_LONGEST_REPORT = 2000
"""Characters of a line in the log; `failover check` says all of it."""

Fields = dict[str, Value]


def transition_fields(change: StateChanged, now: Instant) -> Fields:
    """`previous`, `current`, `cause` and what the cause knows."""
    cause, evidence = _evidence(change.cause, now)
    return {
        "previous": state_name(change.previous),
        "current": state_name(change.current),
        "cause": cause,
        **evidence,
    }


def reload_event(outcome: Reloaded | NotReloaded, at: int) -> Event:
    """That the configuration was reloaded, or why not."""
    if isinstance(outcome, NotReloaded):
        report = "; ".join(line.strip() for line in outcome.report.splitlines())
        error = report if len(report) <= _LONGEST_REPORT else f"{report[:_LONGEST_REPORT]} ..."
        return Event(at=at, kind="reload_failed", fields={"error": error})
    fields: Fields = {
        "added": outcome.added.count,
        "removed": outcome.removed.count,
        "changed": outcome.changed.count,
        "unchanged": outcome.unchanged,
    }
    if outcome.needs_restart:
        fields["needs_restart"] = ", ".join(outcome.needs_restart)
    return Event(at=at, kind="reloaded", fields=fields)


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
        "own_addresses": ", ".join(map(str, router.advertised)),
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


def master_down_interval(router: VirtualRouter, state: State) -> Interval:
    """How long the MASTER may be silent as things are now: by its own interval for a BACKUP, else by ours."""
    return router.master_down_interval(
        state.master_advertisement_interval if isinstance(state, Backup) else router.advertisement_interval
    )


def fault_status(state: State) -> FaultStatus | None:
    """The fault that keeps the router in INITIALIZE."""
    if isinstance(state, Initialize) and state.fault is not None:
        return FaultStatus(state.fault.reason, state.fault.detail)
    return None


def master_of(router: VirtualRouter, state: State) -> str | None:
    """The address of the MASTER, as far as it is known: ours, or where its advertisements come from."""
    match state:
        case Master():
            return str(router.primary_address)
        case Backup(master=Heard(source=source)):
            return str(source)
        case _:
            return None


def status_of(
    where: tuple[str, str],
    router: VirtualRouter,
    state: State,
    since: int,
    counters: Counters,
    send_error: SendError | None,
) -> RouterStatus:
    """Everything about a router, now; `where` are its name and its interface."""
    name, interface = where
    return RouterStatus(
        name=name,
        family=router.family.label,
        vrid=router.vrid,
        interface=interface,
        version=int(router.version),
        state=state_name(state),
        since=since,
        fault=fault_status(state),
        configured_priority=router.priority,
        effective_priority=router.priority,
        master=master_of(router, state),
        advertisement_interval=router.advertisement_interval,
        master_down_interval=master_down_interval(router, state),
        counters=counters,
        send_error=send_error,
    )


@dataclass(slots=True)
class _Said:
    at: Instant
    suppressed: int = 0


class RateLimit:
    """Decides whether a repeated report is made. The keys are few: kinds of events, never what a packet contains."""

    def __init__(self) -> None:
        self._said: dict[str, _Said] = {}

    def admit(self, key: str, now: Instant) -> int | None:
        """How many were suppressed since the last one said, None to suppress this one too."""
        said = self._said.get(key)
        if said is None or now - said.at >= REPEAT_AFTER:
            self._said[key] = _Said(now)
            return said.suppressed if said else 0
        said.suppressed += 1
        return None
