"""Why a state changed, as data: what the log's explanation of a transition is made from.

The docstrings of the classes go into docs/state-machine.md.
"""

from dataclasses import dataclass

from failover.vrrp.machine.states import Fault, Heard
from failover.vrrp.units import Interval


@dataclass(frozen=True, slots=True)
class Started:
    """Startup, or the end of a fault: an election begins, or the address owner takes its place."""

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
    """The MASTER sent priority 0, and nobody better was faster."""

    last: Heard
    """The resignation itself."""


@dataclass(frozen=True, slots=True)
class Preempted:
    """A MASTER of lower priority is alive; preempt mode takes over from it."""

    incumbent: Heard
    """The last advertisement of that MASTER."""


@dataclass(frozen=True, slots=True)
class BetterMaster:
    """A higher priority, or an equal one from a greater address, was heard."""

    master: Heard
    by_address: bool
    """True: the priorities were equal, and the sender's primary address was the greater one."""


@dataclass(frozen=True, slots=True)
class Overslept:
    """The daemon did not run when it was due, for so long that others may have taken over. Listen first."""

    late: Interval
    """Nanoseconds after the deadline."""


@dataclass(frozen=True, slots=True)
class Faulted:
    """The virtual router cannot run here now."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class ShutDown:
    """Asked to stop."""


Cause = Started | BecameOwner | MasterDown | MasterResigned | Preempted | BetterMaster | Overslept | Faulted | ShutDown
