"""`Step`, and the transitions into each state, with their actions in the order that `actions` promises.

Which event leads to which transition is decided in `machine`, `backup` and `master`.
"""

from dataclasses import dataclass

from failover.vrrp.machine.actions import (
    Action,
    AnnounceAddresses,
    InstallAddresses,
    SendAdvertisement,
    StateChanged,
    WithdrawAddresses,
)
from failover.vrrp.machine.causes import Cause, Faulted
from failover.vrrp.machine.states import Backup, Fault, Initialize, Master, State
from failover.vrrp.protocol import PRIORITY_RESIGN
from failover.vrrp.router import VirtualRouter
from failover.vrrp.units import Instant, seconds

REPEAT_ANNOUNCEMENTS_AFTER = seconds(5)
"""A host that missed the first gratuitous ARP gets another, as from keepalived."""


@dataclass(frozen=True, slots=True)
class Step:
    """The outcome of one event: the next state, and the actions to do in this order."""

    state: State
    actions: tuple[Action, ...] = ()


def to_master(router: VirtualRouter, state: Initialize | Backup, cause: Cause, now: Instant) -> Step:
    """Become MASTER: advertise, install the addresses, announce them (RFC 9568 §6.4.1, §6.4.2)."""
    master = Master(
        checksum=state.checksum,
        advertised_at=now,
        advertise_at=router.next_beat(now),
        repeat_announcements_at=Instant(now + REPEAT_ANNOUNCEMENTS_AFTER),
        answered_at=None,
        answered_resignation_at=None,
        announce_after=now,
    )
    return Step(
        master,
        (
            SendAdvertisement(router.priority, state.checksum),
            InstallAddresses(router.held_addresses),
            AnnounceAddresses(router.held_addresses),
            StateChanged(state, master, cause),
        ),
    )


def listening(router: VirtualRouter, state: State, now: Instant) -> Backup:
    """The BACKUP state before any MASTER is heard: the timer goes by our own interval (RFC 9568 §6.4.1)."""
    interval = router.advertisement_interval
    return Backup(
        checksum=state.checksum,
        armed_at=now,
        master_down_at=Instant(now + router.master_down_interval(interval)),
        master_advertisement_interval=interval,
    )


def to_backup(router: VirtualRouter, state: State, cause: Cause, now: Instant) -> Step:
    """Become BACKUP without knowing who is MASTER."""
    backup = listening(router, state, now)
    return Step(backup, leave(router, state, backup, cause))


def to_initialize(router: VirtualRouter, state: State, cause: Cause) -> Step:
    """Go to INITIALIZE: asked to stop, or unable to run."""
    fault: Fault | None = cause.fault if isinstance(cause, Faulted) else None
    stopped = Initialize(state.checksum, fault)
    actions = leave(router, state, stopped, cause)
    if isinstance(state, Master) and (fault is None or fault.can_advertise):
        # "send an ADVERTISEMENT with Priority = 0": others need not wait for the timer (RFC 9568 §6.4.3)
        actions = (SendAdvertisement(PRIORITY_RESIGN, state.checksum), *actions)
    return Step(stopped, actions)


def leave(router: VirtualRouter, previous: State, current: State, cause: Cause) -> tuple[Action, ...]:
    """The actions that leave `previous`: a MASTER withdraws its addresses; then the change is reported."""
    changed = StateChanged(previous, current, cause)
    if isinstance(previous, Master):
        return WithdrawAddresses(router.held_addresses), changed
    return (changed,)
