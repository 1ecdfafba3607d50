"""What can happen to a virtual router: the events that `step()` takes.

The set is closed: a new event is added here and in `machine`, `backup` and `master`; mypy names each `match` that
lacks it.
"""

from dataclasses import dataclass

from failover.vrrp.machine.states import Fault
from failover.vrrp.packet.advertisement import Advertisement
from failover.vrrp.protocol import Address
from failover.vrrp.router import VirtualRouter


@dataclass(frozen=True, slots=True)
class Startup:
    """Start (RFC 9568 §6.4.1). With a fault, start when `LinkChanged` says that the fault is over."""

    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Shutdown:
    """Stop in an orderly way: a MASTER resigns (RFC 9568 §6.4.2, §6.4.3)."""


@dataclass(frozen=True, slots=True)
class Wakeup:
    """Time has passed. `step()` compares the state's deadline with `now`: an early or repeated wake-up does nothing."""


@dataclass(frozen=True, slots=True)
class AdvertisementReceived:
    """An advertisement that `receive()` accepted."""

    advertisement: Advertisement
    source: Address
    """The sender's primary address: the source of the packet."""


@dataclass(frozen=True, slots=True)
class PriorityChanged:
    """The router given to `step()` has another priority than before."""

    previous: int


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The interface became unusable (`fault`) or usable again (None)."""

    fault: Fault | None


@dataclass(frozen=True, slots=True)
class ConfigChanged:
    """The router given to `step()` has other parameters than before; VRID and family are the same."""

    previous: VirtualRouter


Event = Startup | Shutdown | Wakeup | AdvertisementReceived | PriorityChanged | LinkChanged | ConfigChanged
