"""The shortcut past `receive()` and `step()` for the advertisement that a BACKUP hears again and again.

Nearly every packet that a BACKUP receives equals the one before, byte for byte, and moves nothing but two times. The
engine may then skip both functions: `settled_for` says when, `heard_again` what they would have answered. Where the
long way reports anything (an oddity) there is no shortcut, so that nothing is told or counted less often.
"""

from dataclasses import replace

from failover.vrrp.events import AdvertisementReceived
from failover.vrrp.peers import heard
from failover.vrrp.states import Backup
from failover.vrrp.transitions import Step
from failover.vrrp.units import Instant, Interval


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
