"""The status of a virtual router: what it is now, as messages say it."""

from failover.messages import (
    Counters,
    FaultStatus,
    RouterStatus,
    SendError,
)
from failover.vrrp import (
    Backup,
    Family,
    Heard,
    Initialize,
    Interval,
    Master,
    State,
    VirtualRouter,
    state_name,
)


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
    address_conflict: str | None,
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
        preferred_lifetime=router.preferred_lifetime.value if router.family is Family.IPV6 else None,
        address_conflict=address_conflict,
    )


def trouble(fault: FaultStatus | None, send_error: SendError | None, address_conflict: str | None = None) -> str | None:
    """What keeps a router from its work, in words; None where nothing does."""
    if fault is not None:
        return fault.detail
    if send_error is not None:
        return f"cannot send its {send_error.what}s: {send_error.error}"
    return address_conflict
