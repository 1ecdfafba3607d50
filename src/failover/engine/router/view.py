"""What the rest of the engine reads of a virtual router. Nothing here changes anything."""

from failover.engine.account.reporter import Reporter
from failover.engine.account.status import Past, Trouble, fault_status, in_words, status_of
from failover.engine.intended import Intended
from failover.engine.router.deferred_state import DeferredState
from failover.engine.router.performer import Performer
from failover.engine.tracking import Tracking, standing_of
from failover.linux.clock import Clock
from failover.messages import Counters, FaultStatus, RouterStatus
from failover.vrrp import (
    Cutoff,
    Family,
    Fault,
    Master,
    Standing,
    State,
    VirtualAddress,
    VirtualRouter,
    cutoff_of,
    state_name,
)


class View:
    """A virtual router of one family on one interface, to look at; `Instance` makes and changes what is shown."""

    intended: Intended
    """As configured, with its name and its interface."""
    interface: str
    """The name of its interface."""
    tracking: Tracking
    """What the trackers that it follows say."""
    link_fault: Fault | None
    """What keeps it from working on its interface, whatever trackers say."""
    reporter: Reporter
    """Knows whether the status is another one than was told."""
    _performer: Performer
    _deferred: DeferredState
    _past: Past
    _clock: Clock

    @property
    def name(self) -> str:
        """What it is called."""
        return self.intended.name

    @property
    def family(self) -> Family:
        """IPv4 or IPv6, as its addresses."""
        return self._performer.router.family

    @property
    def router(self) -> VirtualRouter:
        """Its parameters."""
        return self._performer.router

    @property
    def state(self) -> State:
        """Where it is in the protocol."""
        return self._deferred.state

    @property
    def counters(self) -> Counters:
        """What it has counted."""
        return self._deferred.counters

    @property
    def held(self) -> frozenset[VirtualAddress]:
        """What it has on its interface while MASTER, quick to compare with what is there."""
        return self._performer.held

    @property
    def state_label(self) -> str:
        """`INITIALIZE`, `BACKUP` or `MASTER`."""
        return state_name(self._deferred.known)

    @property
    def fault(self) -> FaultStatus | None:
        """What keeps it in INITIALIZE."""
        return fault_status(self._deferred.known)

    @property
    def troubles(self) -> list[str]:
        """What keeps it from its work or is not as it should be, in words."""
        return in_words(self.fault, self._trouble)

    @property
    def is_master(self) -> bool:
        """Whether it holds its addresses."""
        return isinstance(self._deferred.known, Master)

    @property
    def cutoff(self) -> Cutoff | None:
        """What an advertisement must at least be to have a say as things are."""
        return cutoff_of(self.router, self._deferred.known)

    def status(self) -> RouterStatus:
        """Everything about it, now."""
        tracking = [one.status for one in self.tracking]
        account = (self._past, self.counters, self._trouble, tracking)
        return status_of(self.intended, self.router, self.state, *account)

    @property
    def _standing(self) -> Standing:
        return standing_of(self.intended.router.priority, self.tracking)

    @property
    def _trouble(self) -> Trouble:
        return self.reporter.trouble(self._performer.send_errors.worst, self.interface, self._clock)
