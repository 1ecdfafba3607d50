"""What the trackers of a configuration would say on this host now, and who would follow them."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from failover.config import Configuration, Track, Tracker
from failover.linux.interfaces.readiness import carrier_fault
from failover.linux.interfaces.table import Interface
from failover.vrrp import VirtualRouter
from failover.vrrp.standing import Contribution, Standing


class TrackerPreview(NamedTuple):
    """A tracker, as it would be on this host."""

    tracker: Tracker
    trouble: str | None
    """Why it would fail now; None where it would not, or nothing is known of this host."""
    followed_by: tuple[str, ...]
    """The names of virtual routers."""

    def document(self) -> dict[str, Any]:
        """The object of `check --json` for this tracker."""
        return {
            "name": self.tracker.name,
            "type": "interface",
            "interface_name": self.tracker.interface_name,
            "trouble": self.trouble,
            "followed_by": list(self.followed_by),
        }


def preview_trackers(configuration: Configuration, here: Mapping[str, Interface] | None) -> list[TrackerPreview]:
    """A preview of every tracker, in the order of the configuration; `here` has the host's interfaces by name."""
    return [
        TrackerPreview(tracker, _trouble(tracker, here), tuple(_followers(configuration, tracker)))
        for tracker in configuration.trackers
    ]


def _trouble(tracker: Tracker, here: Mapping[str, Interface] | None) -> str | None:
    found = None if here is None else carrier_fault(tracker.interface_name, here.get(tracker.interface_name))
    return found.detail if found else None


def _followers(configuration: Configuration, tracker: Tracker) -> Iterator[str]:
    for router in configuration.virtual_routers:
        if any(one.tracker == tracker.name for one in router.track):
            yield router.name


def weight_warnings(router: VirtualRouter, track: tuple[Track, ...]) -> Iterator[str]:
    """Warnings about weights that have no effect, or not all of it."""
    weights = [one.weight for one in track if one.weight is not None]
    if weights and router.is_address_owner:
        yield "the weights in track have no effect: the owner of the addresses always advertises priority 255"
        return
    for what, some in (
        ("fail", [one for one in weights if one < 0]),
        ("are well", [one for one in weights if one > 0]),
    ):
        total = router.priority + sum(some)
        limited = Standing(router.priority, tuple(Contribution("", one) for one in some)).priority
        if total != limited:
            yield f"if all trackers {what}, the priority would be {total}; {limited} is used"
