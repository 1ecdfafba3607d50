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
from failover.vrrp import Instant, Interval, Master, deadline
from failover.vrrp.machine.fast_path import may_repeat


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
        if ready is None or not may_repeat(state):
            self._deferred.leave(member)
        elif self._deferred.join(member, ready, state):
            self._alarm.set(state.repeat_announcements_at)
            return
        # A MASTER's wake-up is many a second, and a little late does no harm; a takeover is rare, and waited for.
        self._alarm.set(deadline(state))

    def repeated(self, packet: Received, raw: bytes, held_off: Interval, now: Instant, known: KnownAdverts) -> None:
        """The MASTER has sent a packet that will change nothing when it comes again, but hold off a takeover.

        `raw` is the packet as it came from the socket, `held_off` for how long each one holds off the takeover.
        """
        if not may_repeat(self._deferred.known):
            return
        self._deferred.forget()
        self._deferred.repeat(known.expect(raw, fingerprint(packet), held_off, now, self._release))
        self._alarm.set(None)

    def _release(self) -> None:
        """The MASTER has been silent for long, or nobody listens to it any more: the router watches for itself."""
        self._deferred.catch_up()
        self._deferred.forget()
        if self._member is not None:
            self._member.settle()
