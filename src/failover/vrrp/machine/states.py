"""The three states of RFC 9568 §6.3. Each carries its own deadline, so no timer is ever started or cancelled.

A state holds what the protocol must remember, and what explains a later transition. It knows nothing of sockets.
"""

from dataclasses import dataclass
from typing import assert_never

from failover.vrrp.protocol import Address, ChecksumForm, Version
from failover.vrrp.units import Instant, Interval


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a virtual router cannot run here."""

    reason: str
    """A stable word for machines, such as `no_carrier`."""
    detail: str
    """A sentence for the operator, such as `eth0 has no carrier`."""
    can_advertise: bool = False
    """Whether others can still be told: then a MASTER resigns, so that nobody waits for Master_Down_Timer."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The last advertisement accepted from the MASTER."""

    source: Address
    priority: int
    version: Version
    at: Instant
    """When it was heard."""
    checksum: ChecksumForm = ChecksumForm.MESSAGE
    """The form that it had."""


@dataclass(frozen=True, slots=True)
class Initialize:
    """INITIALIZE (RFC 9568 §6.4.1): waits for Startup, or with a fault for the end of that fault."""

    checksum: ChecksumForm
    """The form to send."""
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Backup:
    """BACKUP (RFC 9568 §6.4.2): listens to the MASTER."""

    checksum: ChecksumForm
    """The form to send."""
    armed_at: Instant
    """When Master_Down_Timer was last set."""
    master_down_at: Instant
    """When Master_Down_Timer fires."""
    master_advertisement_interval: Interval
    """Nanoseconds. Learned from the MASTER (version 3); until then, and with version 2 always, our own."""
    master: Heard | None = None
    """The MASTER's last advertisement; None where none was heard."""
    resigned: bool = False
    """The MASTER sent priority 0: the timer runs for Skew_Time only."""
    outranked: Heard | None = None
    """The last advertisement of a MASTER of lower priority, which we preempt when the timer fires."""


@dataclass(frozen=True, slots=True)
class Master:
    """MASTER (RFC 9568 §6.4.3): holds the addresses and advertises."""

    checksum: ChecksumForm
    """The form to send."""
    advertised_at: Instant
    """When we last advertised."""
    advertise_at: Instant
    """When Adver_Timer fires."""
    repeat_announcements_at: Instant | None
    """When the addresses are announced again; None once that is done."""
    answered_at: Instant | None
    """When a losing rival was last answered: of a flood two an interval are (`master`). None: none was yet."""
    answered_resignation_at: Instant | None
    """The same for priority 0. Separate from `answered_at`: a rival resigns soon after it was answered."""
    announce_after: Instant
    """No rival makes us announce the addresses again before this."""


State = Initialize | Backup | Master


def state_name(state: State) -> str:
    """`INITIALIZE`, `BACKUP` or `MASTER`."""
    return type(state).__name__.upper()


def deadline(state: State) -> Instant | None:
    """When the state needs a `Wakeup`; None in INITIALIZE, which has no timer."""
    match state:
        case Initialize():
            return None
        case Backup():
            return state.master_down_at
        case Master():
            again = state.repeat_announcements_at
            return state.advertise_at if again is None else min(state.advertise_at, again)
        case _:
            assert_never(state)
