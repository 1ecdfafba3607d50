"""Trackers on two hosts that come and go: whoever has the higher standing is MASTER, and nobody with a fault is."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from failover.config import InterfaceTracker, Track, VirtualRouter
from tests.simulation.host import SimulatedHost
from tests.simulation.lan import Lan
from tests.simulation.router import Router
from tests.simulation.test_takeover import kinds
from tests.simulation.world import World

VRID = 51
INTERVAL = 1.0
SETTLED = 10 * INTERVAL
TRACKERS = [InterfaceTracker(name="uplink", interface_name="eth1"), InterfaceTracker(name="db", interface_name="eth2")]
PRIORITIES = {"one": 150, "two": 100}


class Hosts:
    """Two of them, each with a LAN for all and two interfaces that are tracked."""

    def __init__(self, *track: Any) -> None:
        self.track = [one if isinstance(one, Track) else Track(one) for one in track]
        self.world = World()
        self.lan = Lan(self.world)
        others = [Lan(self.world), Lan(self.world)]
        self.routers: dict[str, Router] = {}
        self.well = {(name, interface): True for name in PRIORITIES for interface in ("eth1", "eth2")}
        for number, (name, priority) in enumerate(PRIORITIES.items(), 1):
            host = SimulatedHost(self.world, name)
            host.connect(self.lan, "eth0", f"192.0.2.{number}/24")
            for interface, lan in zip(("eth1", "eth2"), others, strict=True):
                host.connect(lan, interface)
            router = VirtualRouter(
                vrid=VRID, interface_name="eth0", ip_addresses=["192.0.2.100/24"], priority=priority, track=track
            )
            self.routers[name] = Router(host, [router], TRACKERS)

    def set(self, name: str, interface: str, *, well: bool) -> None:
        self.well[name, interface] = well
        self.routers[name].host.kernel.set_carrier(interface, there=well)

    def expected(self, name: str) -> int | None:
        """The priority that a host should have; None where it has a fault."""
        priority = PRIORITIES[name]
        interfaces = {tracker.name: tracker.interface_name for tracker in TRACKERS}
        for one in self.track:
            weight, well = one.weight, self.well[name, interfaces[one.tracker]]
            if weight is None:
                if not well:
                    return None
            elif well is (weight > 0):
                priority += weight
        return min(max(priority, 1), 254)

    def masters(self) -> list[str]:
        return [name for name, router in self.routers.items() if router.is_master(VRID)]


changes = st.tuples(
    st.sampled_from(("one", "two")),
    st.sampled_from(("eth1", "eth2")),
    st.booleans(),
    st.sampled_from((0.0, 0.001, 0.3, 1.0, 5.0)),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(changes, max_size=12),
    st.sampled_from(
        (
            ("uplink",),
            ("uplink", "db"),
            (Track("uplink", -60),),
            (Track("uplink", 60), Track("db", -60)),
            (Track("uplink", -60), "db"),
            (Track("uplink", -253), Track("db", 253)),
        )
    ),
)
def test_after_any_schedule_the_host_with_the_highest_standing_is_the_only_master(
    schedule: list[tuple[str, str, bool, float]], track: tuple[Any, ...]
) -> None:
    hosts = Hosts(*track)
    for name, interface, well, pause in schedule:
        hosts.set(name, interface, well=well)
        hosts.world.run_for(pause)
        for one, router in hosts.routers.items():
            assert hosts.expected(one) is not None or not router.is_master(VRID)
    hosts.world.run_for(SETTLED)
    standing = {name: priority for name in PRIORITIES if (priority := hosts.expected(name)) is not None}
    best = max(standing.values(), default=0)
    # With the same priority whoever is MASTER stays it.
    assert hosts.masters() in [[name] for name, priority in standing.items() if priority == best] or not standing
    for name, router in hosts.routers.items():
        instance = router.instance(VRID)
        assert instance.router.priority == (hosts.expected(name) or instance.router.priority)
        assert (instance.fault is None) is (name in standing)
    changes_of_state = sum(kinds(router.events).count("state_changed") for router in hosts.routers.values())
    hosts.world.run_for(10 * SETTLED)
    assert sum(kinds(router.events).count("state_changed") for router in hosts.routers.values()) == changes_of_state


@pytest.mark.parametrize("gone", [("one",), ("one", "two")])
def test_with_a_fault_nobody_is_master_and_with_a_weight_somebody_is(gone: tuple[str, ...]) -> None:
    for track, masters in ((("uplink",), ["two"] if gone == ("one",) else []), ((Track("uplink", -60),), None)):
        hosts = Hosts(*track)
        hosts.world.run_for(SETTLED)
        for name in gone:
            hosts.set(name, "eth1", well=False)
        hosts.world.run_for(SETTLED)
        assert hosts.masters() == (masters if masters is not None else ["two" if gone == ("one",) else "one"])


def test_what_a_tracker_says_is_told_once_and_whoever_does_not_follow_it_hears_nothing() -> None:
    hosts = Hosts(Track("uplink", -60))
    hosts.world.run_for(SETTLED)
    hosts.set("one", "eth2", well=False)
    hosts.set("two", "eth1", well=False)
    hosts.world.run_for(SETTLED)
    told = [(event.kind, event.fields) for event in hosts.routers["two"].events if "tracker" in event.kind]
    assert told == [("tracker_failed", {"tracker": "uplink", "detail": "eth1 has no carrier"})]
    changed = [event.fields for event in hosts.routers["two"].events if event.kind == "priority_changed"]
    assert changed == [{"previous": 100, "current": 40, "because": "uplink (-60): eth1 has no carrier"}]
    assert "tracker_failed" not in kinds(hosts.routers["one"].events)
