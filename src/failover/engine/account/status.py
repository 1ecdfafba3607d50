"""The status of a virtual router: what it is now, as messages say it."""

from typing import Final, NamedTuple

from failover.engine.account.evidence import change_of
from failover.engine.intended import Intended
from failover.linux.faults import FaultReason
from failover.messages import (
    AuthenticationStatus,
    ChecksumStatus,
    Counters,
    FaultStatus,
    Problem,
    RouterStatus,
    SendError,
    TrackStatus,
)
from failover.vrrp import (
    Backup,
    Family,
    Heard,
    Initialize,
    Instant,
    Interval,
    Master,
    State,
    StateChanged,
    Version,
    VirtualRouter,
    is_cut,
    state_name,
)
from failover.vrrp.units import to_seconds


class Past(NamedTuple):
    """How a router has come to be as it is."""

    since: int
    """When it came into its state: wall-clock nanoseconds."""
    change: StateChanged | None
    at: Instant
    """When that change was."""

    def then(self, change: StateChanged, at: Instant, wall: int) -> "Past":
        """What it is after a change at `at`, which is `wall` on the clock for people."""
        is_other = type(change.current) is not type(change.previous)
        return Past(wall if is_other else self.since, change, at)


_REACH_NOBODY: Final = frozenset(
    {FaultReason.INTERFACE_MISSING, FaultReason.INTERFACE_DOWN, FaultReason.NO_CARRIER, FaultReason.LOOPBACK}
)
"""With these no other host reaches the addresses of the interface, and nothing clashes."""


class Trouble(NamedTuple):
    """What is wrong with a router that can run."""

    send_error: SendError | None
    address_conflict: str | None
    problems: list[Problem]
    kept_in_a_fault: str | None = None
    """What is wrong as well while the router cannot run."""

    def conflict_with(self, fault: FaultStatus | None) -> str | None:
        """What is wrong with the addresses."""
        if fault is None or fault.reason in _REACH_NOBODY:
            return self.address_conflict
        return "; ".join(filter(None, (self.address_conflict, self.kept_in_a_fault))) or None


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


def master_priority_of(router: VirtualRouter, state: State) -> int | None:
    """The MASTER's priority, as far as it is known; 0 of one that has resigned."""
    match state:
        case Master():
            return router.priority
        case Backup(master=Heard(priority=priority)):
            return priority
        case _:
            return None


def checksum_of(router: VirtualRouter, state: State) -> ChecksumStatus | None:
    """The forms of checksum here; None where there is but one."""
    if router.version is not Version.V3 or router.family is not Family.IPV4:
        return None
    theirs = state.master if isinstance(state, Backup) else None
    return ChecksumStatus(
        sent=state.checksum.value,
        is_learned=state.checksum is not router.initial_checksum,
        master=theirs.checksum.value if theirs is not None and theirs.version is Version.V3 else None,
    )


def authentication_of(router: VirtualRouter) -> AuthenticationStatus | None:
    """How its advertisements are authenticated, if they are."""
    if router.password is not None:
        return AuthenticationStatus(method="password", password_is_cut=is_cut(router.password))
    if (by := router.keyed) is None:
        return None
    return AuthenticationStatus(
        method="hmac_sha256",
        mode=by.mode.value,
        keys=[number for number, _ in by.keys],
        active_key=by.active_key,
        anti_replay="sequence" if by.window is None else "time",
        time_window_seconds=None if by.window is None else to_seconds(by.window),
    )


def status_of(
    intended: Intended,
    router: VirtualRouter,
    state: State,
    past: Past,
    counters: Counters,
    trouble: Trouble,
    tracking: list[TrackStatus],
) -> RouterStatus:
    """Everything about a router, now: as configured, and as it is with what it has learned."""
    return RouterStatus(
        name=intended.name,
        family=router.family.label,
        vrid=router.vrid,
        interface=intended.interface,
        version=int(router.version),
        state=state_name(state),
        since=past.since,
        fault=fault_status(state),
        configured_priority=intended.router.priority,
        effective_priority=router.priority,
        master=master_of(router, state),
        master_priority=master_priority_of(router, state),
        checksum=checksum_of(router, state),
        change=None if past.change is None else change_of(past.change, past.at),
        problems=trouble.problems,
        advertisement_interval=router.advertisement_interval,
        master_down_interval=master_down_interval(router, state),
        counters=counters,
        send_error=trouble.send_error,
        accept_mode=router.accept_mode,
        preferred_lifetime=router.preferred_lifetime.value if router.family is Family.IPV6 else None,
        own_subnets=list(map(str, router.on_link)) if router.family is Family.IPV4 else [],
        address_conflict=trouble.conflict_with(fault_status(state)),
        authentication=authentication_of(router),
        source=None if router.primary_address.is_unspecified else str(router.primary_address),
        destinations=list(map(str, router.destinations)),
        hop_limit=router.scope.hop_limit,
        tracking=tracking,
    )


def in_words(fault: FaultStatus | None, trouble: Trouble) -> list[str]:
    """What keeps a router from its work or is not as it should be, a sentence each, the gravest first."""
    conflict = trouble.conflict_with(fault)
    if fault is not None:
        return [fault.detail, *([conflict] if conflict else [])]
    error = trouble.send_error
    return [
        *([f"cannot send its {error.what}s: {error.error}"] if error is not None else []),
        *([conflict] if conflict else []),
        *(problem.text for problem in trouble.problems),
    ]
