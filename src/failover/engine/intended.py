"""What is to run: protocol instances as configured (the intended configuration of RFC 8342).

Nothing here knows what runs. How they travel from the process that reads the file: `reload.handover`.
"""

from collections.abc import Iterable
from typing import NamedTuple

from failover.config import Configuration, Tracker, instances
from failover.linux.process.claims import Claimable, VirtualAddressId, VirtualRouterId
from failover.vrrp import VirtualRouter


class Track(NamedTuple):
    """That a protocol instance follows a tracker: `config.Track` with the tracker itself."""

    tracker: Tracker
    weight: int | None


class Intended(NamedTuple):
    """A protocol instance, without what it learns where it runs: its source address, its beat, what trackers say."""

    name: str
    interface: str
    router: VirtualRouter
    tracks: tuple[Track, ...] = ()

    @property
    def id(self) -> VirtualRouterId:
        """What makes it the same virtual router, whatever else of it changes (RFC 9568 §6.4)."""
        return VirtualRouterId(self.interface, self.router.family, self.router.vrid)

    @property
    def claims(self) -> tuple[Claimable, ...]:
        """What no other daemon of the host may have: the virtual router, and its addresses on that interface."""
        return self.id, *(VirtualAddressId(self.interface, address.ip) for address in self.router.held_addresses)


def claims(intended: Iterable[Intended]) -> list[Claimable]:
    """What all of these claim."""
    return [one for each in intended for one in each.claims]


def intended(configuration: Configuration) -> list[Intended]:
    """The protocol instances of a configuration, in its order."""
    by_name = {tracker.name: tracker for tracker in configuration.trackers}
    tracks = [
        tuple(Track(by_name[one.tracker], one.weight) for one in entry.track) for entry in configuration.virtual_routers
    ]
    return [
        Intended(entry.name, entry.interface_name, router, followed)
        for entry, followed in zip(configuration.virtual_routers, tracks, strict=True)
        for router in instances(entry)
    ]
