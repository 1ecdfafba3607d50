"""Outages and takeovers as pure functions of what was measured."""

from ipaddress import ip_address

from failover.lab.measure import takeovers
from failover.lab.network.client import Outage, Probe, outages
from failover.lab.network.decode import Advert

PATIENCE = 50


def test_no_probe_and_answered_probes_make_no_outage() -> None:
    assert outages([], PATIENCE, 1000) == []
    assert outages([Probe(0, 1), Probe(10, 11)], PATIENCE, 1000) == []


def test_an_outage_runs_from_the_last_answer_before_to_the_first_after() -> None:
    probes = [Probe(0, 1), Probe(10, None), Probe(20, None), Probe(30, 33), Probe(40, 41)]
    assert outages(probes, PATIENCE, 1000) == [Outage(1, 33, 2)]
    assert outages(probes, PATIENCE, 1000)[0].duration == 32


def test_an_answer_that_comes_too_late_is_none() -> None:
    assert outages([Probe(0, 1), Probe(10, 61), Probe(20, 62)], PATIENCE, 1000) == [Outage(1, 62, 1)]


def test_an_outage_from_the_first_probe_on_starts_with_that_probe() -> None:
    assert outages([Probe(5, None), Probe(15, 16)], PATIENCE, 1000) == [Outage(5, 16, 1)]


def test_an_outage_that_lasts_has_no_end() -> None:
    assert outages([Probe(0, 1), Probe(10, None)], PATIENCE, 1000) == [Outage(1, None, 1)]


def test_a_probe_whose_time_is_not_up_counts_neither_way() -> None:
    assert outages([Probe(0, 1), Probe(960, None)], PATIENCE, 1000) == []
    assert outages([Probe(0, None), Probe(960, None)], PATIENCE, 1000) == [Outage(0, None, 1)]


def test_two_outages_are_two() -> None:
    probes = [Probe(0, 1), Probe(10, None), Probe(20, 21), Probe(30, None), Probe(40, 41)]
    assert outages(probes, PATIENCE, 1000) == [Outage(1, 21, 1), Outage(21, 41, 1)]


def said(at: int, host: str, priority: int = 100) -> Advert:
    return Advert(at, host, "", ip_address("192.0.2.1"), 3, 51, priority, 1, 10, ())


def test_a_takeover_is_a_change_of_the_advertiser() -> None:
    heard = [said(0, "one"), said(10, "one", 0), said(14, "two"), said(24, "two"), said(30, "one")]
    first, second = takeovers(heard)
    assert (first.last, first.first, first.gap) == (heard[1], heard[2], 4)
    assert second.gap == 6


def test_one_advertiser_alone_takes_nothing_over() -> None:
    assert takeovers([said(0, "one"), said(10, "one")]) == []
    assert takeovers([]) == []
