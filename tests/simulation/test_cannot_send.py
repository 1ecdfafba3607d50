"""A MASTER that cannot send: when it gives up its addresses, what it tries meanwhile, and how it comes back."""

import errno
import os

import pytest

from failover.vrrp import Family, Initialize
from failover.vrrp.packet.advertisement import TYPE_ADVERTISEMENT
from tests.simulation.lan import Nic
from tests.simulation.router import Router
from tests.simulation.test_takeover import FAMILIES, VRID, Pair, elected, only, virtual_router

INTERVALS = pytest.mark.parametrize("interval", [0.1, 1.0, 40.0])
REFUSED = OSError(errno.EPERM, os.strerror(errno.EPERM))
NO_ROUTE = OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))


def card(router: Router) -> Nic:
    """Its network card."""
    return router.host.nic(router.host.kernel.get("eth0").ifindex)


def nic(pair: Pair) -> Nic:
    """That of the host with the higher priority."""
    return card(pair.one)


def fault(pair: Pair) -> str | None:
    state = pair.one.instance(VRID).state
    return state.fault.detail if isinstance(state, Initialize) and state.fault else None


@INTERVALS
@FAMILIES
@pytest.mark.parametrize("error", [REFUSED, NO_ROUTE], ids=["firewall", "route"])
def test_a_master_that_cannot_send_has_given_up_when_the_other_takes_over(
    family: Family, interval: float, error: OSError
) -> None:
    pair = elected(family, interval)
    last = pair.last_advert_of_one()
    nic(pair).refusal = error
    pair.world.run_until(lambda: pair.two.is_master(VRID), 4 * interval)
    assert pair.masters() == ["two"]
    pair.world.run_for(interval / 10)
    assert only("two", pair)
    assert fault(pair) == f"advertisements cannot be sent on eth0: {error.strerror}"
    router = pair.one.instance(VRID).router
    assert pair.first_advert_of_two(last) - last > router.master_down_interval(router.advertisement_interval)


@INTERVALS
@FAMILIES
def test_it_comes_back_once_it_can_send_and_what_it_has_tried_changes_nothing(family: Family, interval: float) -> None:
    pair = elected(family, interval)
    nic(pair).refusal = REFUSED
    pair.world.run_for(10 * interval)
    advertised = len(list(pair.lan.adverts_of("two", pair.healed)))
    nic(pair).refusal = None
    opened = pair.world.now
    pair.world.run_until(lambda: not isinstance(pair.one.instance(VRID).state, Initialize), 2)
    (trial,) = pair.lan.adverts_of("one", opened)
    assert trial.type != TYPE_ADVERTISEMENT
    pair.world.run_for(2 * interval)
    assert only("two", pair), "one listens first, as ever"
    assert len(list(pair.lan.adverts_of("two", pair.healed))) - advertised <= 3 + 2 / interval, "no answer to the trial"
    assert pair.two.instance(VRID).counters.oddities == {}
    pair.world.run_for(3 * interval)
    assert only("one", pair), "it has the higher priority"
    told = [event.fields for event in pair.one.events if event.kind == "state_changed"][-2:]
    assert [(one["previous"], one["current"], one["cause"]) for one in told] == [
        ("INITIALIZE", "BACKUP", "fault_over"),
        ("BACKUP", "MASTER", "preempted"),
    ]


def test_a_short_failure_costs_no_mastership_and_the_addresses_are_announced_again() -> None:
    pair = elected(Family.IPV4)
    nic(pair).refusal = REFUSED
    pair.world.run_for(2.1)
    error = pair.one.instance(VRID).status().send_error
    assert error is not None
    assert (error.what, error.error, error.count) == ("advertisement", "Operation not permitted", 2)
    nic(pair).refusal = None
    announced = len(pair.lan.announced)
    pair.world.run_for(1.5)
    assert only("one", pair)
    fields = {"what": "advertisement", "error": "Operation not permitted"}
    assert [(event.kind, event.fields) for event in pair.one.events[-2:]] == [
        ("send_failed", fields),
        ("send_recovered", {**fields, "failed": 2}),
    ]
    assert {one.host for one in pair.lan.announced[announced:]} == {"one"}
    assert pair.one.instance(VRID).status().send_error is None


def test_announcements_that_could_not_be_sent_are_sent_once_they_can() -> None:
    pair = elected(Family.IPV4)
    card(pair.two).refusal_of_announcements = REFUSED
    pair.one.kill()
    pair.world.run_for(60)
    assert pair.two.is_master(VRID)
    assert pair.two.instance(VRID).status().send_error
    card(pair.two).refusal_of_announcements = None
    pair.world.run_for(2)
    assert pair.two.instance(VRID).status().send_error is None
    assert pair.lan.announced[-1].host == "two"


@pytest.mark.parametrize("other", ["stop", "carrier", "reload"])
def test_what_happens_meanwhile_counts_as_ever(other: str) -> None:
    pair = elected(Family.IPV4)
    one = pair.one.instance(VRID)
    nic(pair).refusal = REFUSED
    pair.world.run_for(5)
    assert fault(pair)
    if other == "stop":
        pair.one.stop()
        pair.world.run_for(5)
        assert isinstance(one.state, Initialize)
        assert one.state.fault is None
        return
    if other == "reload":
        pair.one.reconfigure([virtual_router(Family.IPV4, 210)])
        pair.world.run_for(5)
        assert fault(pair) == "advertisements cannot be sent on eth0: Operation not permitted"
        nic(pair).refusal = None
        pair.world.run_for(5)
        assert only("one", pair)
        return
    pair.one.host.kernel.set_carrier("eth0", there=False)
    pair.world.run_for(1)
    assert fault(pair) == "eth0 has no carrier"
    pair.one.host.kernel.set_carrier("eth0", there=True)
    pair.world.run_for(4)
    assert pair.one.is_master(VRID), "whether it can send is found out by sending"
    pair.world.run_for(4)
    assert only("two", pair)
