"""What is to be done so that what runs becomes what is wanted."""

from collections.abc import Iterable
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from failover.engine.fleet.plan import Plan
from failover.engine.intended import Intended
from failover.engine.router.instance import Instance
from failover.linux.process.claims import VirtualRouterId
from failover.vrrp import Family
from tests.vrrp.making import a_router


def one(name: str, vrid: int, family: Family = Family.IPV4, interface: str = "eth0", priority: int = 100) -> Intended:
    return Intended(name, interface, a_router(family, vrid=vrid, priority=priority))


def running(intended: Iterable[Intended]) -> dict[VirtualRouterId, Instance]:
    return {each.id: cast(Instance, SimpleNamespace(name=each.name, intended=each)) for each in intended}


def planned(before: Iterable[Intended], after: Iterable[Intended]) -> Plan:
    plan = Plan()
    for _ in plan.compare(running(before), after):
        pass
    return plan


CONFIGURATIONS = st.lists(
    st.builds(
        one,
        st.sampled_from(["A", "B", "C"]),
        st.integers(1, 4),
        st.sampled_from(Family),
        st.sampled_from(["eth0", "eth1"]),
        st.sampled_from([1, 100]),
    ),
    max_size=8,
    unique_by=lambda each: each.id,
)


@given(CONFIGURATIONS, CONFIGURATIONS)
def test_carried_out_it_makes_what_is_wanted_in_its_order(before: list[Intended], after: list[Intended]) -> None:
    plan = planned(before, after)
    there = {each.id: each for each in before}
    for gone in plan.removed:
        del there[gone.intended.id]
    for instance, new in plan.changed:
        assert instance.intended != new
        there[instance.intended.id] = new
    for new in plan.added:
        assert new.id not in there
        there[new.id] = new
    assert [there[key] for key in plan.order] == after
    assert len(there) == len(after)


@given(CONFIGURATIONS)
def test_the_same_again_is_nothing_to_do(intended: list[Intended]) -> None:
    plan = planned(intended, list(intended))
    assert [*plan.added, *plan.changed, *plan.removed] == []
    assert plan.extent().unchanged == len({each.name for each in intended})


@given(CONFIGURATIONS, CONFIGURATIONS)
def test_each_name_of_the_file_is_counted_once(before: list[Intended], after: list[Intended]) -> None:
    extent = planned(before, after).extent()
    names = {each.name for each in after}
    assert sorted([*extent.added, *extent.changed]) == sorted({*extent.added, *extent.changed})
    assert len(extent.added) + len(extent.changed) + extent.unchanged == len(names)
    assert set(extent.removed) <= {each.name for each in before} - names


def test_a_virtual_router_has_changed_when_one_of_its_families_has() -> None:
    four, six = one("A", 1), one("A", 1, Family.IPV6)
    assert planned([four, six], [four, replace_priority(six)]).extent().changed == ["A"]
    assert planned([four], [four, six]).extent().changed == ["A"]
    assert planned([four, six], [six]).extent().changed == ["A"]
    assert planned([four], [six]).extent().changed == ["A"]


def test_another_name_is_a_change_and_another_number_another_router() -> None:
    extent = planned([one("A", 1), one("B", 2)], [one("C", 1), one("B", 3)]).extent()
    assert (extent.added, extent.removed, extent.changed, extent.unchanged) == ([], [], ["C", "B"], 0)
    extent = planned([one("A", 1)], [one("B", 2)]).extent()
    assert (extent.added, extent.removed, extent.changed, extent.unchanged) == (["B"], ["A"], [], 0)


def replace_priority(intended: Intended) -> Intended:
    return intended._replace(router=replace(intended.router, priority=7))
