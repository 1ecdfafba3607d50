"""The client and the judge on a real LAN."""

import time

import pytest

from failover.lab.judge import who_has
from failover.lab.network.client import Client
from failover.lab.network.lan import Lan
from failover.lab.network.waiting import wait_until

pytestmark = pytest.mark.root

SLACK = 250_000_000
"""Nanoseconds that a busy machine may cost."""


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "fe80::ff:fe00:1"])
def test_a_client_measures_an_outage_as_long_as_it_was(lan: Lan, address: str) -> None:
    server = lan.host("server", "192.0.2.1/24", "2001:db8::1/64")
    host = lan.host("client", "192.0.2.2/24", "2001:db8::2/64")
    with Client(host, address, interval=0.005, patience=0.1) as client:
        client.wait_for_answer()
        since = time.time_ns()
        lan.block(server)
        blocked = time.time_ns()
        time.sleep(0.3)
        unblocking = time.time_ns()
        lan.unblock(server)
        client.wait_for_answer()
        unblocked = time.time_ns()
        outage = client.longest_outage(since - SLACK)
    assert outage is not None
    assert outage.end is not None
    assert unblocking - blocked <= outage.duration <= unblocked - since + SLACK
    assert outage.start <= blocked
    assert unblocking <= outage.end <= unblocked


def test_a_client_of_nobody_sees_one_outage_without_end(lan: Lan) -> None:
    host = lan.host("client", "192.0.2.2/24")
    with Client(host, "192.0.2.1", interval=0.005) as client:
        wait_until(client.outages, "an outage")
        [outage] = client.outages()
    assert outage.end is None
    assert outage.start == client.probes()[0].sent


def test_a_client_whose_cable_is_cut_goes_on_when_it_is_restored(lan: Lan) -> None:
    lan.host("server", "192.0.2.1/24")
    host = lan.host("client", "192.0.2.2/24")
    with Client(host, "192.0.2.1", interval=0.005) as client:
        client.wait_for_answer()
        lan.cut(host)
        time.sleep(0.1)
        lan.restore(host)
        client.wait_for_answer()
        assert client.longest_outage() is not None


def test_two_clients_do_not_take_each_others_answers(lan: Lan) -> None:
    lan.host("server", "192.0.2.1/24", "2001:db8::1/64")
    host = lan.host("client", "192.0.2.2/24", "2001:db8::2/64")
    with Client(host, "2001:db8::1", interval=0.005) as one, Client(host, "2001:db8::99", interval=0.005) as two:
        one.wait_for_answer()
        wait_until(lambda: len(two.probes()) > 10, "probes")
        assert not [probe for probe in two.probes() if probe.answered]


def test_an_answer_is_never_before_its_question(lan: Lan) -> None:
    lan.host("server", "192.0.2.1/24")
    host = lan.host("client", "192.0.2.2/24")
    with Client(host, "192.0.2.1", interval=0.002) as client:
        wait_until(lambda: len(client.probes()) > 50, "probes")
    assert [p for p in client.probes() if p.answered]
    assert all(probe.answered > probe.sent for probe in client.probes() if probe.answered)


@pytest.mark.parametrize("address", ["192.0.2.100", "2001:db8::100"])
def test_the_judge_hears_every_one_who_answers(lan: Lan, address: str) -> None:
    judge = lan.host("judge", "192.0.2.3/24", "2001:db8::3/64")
    one, two = lan.host("one"), lan.host("two")
    assert who_has(judge, address) == frozenset()
    line = f"addr add {address}/24 dev eth0" if "." in address else f"addr add {address}/64 dev eth0 nodad"
    one.ip(line)
    wait_until(lambda: who_has(judge, address) == {one.mac}, "one answers")
    two.ip(line)
    wait_until(lambda: who_has(judge, address) == {one.mac, two.mac}, "both answer")


def test_the_judge_needs_an_address_of_its_own_to_ask_by_arp(lan: Lan) -> None:
    judge = lan.host("judge")
    with pytest.raises(LookupError, match="no IPv4 address"):
        who_has(judge, "192.0.2.1")
