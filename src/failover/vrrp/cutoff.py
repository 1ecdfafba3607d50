"""The floor: the least that an advertisement must be to have a say while a router stays as it is.

What is below loses whatever happens: `step()` answers, reports, remembers it as evidence, and changes neither state nor
timer. So a flood of it need not be heard, as long as the state's type and the router do not change.
"""

from dataclasses import dataclass

from failover.vrrp.events import AdvertisementReceived
from failover.vrrp.protocol import PRIORITY_RESIGN, Address
from failover.vrrp.router import VirtualRouter
from failover.vrrp.states import Backup, Master, State


@dataclass(frozen=True, slots=True)
class Cutoff:
    """A lower priority is below, but 0, which resigns."""

    priority: int
    address: Address | None = None
    """At that very priority, a sender is below whose address is not greater than this; None: no one is."""


def cutoff_of(router: VirtualRouter, state: State) -> Cutoff | None:
    """The floor as things are; None where anything may have a say.

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
    """Whether an advertisement that was accepted has no say."""
    priority = event.advertisement.priority
    if cutoff is None or priority == PRIORITY_RESIGN:
        return False
    if priority == cutoff.priority:
        return cutoff.address is not None and event.source.packed <= cutoff.address.packed
    return priority < cutoff.priority
