"""What can happen to a virtual router: the input of `step()`. Closed: a new one is added here and in `machine`."""

from dataclasses import dataclass

from failover.vrrp.advertisement import Advertisement
from failover.vrrp.protocol import Address
from failover.vrrp.router import VirtualRouter
from failover.vrrp.states import Fault


@dataclass(frozen=True, slots=True)
class Startup:
    """Begin (RFC 9568 §6.4.1); with a fault, as soon as `LinkChanged` says that it is over."""

    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Shutdown:
    """Leave the group in an orderly way (RFC 9568 §6.4.2, §6.4.3)."""


@dataclass(frozen=True, slots=True)
class Wakeup:
    """Time has passed. The state compares its own deadline with `now`: early, late and repeated ones are harmless."""


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
