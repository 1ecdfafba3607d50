"""The fast path: what the engine may do instead of `receive()` and `step()` for events that repeat themselves.

BACKUP: nearly every packet equals the one before, byte for byte, and changes nothing but two times. The engine may then
skip both functions: `settled_for` says when, `heard_again` gives the state that they would have returned. A packet
with an oddity takes the long way each time, so that it is reported; but for what is odd about its sender, which is told
once.

MASTER: nearly every wake-up sends the same advertisement as the one before. Routers that share interval and phase may
then send together: `beats` says when, `advertised_again` gives the state that `step()` would have returned.

Property tests hold all of this to `receive()` and `step()`.
"""

from dataclasses import replace

from failover.vrrp.machine.actions import OF_THE_SENDER, ReportOddity
from failover.vrrp.machine.events import AdvertisementReceived
from failover.vrrp.machine.peers import heard
from failover.vrrp.machine.states import Backup, Master, State
from failover.vrrp.machine.transitions import Step
from failover.vrrp.router import VirtualRouter
from failover.vrrp.units import Instant, Interval

_SURELY_MASTER = 3
"""A MASTER silent for this many intervals is not given up yet: Master_Down_Interval is longer (RFC 9568 §6.1)."""


def may_repeat(router: VirtualRouter, state: State) -> bool:
    """Whether a router, as it is, may take the fast path at all: the one place that says so.

    What it sends, or what it hears from its MASTER, must be the same each time, byte for byte, and mean the same. Then
    it may be known by its bytes or a fingerprint of them, and be sent as it was prepared, together with that of others.
    What is signed differs each time.
    """
    if router.keyed is not None:
        return False
    match state:
        case Master():
            return True
        case Backup():
            return state.master is not None
        case _:
            return False


def settled_for(event: AdvertisementReceived, outcome: Step, now: Instant) -> Interval | None:
    """The nanoseconds for which each repetition of this packet restarts the timer, where it does nothing else.

    None: the packet must go through `receive()` and `step()` each time. `outcome` is what `step()` returned for it. The
    fast path is open where the packet made us follow its sender: no resignation, no lower priority that we preempt, no
    version 2 beside version 3, no oddity but of the sender itself, which each repetition has too. The answer holds
    until the router or its state changes in another way. What the packet teaches (interval, checksum form) has been
    learned the first time.
    """
    state = outcome.state
    if not isinstance(state, Backup):
        return None
    followed = (
        not state.resigned
        and state.outranked is None
        and state.armed_at == now
        and state.master == heard(event, now)
        and all(isinstance(action, ReportOddity) and action.oddity in OF_THE_SENDER for action in outcome.actions)
    )
    return _length(state) if followed else None


def heard_again(state: Backup, now: Instant) -> Backup:
    """The state after a packet that `settled_for` allowed came again at `now`; of several, only the last matters."""
    return replace(
        state,
        armed_at=now,
        master_down_at=Instant(now + _length(state)),
        master=replace(state.master, at=now) if state.master else None,
    )


def _length(state: Backup) -> Interval:
    """How long Master_Down_Timer runs once it is set, in nanoseconds."""
    return Interval(state.master_down_at - state.armed_at)


def beats(interval: Interval, due: Instant, last: Instant, now: Instant) -> bool:
    """Whether all that a MASTER's wake-up at `now` does is to send the advertisement due at `due`.

    `last` is when it advertised last. False where the wake-up is early, or a whole interval or more late, or where the
    last advertisement is so long ago that others may have taken over: then `step()` decides.
    """
    return due <= now < due + interval and now - last <= _SURELY_MASTER * interval


def advertised_again(state: Master, now: Instant, next_at: Instant) -> Master:
    """The state after an advertisement that `beats` allowed; the next one is due at `next_at`.

    `repeat_announcements_at` is not looked at: the caller sees to it that `step()` gets a `Wakeup` then.
    """
    return replace(state, advertised_at=now, advertise_at=next_at)
