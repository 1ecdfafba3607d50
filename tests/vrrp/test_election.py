"""Two or three routers on one LAN: whatever starts, stops and crashes, soon there is one MASTER, and the right one."""

from dataclasses import replace
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from failover.vrrp import Backup, Family, Interval, Master, VirtualRouter, centiseconds, seconds
from tests.rfc.marks import negative, positive
from tests.vrrp.lan import Lan
from tests.vrrp.making import NOW, V2, V3, a_router, after, virtual_addresses

PREFIX = {Family.IPV4: "192.0.2.1", Family.IPV6: "fe80::1"}


def members(family: Family, priorities: list[int], **common: Any) -> list[VirtualRouter]:
    """Routers with one configuration but for priority and address."""
    return [
        a_router(
            family,
            priority=priority,
            primary_address=virtual_addresses(f"{PREFIX[family]}{number}")[0].ip,
            **common,
        )
        for number, priority in enumerate(priorities)
    ]


def settled_after(routers: list[VirtualRouter]) -> Interval:
    """Twice the slowest Master_Down_Interval: one for an election, one for whoever was just born into it."""
    return Interval(2 * max(router.master_down_interval(router.advertisement_interval) for router in routers))


class Neighbourhood(RuleBasedStateMachine):
    """Any start order and crash pattern, then time to settle."""

    lan: Lan

    @initialize(data=st.data())
    def build(self, data: st.DataObject) -> None:
        family = data.draw(st.sampled_from(Family))
        version = data.draw(st.sampled_from([V2, V3])) if family is Family.IPV4 else V3
        owner = [255] if data.draw(st.booleans()) else []
        priorities = data.draw(st.lists(st.sampled_from([1, 100, 100, 101, 254]), min_size=2, max_size=3))
        interval = (
            seconds(1) if version is V2 else data.draw(st.sampled_from([centiseconds(1), seconds(1), seconds(40)]))
        )
        common = {"version": version, "advertisement_interval": interval}
        routers = members(family, (owner + priorities)[:3], **common)
        self.lan = Lan.of(*data.draw(st.permutations(routers)))
        self.settling = settled_after(routers)

    @rule(data=st.data())
    def start(self, data: st.DataObject) -> None:
        self._pick(data, alive=False, do=self.lan.start)

    @rule(data=st.data())
    def crash(self, data: st.DataObject) -> None:
        self._pick(data, alive=True, do=self.lan.crash)

    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        self._pick(data, alive=True, do=self.lan.stop)

    @rule(part=st.floats(0, 1.5))
    def a_while_passes(self, part: float) -> None:
        self.lan.run_until(after(self.lan.now, round(self.settling * part)))

    @precondition(lambda self: hasattr(self, "lan") and any(host.alive for host in self.lan.hosts))
    @rule()
    def it_settles(self) -> None:
        self.lan.run_until(after(self.lan.now, self.settling))
        (master,) = self.lan.masters
        alive = [host.router.priority for host in self.lan.hosts if host.alive]
        assert self.lan.hosts[master].router.priority == max(alive)
        backups = [host.state for host in self.lan.hosts if host.alive and not host.is_master]
        for state in backups:
            assert isinstance(state, Backup)
            assert state.master is not None
            assert state.master.source == self.lan.hosts[master].router.primary_address

    def _pick(self, data: st.DataObject, *, alive: bool, do: Any) -> None:
        chosen = [number for number, host in enumerate(self.lan.hosts) if host.alive is alive]
        if chosen:
            do(data.draw(st.sampled_from(chosen)))

    @invariant()
    def masters_of_one_priority_know_who_yields(self) -> None:
        """With perfect delivery no two routers ever stay MASTER: the second one's first advertisement settles it."""
        if hasattr(self, "lan"):
            assert len(self.lan.masters) <= 1


TestNeighbourhood = Neighbourhood.TestCase
TestNeighbourhood.settings = settings(settings.default, stateful_step_count=30)


