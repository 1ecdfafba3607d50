"""The MASTER state: RFC 9568 §6.4.3, and RFC 3768 §6.4.3 for version 2. Every way out of MASTER is in this file."""

from dataclasses import replace
from typing import assert_never

from failover.vrrp.machine.actions import (
    Action,
    AnnounceAddresses,
    InstallAddresses,
    Oddity,
    ReportOddity,
    SendAdvertisement,
    WithdrawAddresses,
)
from failover.vrrp.machine.backup import step_backup
from failover.vrrp.machine.causes import BetterMaster, Faulted, Overslept, ShutDown
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
from failover.vrrp.machine.states import Master
from failover.vrrp.machine.transitions import REPEAT_ANNOUNCEMENTS_AFTER, Step, leave, listening, to_initialize
from failover.vrrp.protocol import PRIORITY_RESIGN, Version
from failover.vrrp.router import VirtualRouter
from failover.vrrp.units import Instant, Interval, seconds

ANNOUNCE_TO_RIVAL_EVERY = seconds(1)
"""A rival's announcements may have put its own MAC address into the neighbours' caches. Ours correct that, at most
once in this time, so that a flood of adverts does not cause a flood of announcements."""


def step_master(router: VirtualRouter, state: Master, event: Event, now: Instant) -> Step:
    """What `event` at `now` does to a virtual router in MASTER."""
    match event:
        case Wakeup() | AdvertisementReceived() if _overslept(router, state, now):
            return _listen_first(router, router, state, event, now)
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


def _overslept(router: VirtualRouter, state: Master, now: Instant) -> bool:
    """Whether we were silent for so long that others must have taken over."""
    return now - state.advertised_at > router.master_down_interval(router.advertisement_interval)


def _listen_first(
    router: VirtualRouter,
    previous: VirtualRouter,
    state: Master,
    event: Wakeup | AdvertisementReceived,
    now: Instant,
) -> Step:
    """Stop being MASTER, because others must have taken over: withdraw, then handle the event as a BACKUP would."""
    then = step_backup(router, listening(router, state, now), event, now)
    cause = Overslept(Interval(now - state.advertise_at))
    withdraw, *told = leave(previous, state, then.state, cause)
    return Step(then.state, (withdraw, *then.actions, *told))


def _wakes(router: VirtualRouter, state: Master, now: Instant) -> Step:
    actions: list[Action] = []
    if now >= state.advertise_at:
        actions.append(SendAdvertisement(router.priority, state.checksum))
        state = replace(state, advertised_at=now, advertise_at=_next_beat(state.advertise_at, router, now))
    if state.repeat_announcements_at is not None and now >= state.repeat_announcements_at:
        actions.append(AnnounceAddresses(router.held_addresses))
        state = replace(state, repeat_announcements_at=None)
    return Step(state, tuple(actions))


def _next_beat(due: Instant, router: VirtualRouter, now: Instant) -> Instant:
    """When to advertise next: one interval after the last advert was due, so that lateness does not add up.

    Where that has passed too, one interval after now.
    """
    following_beat = due + router.advertisement_interval
    return Instant(following_beat) if following_beat > now else router.next_beat(now)


def _hears(router: VirtualRouter, state: Master, event: AdvertisementReceived, now: Instant) -> Step:
    state = replace(state, checksum=learned_checksum(router, state.checksum, event.advertisement))
    priority = event.advertisement.priority
    if priority == PRIORITY_RESIGN:
        return _answer_resignation(router, state, event, now)
    reports = oddities(router, event)
    # "the primary address of the sender is greater": compared as unsigned numbers in network byte order
    by_address = priority == router.priority and event.source.packed > router.primary_address.packed
    if priority > router.priority or by_address:
        backup = following(router, event, now, state.checksum)
        cause = BetterMaster(heard(event, now), by_address)
        withdraw, *told = leave(router, state, backup, cause)
        return Step(backup, (withdraw, *reports, *told))
    return _answer_rival(router, state, event, reports, now)


def _answer_resignation(router: VirtualRouter, state: Master, event: AdvertisementReceived, now: Instant) -> Step:
    """Priority 0 was heard: advertise at once and reset Adver_Timer. In a flood, at most two answers an interval."""
    if not _answers(router, event, state.answered_resignation_at, now):
        return Step(state)
    state = replace(state, advertised_at=now, advertise_at=router.next_beat(now), answered_resignation_at=now)
    return Step(state, (SendAdvertisement(router.priority, state.checksum),))


def _answer_rival(
    router: VirtualRouter,
    state: Master,
    event: AdvertisementReceived,
    reports: tuple[Action, ...],
    now: Instant,
) -> Step:
    """A router that loses against us advertises. Version 3 answers at once (RFC 9568 §6.4.3), version 2 does not.

    For version 2 see RFC 3768 §6.4.3. Adver_Timer runs on. In both versions the neighbours' caches may point at the
    rival, so the addresses are announced again.
    """
    actions: list[Action] = []
    if router.version is Version.V3 and _answers(router, event, state.answered_at, now):
        actions.append(SendAdvertisement(router.priority, state.checksum))
        state = replace(state, advertised_at=now, answered_at=now)
    if now >= state.announce_after:
        actions.append(AnnounceAddresses(router.held_addresses))
        state = replace(state, announce_after=Instant(now + ANNOUNCE_TO_RIVAL_EVERY))
    rival = ReportOddity(Oddity.RIVAL_MASTER, event.advertisement, event.source)
    return Step(state, (*actions, *reports, rival))


def _answers(router: VirtualRouter, event: AdvertisementReceived, last: Instant | None, now: Instant) -> bool:
    """Whether an advertisement is answered: half an interval after the last answer, by the shorter of both intervals.

    So each advertisement of a real rival is answered, also where it advertises faster than we do and an answer was
    lost. A flood gets two answers an interval: at the shortest that it can claim, 0.01 s, two hundred a second for each
    virtual router, each to a packet of the flood. Fewer would leave a rival that has this interval unanswered.
    """
    shorter = min(router.advertisement_interval, event.advertisement.interval)
    return last is None or now - last >= shorter // 2


def _reconfigured(router: VirtualRouter, previous: VirtualRouter, state: Master, now: Instant) -> Step:
    """Apply a new configuration: advertise it at once, and add, change or remove only the addresses that differ."""
    state = replace(state, checksum=configured_checksum(router, previous, state.checksum))
    if _overslept(previous, state, now):
        return _listen_first(router, previous, state, Wakeup(), now)
    had, wanted = set(previous.held_addresses), set(router.held_addresses)
    gone = tuple(address for address in previous.held_addresses if address not in wanted)
    new = tuple(address for address in router.held_addresses if address not in had)
    actions: list[Action] = [SendAdvertisement(router.priority, state.checksum)]
    if gone:
        actions.append(WithdrawAddresses(gone))
    if router.preferred_lifetime is not previous.preferred_lifetime:
        actions.append(InstallAddresses(router.held_addresses))
    elif new:
        actions.append(InstallAddresses(new))
    if new:
        actions.append(AnnounceAddresses(new))
        state = replace(state, repeat_announcements_at=Instant(now + REPEAT_ANNOUNCEMENTS_AFTER))
    return Step(replace(state, advertised_at=now, advertise_at=router.next_beat(now)), tuple(actions))
