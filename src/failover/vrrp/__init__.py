"""The VRRP protocol (RFC 9568, RFC 3768), pure: no socket, clock, thread or log. Events go in, actions come out.

`receive()` turns bytes into an `Advertisement` or a `Discard`. `step()` turns a state and an event into the next state
and the actions to do. `deadline()` says when a state needs a `Wakeup`. Times are integer nanoseconds (`units`).
"""

from failover.vrrp.authentication.password import is_cut
from failover.vrrp.authentication.secret import Secret
from failover.vrrp.machine.actions import (
    Action,
    AnnounceAddresses,
    InstallAddresses,
    Oddity,
    ReportOddity,
    SendAdvertisement,
    StateChanged,
    WithdrawAddresses,
    advertisements,
)
from failover.vrrp.machine.causes import (
    BecameOwner,
    BetterMaster,
    Cause,
    Faulted,
    MasterDown,
    MasterResigned,
    Overslept,
    Preempted,
    ShutDown,
    Started,
)
from failover.vrrp.machine.cutoff import Cutoff, cutoff_of, is_below
from failover.vrrp.machine.events import (
    AdvertisementReceived,
    ConfigChanged,
    Event,
    LinkChanged,
    PriorityChanged,
    Shutdown,
    Startup,
    Wakeup,
)
from failover.vrrp.machine.states import Backup, Fault, Heard, Initialize, Master, State, deadline, state_name
from failover.vrrp.machine.step import initial_state, step
from failover.vrrp.machine.transitions import Step
from failover.vrrp.packet.advertisement import Advertisement, encode, encode_trial
from failover.vrrp.packet.receive import Discard, DiscardReason, ReceivedFrom, receive
from failover.vrrp.protocol import (
    Address,
    ChecksumForm,
    Family,
    PreferredLifetime,
    Version,
    VirtualAddress,
    family_of,
    virtual_mac,
)
from failover.vrrp.router import ChecksumPolicy, VirtualRouter
from failover.vrrp.standing import Contribution, Standing, standing
from failover.vrrp.units import Instant, Interval, centiseconds, seconds, to_seconds

__all__ = [
    "Action",
    "Address",
    "Advertisement",
    "AdvertisementReceived",
    "AnnounceAddresses",
    "Backup",
    "BecameOwner",
    "BetterMaster",
    "Cause",
    "ChecksumForm",
    "ChecksumPolicy",
    "ConfigChanged",
    "Contribution",
    "Cutoff",
    "Discard",
    "DiscardReason",
    "Event",
    "Family",
    "Fault",
    "Faulted",
    "Heard",
    "Initialize",
    "InstallAddresses",
    "Instant",
    "Interval",
    "LinkChanged",
    "Master",
    "MasterDown",
    "MasterResigned",
    "Oddity",
    "Overslept",
    "Preempted",
    "PreferredLifetime",
    "PriorityChanged",
    "ReceivedFrom",
    "ReportOddity",
    "Secret",
    "SendAdvertisement",
    "ShutDown",
    "Shutdown",
    "Standing",
    "Started",
    "Startup",
    "State",
    "StateChanged",
    "Step",
    "Version",
    "VirtualAddress",
    "VirtualRouter",
    "Wakeup",
    "WithdrawAddresses",
    "advertisements",
    "centiseconds",
    "cutoff_of",
    "deadline",
    "encode",
    "encode_trial",
    "family_of",
    "initial_state",
    "is_below",
    "is_cut",
    "receive",
    "seconds",
    "standing",
    "state_name",
    "step",
    "to_seconds",
    "virtual_mac",
]