@positive("R-065", "R-069")
@given(st.lists(st.integers(1, 255), min_size=2, max_size=3, unique=True), st.booleans())
def test_the_highest_priority_becomes_master_within_its_own_interval(
    priorities: list[int],
    preempt_mode: bool,  # noqa: FBT001 - drawn
) -> None:
    routers = members(Family.IPV4, priorities, preempt_mode=preempt_mode)
    lan = Lan.of(*routers)
    for number in range(len(routers)):
        lan.start(number)
    best = max(routers, key=lambda router: router.priority)
    lan.run_until(after(NOW, best.master_down_interval(seconds(1))))
    assert [lan.hosts[number].router for number in lan.masters] == [best]


@positive("R-070", "R-071")
def test_of_two_masters_of_one_priority_the_greater_address_stays() -> None:
    """They meet when a partition heals: each advertised alone before."""
    routers = members(Family.IPV4, [100, 100])
    lan = Lan.of(*routers)
    lan.start(0)
    lan.run_until(after(NOW, seconds(10)))
    alone = lan.hosts[0].state
    assert isinstance(alone, Master)
    lan.hosts[0].alive = False  # the partition
    lan.start(1)
    lan.run_until(after(lan.now, seconds(4)))
    assert lan.masters == [1]
    lan.hosts[0].alive = True
    lan.hosts[0].state = replace(alone, advertised_at=lan.now, advertise_at=after(lan.now, 1))
    assert lan.masters == [0, 1]
    lan.run_until(after(lan.now, seconds(1)))
    assert lan.masters == [1]


@positive("R-056")
@negative("R-057")
def test_without_preempt_mode_who_is_master_stays_so() -> None:
    lan = Lan.of(*members(Family.IPV4, [100, 200], preempt_mode=False))
    lan.start(0)
    lan.run_until(after(NOW, seconds(10)))
    lan.start(1)
    lan.run_until(after(lan.now, seconds(60)))
    assert lan.masters == [0]


@given(st.integers(1, 254), st.integers(1, 254), st.integers(1, 4095))
def test_a_dead_master_is_replaced_after_the_master_down_interval_exactly(ours: int, theirs: int, count: int) -> None:
    assume(ours < theirs)
    routers = members(Family.IPV4, [ours, theirs], advertisement_interval=centiseconds(count))
    lan = Lan.of(*routers)
    lan.start(0)
    lan.start(1)
    lan.run_until(after(NOW, settled_after(routers)))
    assert lan.masters == [1]
    survivor = lan.hosts[0]
    assert isinstance(survivor.state, Backup)
    assert survivor.state.master is not None
    last_heard = survivor.state.master.at
    lan.crash(1)
    down = routers[0].master_down_interval(centiseconds(count))
    lan.run_until(after(last_heard, down - 1))
    assert lan.masters == []
    lan.run_until(after(last_heard, down))
    assert lan.masters == [0]


@given(st.integers(1, 253))
def test_a_master_that_stops_is_replaced_after_the_skew_time_exactly(priority: int) -> None:
    routers = members(Family.IPV6, [priority, 254])
    lan = Lan.of(*routers)
    lan.start(0)
    lan.start(1)
    lan.run_until(after(NOW, seconds(10)))
    assert lan.masters == [1]
    lan.stop(1)
    stopped = lan.now
    lan.run_until(after(stopped, routers[0].skew_time(seconds(1)) - 1))
    assert lan.masters == []
    lan.run_until(after(lan.now, 1))
    assert lan.masters == [0]


@positive("R-114", "R-115")
def test_three_generations_of_a_migration_elect_one_master() -> None:
    old = a_router(version=V2, priority=100)
    both = a_router(with_version_2=True, priority=150, primary_address=virtual_addresses("192.0.2.4")[0].ip)
    new = a_router(version=V3, priority=120, primary_address=virtual_addresses("192.0.2.5")[0].ip)
    lan = Lan.of(old, both, new)
    for number in range(3):
        lan.start(number)
    lan.run_until(after(NOW, seconds(20)))
    assert lan.masters == [1]
    lan.crash(1)
    lan.run_until(after(lan.now, seconds(20)))
    assert lan.masters == [0, 2]  # they do not hear each other: why a migration needs routers that speak both
    lan.start(1)
    lan.run_until(after(lan.now, seconds(20)))
    assert lan.masters == [1]
