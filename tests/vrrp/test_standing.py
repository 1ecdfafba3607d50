"""The standing: the priority as a sum, and the fault of whatever has one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.vrrp import (
    Contribution,
    Fault,
    Faulted,
    Initialize,
    LinkChanged,
    Master,
    SendAdvertisement,
    Standing,
    StateChanged,
    WithdrawAddresses,
    standing,
    step,
)
from tests.rfc.marks import negative, positive
from tests.vrrp.making import NO_CARRIER, NOW, a_master, a_router, after, hears

SCRIPT = Fault("tracker_failed", "tracker db has failed", can_advertise=True)
WEIGHTS = st.integers(-253, 253)


@positive("M-015")
@pytest.mark.parametrize(
    ("configured", "weights", "priority"),
    [
        (150, (), 150),
        (150, (-20,), 130),
        (150, (-20, 30), 160),
        (20, (-253,), 1),
        (200, (30, 30), 254),
        (20, (-253, 250), 17),
        (255, (-253,), 255),
        (255, (), 255),
    ],
)
def test_the_priority_is_the_sum_within_its_limits_and_an_owner_keeps_255(
    configured: int, weights: tuple[int, ...], priority: int
) -> None:
    contributions = tuple(Contribution(str(place), weight) for place, weight in enumerate(weights))
    assert standing(configured, contributions).priority == priority


@negative("M-015")
@given(st.integers(1, 255), st.lists(WEIGHTS))
def test_no_sum_is_a_priority_that_means_something_else(configured: int, weights: list[int]) -> None:
    found = standing(configured, tuple(Contribution("x", weight) for weight in weights))
    assert found.priority in range(1, 255) or configured == found.priority == 255
    assert found.fault is None


@given(st.integers(1, 254), st.lists(WEIGHTS), st.randoms())
def test_the_order_of_contributions_does_not_change_the_priority(
    configured: int, weights: list[int], any_: object
) -> None:
    some = [Contribution("x", weight) for weight in weights]
    assert standing(configured, tuple(some)).priority == standing(configured, tuple(reversed(some))).priority


def test_the_first_fault_counts_and_what_changes_nothing_is_left_out() -> None:
    other = Fault("tracker_failed", "tracker api has failed")
    some = (
        Contribution("well"),
        Contribution("uplink", -20),
        Contribution("db", fault=SCRIPT),
        Contribution("api", fault=other),
    )
    found = standing(150, some)
    assert found == Standing(150, some[1:])
    assert found.fault is SCRIPT
    assert found.priority == 130


def test_a_master_with_a_fault_that_lets_it_advertise_resigns_before_it_withdraws() -> None:
    router, master = a_router(), a_master(a_router())
    assert isinstance(master, Master)
    found = step(router, master, LinkChanged(SCRIPT), after(NOW, 1))
    assert found.state == Initialize(master.checksum, SCRIPT)
    assert found.actions == (
        SendAdvertisement(0, master.checksum),
        WithdrawAddresses(router.held_addresses),
        StateChanged(master, found.state, Faulted(SCRIPT)),
    )


def test_a_master_whose_interface_failed_sends_nothing() -> None:
    found = step(a_router(), a_master(a_router()), LinkChanged(NO_CARRIER), after(NOW, 1))
    assert not any(isinstance(action, SendAdvertisement) for action in found.actions)


def test_a_router_with_such_a_fault_ignores_what_it_hears() -> None:
    router = a_router()
    state = Initialize(router.initial_checksum, SCRIPT)
    assert step(router, state, hears(router, priority=1), NOW).state is state
