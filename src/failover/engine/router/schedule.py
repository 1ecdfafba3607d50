"""When a virtual router wakes up: by an alarm of its own, with its beat, or when its MASTER's known adverts stay away.

The last two are the fast path: the router sends with others what it sent before, and does not look at what it heard
before. This is the only place that puts a router on it; who may be there, `vrrp.machine.fast_path.may_repeat` says.
"""

from failover.engine.environment import EventLoop
from failover.engine.port.known_adverts import KnownAdverts
from failover.engine.router.deferred_state import DeferredState
from failover.engine.transmit.beat import Member
from failover.linux.filter.fingerprint import fingerprint
from failover.linux.packet import Received
from failover.linux.sockets.outbox import Packets
from failover.vrrp import AdvertisementReceived, Instant, Master, ReportOddity, Step, deadline
from failover.vrrp.machine.fast_path import may_repeat, settled_for


class Schedule:
    """Has one router woken: `member` is what is called then."""

    def __init__(self, member: Member, deferred: DeferredState, loop: EventLoop) -> None:
        self._member: Member | None = member
        self._deferred = deferred
        self._alarm = loop.alarm(member.wake)

    def retire(self) -> None:
        """Wake it no more, and forget it."""
        self._alarm.retire()
        self._member = None

    def settle(self, ready: Packets | None) -> None:
        """The state has changed, or may have: wake the router when it wants to be woken.

        `ready` are the advertisements that a MASTER sends; None where it cannot or could not send them.
        """
        member, state = self._member, self._deferred.state
        if member is None:
            return
        if not isinstance(state, Master):
            self._deferred.leave(member)
            if not self._deferred.is_repeated:
                self._alarm.set(deadline(state), member.prewarm)
            return
        if ready is None or not may_repeat(member.router, state):
            self._deferred.leave(member)
        elif self._deferred.join(member, ready, state):
            self._alarm.set(state.repeat_announcements_at)
            return
        # A MASTER's wake-up is many a second, and a little late does no harm; a takeover is rare, and waited for.
        self._alarm.set(deadline(state))

    def heard(
        self,
        packet: Received,
        raw: bytes,
        event: AdvertisementReceived,
        outcome: Step,
        now: Instant,
        known: KnownAdverts,
    ) -> None:
        """A packet was heard: where the next one like it will but hold off a takeover, know it then by its bytes.

        `raw` is the packet as it came from the socket, `event` what it says, `outcome` what `step()` returned for it.
        """
        held_off = settled_for(event, outcome, now)
        member = self._member
        if member is None or held_off is None or not may_repeat(member.router, self._deferred.known):
            return
        odd = tuple(action.oddity for action in outcome.actions if isinstance(action, ReportOddity))
        self._deferred.forget()
        self._deferred.repeat(known.expect(raw, fingerprint(packet), held_off, now, self._release), odd)
        self._alarm.set(None)

    def _release(self) -> None:
        """The MASTER has been silent for long, or nobody listens to it any more: the router watches for itself."""
        self._deferred.catch_up()
        self._deferred.forget()
        if self._member is not None:
            self._member.settle()
