"""Why a state changed, as data: what the log's explanation of a transition is made from.

The docstrings of the classes go into docs/state-machine.md.
"""

from dataclasses import dataclass

from failover.vrrp.machine.states import Fault, Heard
from failover.vrrp.units import Interval


@dataclass(frozen=True, slots=True)
class Started:
    """The start, or a fault was cleared. An election begins, or the address owner becomes MASTER."""

    recovered_from: Fault | None = None


@dataclass(frozen=True, slots=True)
class BecameOwner:
    """A new configuration made this router the address owner."""


@dataclass(frozen=True, slots=True)
class MasterDown:
    """No advertisement for Master_Down_Interval."""

    last: Heard | None
    """The MASTER's last advertisement; None where none was ever heard."""
    silence: Interval
    """Nanoseconds since that advertisement, or since the election began."""


@dataclass(frozen=True, slots=True)
class MasterResigned:
    """The MASTER resigned (priority 0), and no better BACKUP was faster."""

    last: Heard
    """The resignation itself."""


@dataclass(frozen=True, slots=True)
class Preempted:
    """A MASTER with a lower priority is alive, and preempt mode takes over from it."""

    incumbent: Heard
    """The last advertisement of that MASTER."""


@dataclass(frozen=True, slots=True)
class BetterMaster:
    """An advertisement with a higher priority was heard, or with an equal one from a higher address."""

    master: Heard
    by_address: bool
    """True: the priorities were equal, and the sender's primary address was the greater one."""


@dataclass(frozen=True, slots=True)
class Overslept:
    """The daemon did not run for so long that others may have taken over. It listens first."""

    late: Interval
    """Nanoseconds after the deadline."""


@dataclass(frozen=True, slots=True)
class Faulted:
    """The virtual router cannot run here now."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class ShutDown:
    """The virtual router was stopped."""


Cause = Started | BecameOwner | MasterDown | MasterResigned | Preempted | BetterMaster | Overslept | Faulted | ShutDown
