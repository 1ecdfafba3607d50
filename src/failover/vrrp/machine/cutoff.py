"""The cutoff: the priority below which an advertisement cannot change a router's state.

An advertisement below the cutoff always loses: `step()` may answer, report and remember it, but the router stays MASTER
or BACKUP and its timer runs on. So in a flood the kernel may refuse such adverts. The cutoff holds for as long as the
router's parameters and the kind of its state stay the same.
"""

from dataclasses import dataclass

from failover.vrrp.machine.events import AdvertisementReceived
from failover.vrrp.machine.states import Backup, Master, State
from failover.vrrp.protocol import PRIORITY_RESIGN, Address
from failover.vrrp.router import VirtualRouter


@dataclass(frozen=True, slots=True)
class Cutoff:
    """The limit itself. Lower priorities are below it, except 0: a resignation always counts."""

    priority: int
    address: Address | None = None
    """The tie-break at exactly this priority: a sender whose address is not greater than this one is below. None: at
    this priority nobody is below."""


def cutoff_of(router: VirtualRouter, state: State) -> Cutoff | None:
    """The cutoff of a router in this state; None where any advertisement may change something.

    A MASTER gives way to a higher priority, or to its own from a greater address (RFC 9568 §6.4.3). A BACKUP that
    preempts discards a lower one (§6.4.2), and follows its own.
    """
    match state:
        case Master():
            return Cutoff(router.priority, router.primary_address)
        case Backup() if router.preempt_mode or router.is_address_owner:
            return Cutoff(router.priority)
        case _:
            return None


def is_below(cutoff: Cutoff | None, event: AdvertisementReceived) -> bool:
    """Whether an accepted advertisement is below the cutoff, and so cannot change the state."""
    priority = event.advertisement.priority
    if cutoff is None or priority == PRIORITY_RESIGN:
        return False
    if priority == cutoff.priority:
        return cutoff.address is not None and event.source.packed <= cutoff.address.packed
    return priority < cutoff.priority
