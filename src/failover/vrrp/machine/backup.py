"""The BACKUP state: RFC 9568 §6.4.2, and RFC 3768 §6.4.2 for version 2. Every way out of BACKUP is in this file."""

from dataclasses import replace
from typing import assert_never

from failover.vrrp.machine.causes import (
    BecameOwner,
    Cause,
    Faulted,
    MasterDown,
    MasterResigned,
    Overslept,
    Preempted,
    ShutDown,
)
from failover.vrrp.machine.events import (
    AdvertisementReceived,
    ConfigChanged,
    Event,
    LinkChanged,
    PriorityChanged,
    Shutdown,
    Startup,
    Wakeup,
)
from failover.vrrp.machine.peers import configured_checksum, following, heard, learned_checksum, oddities
from failover.vrrp.machine.states import Backup, Heard
from failover.vrrp.machine.transitions import Step, to_backup, to_initialize, to_master
from failover.vrrp.protocol import PRIORITY_RESIGN, Version
from failover.vrrp.router import VirtualRouter
from failover.vrrp.units import Instant, Interval


def step_backup(router: VirtualRouter, state: Backup, event: Event, now: Instant) -> Step:
    """What `event` at `now` does to a virtual router in BACKUP."""
    match event:
        case Wakeup():
            return _wakes(router, state, now)
        case AdvertisementReceived():
            return _hears(router, state, event, now)
        case Shutdown():
            return to_initialize(router, state, ShutDown())
        case LinkChanged(fault=fault):
            return Step(state) if fault is None else to_initialize(router, state, Faulted(fault))
        case ConfigChanged(previous=previous):
            return _reconfigured(router, previous, state, now)
        case PriorityChanged(previous=priority):
            return _reconfigured(router, replace(router, priority=priority), state, now)
        case Startup():
            return Step(state)
        case _:
            assert_never(event)


def _wakes(router: VirtualRouter, state: Backup, now: Instant) -> Step:
    if now < state.master_down_at:
        return Step(state)
    if _overslept(state, now):
        return _listen_again(router, state, now)
    return to_master(router, state, _why_master(router, state, now), now)


def _overslept(state: Backup, now: Instant) -> bool:
    """Whether we woke up so late that others may have taken over: by more than the MASTER's interval."""
    return now - state.master_down_at > state.master_advertisement_interval


def _listen_again(router: VirtualRouter, state: Backup, now: Instant) -> Step:
    return to_backup(router, state, Overslept(Interval(now - state.master_down_at)), now)


def _hears(router: VirtualRouter, state: Backup, event: AdvertisementReceived, now: Instant) -> Step:
    advertisement = event.advertisement
    news = heard(event, now)
    if _is_echo_in_version_2(state, news):
        return Step(state)
    checksum = learned_checksum(router, state.checksum, advertisement)
    if advertisement.priority == PRIORITY_RESIGN:
        # "Set the Active_Down_Timer to Skew_Time": from the interval known so far; this advert's is not adopted
        ends = Instant(now + router.skew_time(state.master_advertisement_interval))
        state = replace(state, checksum=checksum, armed_at=now, master_down_at=ends)
        return Step(replace(state, master=news, resigned=True, outranked=None))
    reports = oddities(router, event)
    if _preempts(router, advertisement.priority):
        # "Discard the ADVERTISEMENT": the timer runs on, and we take over when it fires
        return Step(replace(state, checksum=checksum, outranked=news), reports)
    return Step(following(router, event, now, checksum), reports)


def _preempts(router: VirtualRouter, priority: int) -> bool:
    """Whether we take over from a MASTER of this priority; an owner does in any Preempt_Mode (RFC 9568 §6.1)."""
    return priority < router.priority and (router.preempt_mode or router.is_address_owner)


def _is_echo_in_version_2(state: Backup, news: Heard) -> bool:
    """Whether this is the version 2 advert of a MASTER that sends version 3 too: it is ignored (RFC 9568 §8.4.2)."""
    return (
        news.version is Version.V2
        and state.master is not None
        and state.master.version is Version.V3
        and state.master.source == news.source
    )


def _why_master(router: VirtualRouter, state: Backup, now: Instant) -> Cause:
    if state.outranked is not None and _preempts(router, state.outranked.priority):
        return Preempted(state.outranked)
    if state.master is not None and state.resigned:
        return MasterResigned(state.master)
    return MasterDown(state.master, Interval(now - state.armed_at))


def _reconfigured(router: VirtualRouter, previous: VirtualRouter, state: Backup, now: Instant) -> Step:
    """Apply a new configuration. The timer keeps its start and changes its length; a new owner becomes MASTER."""
    state = replace(state, checksum=configured_checksum(router, previous, state.checksum))
    if _overslept(state, now):
        return _listen_again(router, state, now)
    if router.is_address_owner and not previous.is_address_owner:
        return to_master(router, state, BecameOwner(), now)
    learned = state.master is not None and router.version is Version.V3
    interval = state.master_advertisement_interval if learned else router.advertisement_interval
    length = router.skew_time(interval) if state.resigned else router.master_down_interval(interval)
    # Not before now: a deadline that moved into the past was not missed, and must not look like `_overslept`.
    ends = max(Instant(state.armed_at + length), now)
    return Step(replace(state, master_down_at=ends, master_advertisement_interval=interval))
