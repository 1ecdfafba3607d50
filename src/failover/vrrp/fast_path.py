"""The shortcuts past `receive()` and `step()` for what happens again and again.

Nearly every packet that a BACKUP receives equals the one before, byte for byte, and moves nothing but two times. The
engine may then skip both functions: `settled_for` says when, `heard_again` what they would have answered. Where the
long way reports anything (an oddity) there is no shortcut, so that nothing is told or counted less often.

Nearly every wake-up of a MASTER sends the advertisement that it sent an interval ago. Routers that share interval and
phase may then send together: `beats` says when, `advertised_again` what `step()` would have answered.
"""

from dataclasses import replace

from failover.vrrp.events import AdvertisementReceived
from failover.vrrp.peers import heard
from failover.vrrp.states import Backup, Master, State
from failover.vrrp.transitions import Step
from failover.vrrp.units import Instant, Interval

_SURELY_MASTER = 3
"""Intervals of silence: every Master_Down_Interval is longer (RFC 9568 §6.1)."""


def may_repeat(state: State) -> bool:
    """Whether a router, as it is, may take the fast path at all: the one place that says so.

    What it sends, or what it hears from its MASTER, must be the same each time, byte for byte, and mean the same. Then
    it may be known by its bytes or a fingerprint of them, and be sent as it was prepared, together with that of others.
    """
    match state:
        case Master():
            return True
        case Backup():
            return state.master is not None
        case _:
            return False


def settled_for(event: AdvertisementReceived, outcome: Step, now: Instant) -> Interval | None:
    """For how long each repetition of this packet will hold off the timer and do nothing else; None: take the long way.

    So it is where the packet was followed: the MASTER's, no resignation, not outranked, not version 2 beside version
    3. It holds while the router and the outcome's state do. What the packet taught (interval, checksum form) is
    learned already when it comes again.
    """
    state = outcome.state
    if not isinstance(state, Backup):
        return None
    followed = (
        not outcome.actions
        and not state.resigned
        and state.outranked is None
        and state.armed_at == now
        and state.master == heard(event, now)
    )
    return _length(state) if followed else None


def heard_again(state: Backup, now: Instant) -> Backup:
    """The state after such a packet came again at `now`; several of them are the same as the last one alone."""
    return replace(
        state,
        armed_at=now,
        master_down_at=Instant(now + _length(state)),
        master=replace(state.master, at=now) if state.master else None,
    )


def _length(state: Backup) -> Interval:
    return Interval(state.master_down_at - state.armed_at)


def beats(interval: Interval, due: Instant, last: Instant, now: Instant) -> bool:
    """Whether a MASTER's wake-up at `now` sends its advertisement, `due` by then, and moves on by one interval.

    Not so where a whole interval or more was slept through: what then, `step()` decides.
    """
    return due <= now < due + interval and now - last <= _SURELY_MASTER * interval


def advertised_again(state: Master, now: Instant, next_at: Instant) -> Master:
    """The state after such an advertisement; whether addresses are to be announced again is another matter."""
    return replace(state, advertised_at=now, advertise_at=next_at)
